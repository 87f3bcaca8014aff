/** Taking a snapshot from a member into a file. */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { LabPaths } from "../../lab/shared/context.ts";
import { size as sizeInWords } from "../hosts/words.ts";
import { UserError } from "../ui/errors.ts";
import { wasInterrupted } from "../ui/interrupt.ts";
import { readSnapshot, type SnapshotFile } from "./file.ts";
import type { MemberState } from "./members.ts";
import { beginPart, type Part } from "./part.ts";
import { type Cluster, memberStates, type Said, taking } from "./reached.ts";

export interface Saved extends SnapshotFile {
  readonly endpoint: string;
  /** Whether members have keys of the v2 API: they are in no snapshot. */
  readonly v2Keys: boolean;
}

interface Answering extends MemberState {
  readonly endpoint: string;
}

/**
 * The members that answer a linearizable read, which takes a quorum; the newest first.
 * @throws UserError with what each says where none does
 */
export function answering(states: readonly Said<MemberState>[]): Answering[] {
  const good = states.flatMap((state) => (state.problem === undefined ? [state] : []));
  if (good.length > 0) return good.toSorted((one, other) => other.revision - one.revision);
  const reasons = states.map(({ endpoint, problem }) => `${endpoint}: ${problem ?? ""}`).join("; ");
  throw new UserError(
    states.length === 0
      ? "the stack has no etcd members; bring its cluster up first"
      : `no member of the cluster answers: ${reasons}`,
  );
}

/** Writes what one member sends. @returns its complaint, if any */
async function receive(
  paths: LabPaths,
  state: Cluster,
  endpoint: string,
  part: Part,
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  const child = await taking(paths, state, endpoint);
  const ended = once(child, "close") as Promise<[number | null, string | null]>;
  ended.catch(() => undefined); // told below
  const words = text(child.stderr);
  let count = 0;
  try {
    for await (const chunk of child.stdout) {
      await part.write(chunk as Buffer);
      count += (chunk as Buffer).length;
      onBytes(count);
    }
  } catch (error) {
    child.kill();
    throw error;
  }
  const [code, signal] = await ended;
  if (code === 0) return undefined;
  return (await words).trim() || `ended by ${signal ?? `exit code ${code ?? "?"}`}`;
}

/**
 * Takes a snapshot into `file`, from the first member that brings one to its end, and looks whether it is whole and at least as new as what
 * was acknowledged before.
 * @param report told how far it is, in words
 * @throws UserError; then there is no new file
 */
export async function saveSnapshot(
  paths: LabPaths,
  state: Cluster,
  file: string,
  overwrite: boolean,
  report: (progress: string) => void,
): Promise<Saved> {
  const members = answering(await memberStates(paths, state));
  const complaints: string[] = [];
  for (const { endpoint, revision } of members) {
    const part = await beginPart(file, overwrite);
    try {
      const complaint = await receive(paths, state, endpoint, part, (count) => {
        report(`${sizeInWords(count)} from ${endpoint}`);
      });
      if (wasInterrupted()) throw new UserError("interrupted");
      await part.close();
      const problem = complaint ?? checked(part.path, revision);
      if (typeof problem !== "string") {
        await part.keep();
        return { ...problem, endpoint, v2Keys: members.some(({ v2Keys }) => v2Keys) };
      }
      complaints.push(`${endpoint}: ${problem}`);
    } finally {
      await part.drop();
    }
  }
  throw new UserError(`no snapshot could be taken: ${complaints.join("; ")}`);
}

/** What is in the file, or why it is not what it should be. */
function checked(path: string, revision: number): SnapshotFile | string {
  try {
    const found = readSnapshot(path);
    return found.revision >= revision
      ? found
      : `it goes up to revision ${found.revision}, and ${revision} was there before`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
