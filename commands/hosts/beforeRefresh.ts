/** A `pulumi` command that a user types: what its refresh would stop at is put back before. */
import { basename } from "node:path";
import { execa } from "execa";
import { virshOn } from "../../host/virsh.ts";
import { messageOf } from "../ui/errors.ts";
import { knownThings, putBack } from "./putBack.ts";

/** Verbs that refresh only when they are told to; `pulumi destroy` has two short names. */
const ON_DEMAND: readonly string[] = ["up", "update", "destroy", "down", "dn"];

/** Pulumi's flags that take the next word as their value and may stand before the verb. */
const WITH_VALUE: readonly string[] = [
  "--cwd",
  "-C",
  "--color",
  "--stack",
  "-s",
  "--config-file",
  "--verbose",
  "-v",
  "--tracing",
  "--profiling",
];

/** The first word that is neither a flag nor a flag's value. */
const verbIn = (words: readonly string[]): string | undefined =>
  words.find((word, at) => !word.startsWith("-") && !WITH_VALUE.includes(words[at - 1] ?? ""));

/** Whether a flag is set, by any of its names. */
const isSet = (words: readonly string[], ...names: readonly string[]): boolean =>
  words.some((word) => names.some((name) => word === name || word === `${name}=true`));

/** Whether a command is Pulumi's and compares its state with the host and writes down what it found. Previews change nothing. Pure. */
export function refreshes([file = "", ...words]: readonly string[]): boolean {
  if (basename(file) !== "pulumi" || isSet(words, "--help", "-h", "--preview-only")) return false;
  const verb = verbIn(words) ?? "";
  return verb === "refresh" || (ON_DEMAND.includes(verb) && isSet(words, "--refresh", "-r"));
}

/** The words that choose a stack, as they stand in a command. Pure. */
export function stackWords(words: readonly string[]): string[] {
  const at = words.findIndex((word) => /^(--stack|-s)(=|$)/.test(word));
  if (at < 0) return [];
  return words.slice(at, words[at]?.includes("=") === true ? at + 1 : at + 2);
}

/** The stack that a command names; undefined where it names none. Pure. */
export const stackNamed = (words: readonly string[]): string | undefined =>
  stackWords(words)
    .at(-1)
    ?.replace(/^(--stack|-s)=/, "");

/**
 * Tells what was put back. What could not be is no reason to stop: the command itself comes upon it.
 * @param work returns what people call the things.
 */
export async function tellPutBack(work: () => Promise<readonly string[]>): Promise<void> {
  try {
    const done = await work();
    if (done.length > 0)
      process.stderr.write(`Put back, since a refresh stops where it is missing: ${done.join(", ")}\n`);
  } catch (error) {
    process.stderr.write(`What is missing on the host could not be put back: ${messageOf(error)}\n`);
  }
}

/** The same for a stack in the backend that the user's own Pulumi is logged in to. */
export async function putBackOwn(
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<readonly string[]> {
  const [file = "", ...words] = command;
  const exported = async (...more: string[]): Promise<string> => {
    const args = ["stack", "export", "--non-interactive", ...stackWords(words), ...more];
    const { stdout, failed } = await execa(file, args, { ...options, reject: false, stdin: "ignore" });
    return failed ? "" : stdout; // no stack, no login, no passphrase: the command says so itself
  };
  const usual = process.env["LIBVIRT_DEFAULT_URI"] || "qemu:///system";
  return await putBack(
    knownThings(await exported()),
    (uri = usual) => ({ uri, virsh: virshOn(uri) }),
    async () => knownThings(await exported("--show-secrets")),
  );
}
