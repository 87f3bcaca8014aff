/** `logs [NODE]`: what nodes have shown on their serial consoles, or their journals. */
import { styleText } from "node:util";
import { execa } from "execa";
import type { HostAccess } from "../../host/access.ts";
import { readNodes } from "../../host/clusters.ts";
import { quote } from "../../plan/remedies.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { type ConsoleLog, defaultLog, followLog, hasLog, readLog, streamed } from "../hosts/consoleLogs.ts";
import { askable, nodeCommand, journalctl } from "../hosts/journal.ts";
import { type Choice, chooseCluster, isNodeName, type MarkedNode, unknownNode } from "../hosts/nodes.ts";
import { forUser, reach, type Reached } from "../hosts/reach.ts";
import { remarkOn, sameStack } from "../hosts/spread.ts";
import { readStack, type StackState } from "../hosts/stackState.ts";
import { lastLines, Lines, linesIn, plainLine } from "../hosts/terminal.ts";
import { UserError } from "../ui/errors.ts";

export interface LogsOptions extends Choice {
  readonly connect?: string;
  readonly follow?: boolean;
  readonly lines?: number;
  readonly raw?: boolean;
  readonly journal?: boolean;
}

const COLOURS = ["cyan", "yellow", "green", "magenta", "blue", "red"] as const;

/** Writes lines of one node; its name before them where there are several nodes. */
type Writer = (lines: readonly string[]) => void;

function writerOf(name: string, names: readonly string[], raw: boolean): Writer {
  const width = Math.max(...names.map((one) => one.length));
  const colour = COLOURS[names.indexOf(name) % COLOURS.length] ?? "cyan";
  const prefix =
    names.length > 1 ? `${styleText(colour, name.padEnd(width), { stream: process.stdout })} | ` : "";
  return (lines) => {
    process.stdout.write(lines.map((line) => `${prefix}${raw ? line : plainLine(line)}\n`).join(""));
  };
}

/**
 * Prints the logs of one node, or of all nodes of a cluster.
 * @throws UserError when there is no such node, or its log can't be read
 */
export async function logs(paths: LabPaths, name: string | undefined, options: LogsOptions): Promise<void> {
  const reached = await reach(paths, options.connect);
  await forUser(async () => {
    const marked = await readNodes(reached.access.virsh);
    // As with the other verbs, in the lab no stack means the dev stack.
    const stack =
      options.stack ?? (reached.lab !== undefined && options.owner === undefined ? "dev" : undefined);
    const wanted =
      name === undefined
        ? chooseCluster(
            marked,
            { ...options, ...(stack === undefined ? {} : { stack }) },
            reached.access.title,
          )
        : [
            await nodeNamed(name, marked, options, reached.access).catch(async (error: unknown) => {
              throw (await elsewhere(paths, reached, stack, name)) ?? error;
            }),
          ];
    if (name === undefined) await tellOfOtherHosts(paths, reached, stack);
    if (options.journal === true) await journals(paths, reached, wanted, options, stack);
    else await consoles(reached, wanted.map(logOf), options);
  });
}

/** The state of a stack of this checkout; undefined where it is somebody else's, or none: nothing is known of it. */
const stateOf = async (
  paths: LabPaths,
  reached: Reached,
  stack: string | undefined,
): Promise<StackState | undefined> =>
  await readStack(paths, reached, stack).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });

/** What is said of a node that another host of its stack has. */
async function elsewhere(
  paths: LabPaths,
  reached: Reached,
  stack: string | undefined,
  name: string,
): Promise<UserError | undefined> {
  const state = await stateOf(paths, reached, stack);
  const host = (state?.outputs.nodes ?? []).find((node) => node.name === name)?.host;
  if (host === undefined) return undefined;
  const uri = state?.hosts.find((one) => one.name === host)?.uri;
  return new UserError(
    `${name} is on the host ${host}, and only ${reached.access.title} was looked at: ` +
      `npm run cluster -- logs ${name} --connect ${uri === undefined ? "URI" : quote(uri)}`,
  );
}

