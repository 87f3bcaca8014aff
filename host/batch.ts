/** Many questions to libvirt in one run of virsh: through ssh, each run costs a login. */
import { randomBytes } from "node:crypto";
import type { Virsh } from "./virsh.ts";

/** `text` as one word of virsh's own command lines, which know quotes and backslashes as a shell does, and nothing else. */
export const virshWord = (text: string): string =>
  /^[A-Za-z0-9_/.:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Questions in one run: well below what a command line may hold. */
const AT_ONCE = 100;

/**
 * Asks one question after another, each a command of virsh with its arguments.
 * @returns the answers in the questions' order; undefined for one that libvirt refused, such as about a thing that vanished.
 * @throws VirshError when the host doesn't answer at all.
 */
export async function batch(
  virsh: Virsh,
  questions: readonly (readonly string[])[],
): Promise<(string | undefined)[]> {
  const answers: (string | undefined)[] = [];
  for (let from = 0; from < questions.length; from += AT_ONCE) {
    const some = questions.slice(from, from + AT_ONCE);
    // Nobody who can write into a description can know it.
    const mark = `end-${randomBytes(16).toString("hex")}`;
    const script = some.map((words) => `${words.map(virshWord).join(" ")}; echo ${mark}`).join("; ");
    // Whether a line ends behind what `echo` prints hangs on its version.
    const parts = (await virsh(script)).split(mark);
    answers.push(...some.map((_, index) => parts[index]?.trim() || undefined));
  }
  return answers;
}