/** Logs are read on one host: where a stack of this checkout is on several, that is said. */
async function tellOfOtherHosts(paths: LabPaths, reached: Reached, stack: string | undefined): Promise<void> {
  const { title } = reached.access;
  const state = await stateOf(paths, reached, stack);
  const remark = state === undefined ? undefined : remarkOn(state, title);
  if (remark !== undefined) process.stderr.write(`${remark}\n`);
}

/** A node by name, or a bare name: the console log of a machine that is gone is still there. */
type Wanted = MarkedNode | { readonly gone: string };

async function nodeNamed(
  name: string,
  marked: readonly MarkedNode[],
  choice: Choice,
  access: HostAccess,
): Promise<Wanted> {
  const among =
    choice.stack === undefined && choice.owner === undefined
      ? marked
      : chooseCluster(marked, choice, access.title);
  const found = among.find(({ node }) => node.name === name);
  if (found !== undefined) return found;
  const elsewhere = marked.some(({ node }) => node.name === name);
  if (!elsewhere && isNodeName(name) && (await hasLog(access, { name, file: defaultLog(name) })))
    return { gone: name };
  throw unknownNode(name, among, access.title);
}

const nameOf = (wanted: Wanted): string => ("gone" in wanted ? wanted.gone : wanted.node.name);

function logOf(wanted: Wanted): ConsoleLog {
  const name = nameOf(wanted);
  const file = "gone" in wanted ? undefined : wanted.node.consoleLog;
  return { name, file: file ?? defaultLog(name) };
}

async function consoles(
  { access }: Reached,
  files: readonly ConsoleLog[],
  options: LogsOptions,
): Promise<void> {
  const names = files.map((file) => file.name);
  if (options.follow === true) {
    await untilInterrupted(async (signal) => {
      await Promise.all(
        files.map((file) => {
          const { add, end } = collected(writerOf(file.name, names, options.raw === true));
          return followLog(access, file, options.lines, add, signal).then(end);
        }),
      );
    });
    return;
  }
  for (const file of files) {
    const text = await readLog(access, file);
    if (text === "") process.stderr.write(`${file.name} has written nothing to its console\n`);
    if (options.raw === true && names.length === 1 && options.lines === undefined) process.stdout.write(text);
    else writeText(text, writerOf(file.name, names, options.raw === true), options.lines);
  }
}

function writeText(text: string, write: Writer, count: number | undefined): void {
  write(lastLines(linesIn(text), count));
}

/** Puts pieces of text together to lines before they are written. */
function collected(write: Writer): { add: (text: string) => void; end: () => void } {
  const lines = new Lines();
  return {
    add: (text) => {
      write(lines.add(text));
    },
    end: () => {
      write(lines.end());
    },
  };
}

async function journals(
  paths: LabPaths,
  reached: Reached,
  wanted: readonly Wanted[],
  options: LogsOptions,
  stack: string | undefined,
): Promise<void> {
  const states = new Map(wanted.flatMap((one) => ("gone" in one ? [] : [[one.node.name, one.node.state]])));
  const { names, remark } = askable(wanted.map(nameOf), states, sameStack(options));
  if (remark !== undefined) process.stderr.write(`${remark}\n`);
  const [first] = wanted;
  const own = first === undefined || "gone" in first ? stack : first.mark.stack;
  const { outputs } = await readStack(paths, reached, own);
  const what = journalctl(options.follow === true, options.lines);
  const commands = names.map((name) => nodeCommand(paths, reached, outputs, name, what));
  if (options.follow === true) {
    await untilInterrupted(async (signal) => {
      await Promise.all(
        commands.map((command, index) => {
          const { add, end } = collected(writerOf(names[index] ?? "", names, options.raw === true));
          return streamed(command, add, signal).then(end);
        }),
      );
    });
    return;
  }
  for (const [index, command] of commands.entries()) {
    const [file = "", ...args] = command;
    const result = await execa(file, args, { reject: false, stdin: "ignore" });
    const name = names[index] ?? "";
    if (result.failed)
      throw new UserError(`the journal of ${name} can't be read: ${result.stderr || result.shortMessage}`);
    writeText(result.stdout, writerOf(name, names, options.raw === true), undefined);
  }
}

/** Runs `work` until it ends, or until Ctrl-C, which is how following is meant to end. */
async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // What reads our output may go first (`logs -f | head`).
  process.stdout.once("error", stop);
  try {
    await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
