/** Asking a libvirt host through `virsh`, without a shell. */
import { execFile } from "node:child_process";
import { inTurn } from "./queue.ts";
import { virshsUri } from "./sharedSsh.ts";
import { withAdvice } from "./trouble.ts";

/** Runs `virsh` with these arguments on one connection and returns what it prints. */
export type Virsh = (...args: string[]) => Promise<string>;

/** virsh said no. `message` is fit to be shown as it is. */
export class VirshError extends Error {
  override name = "VirshError";
}

/** There is no virsh on this machine. */
export class VirshMissingError extends VirshError {
  override name = "VirshMissingError";
}

const MISSING =
  "virsh is not installed on this machine. It is in the package libvirt-clients (Debian, Ubuntu), " +
  "libvirt-client (Fedora) or libvirt (Homebrew).";

/** Longer than any single request takes on a healthy host, also through ssh. */
const TIME_LIMIT = 60_000;

/**
 * virsh on the connection `uri` (https://libvirt.org/uri.html).
 * The function it returns throws {@link VirshMissingError} where virsh isn't installed, else {@link VirshError}.
 * @param enter the words before it that run it where the connection is to be made, such as in a lab's namespaces.
 */
export const virshOn =
  (uri: string, enter: readonly string[] = []): Virsh =>
  async (...args) => {
    // An alias of libvirt's own configuration is no URI that could be taken apart.
    if (isLocal(uri) || !uri.includes("://")) return await run(uri, uri, enter, args);
    const given = virshsUri(uri);
    return await inTurn(uri, () => run(uri, given, enter, args));
  };

/** @param given what virsh is told in place of `uri`. */
const run = (
  uri: string,
  given: string,
  enter: readonly string[],
  args: readonly string[],
): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { timeout: TIME_LIMIT, maxBuffer: 16 * 2 ** 20, env: { ...process.env, LC_ALL: "C" } };
    const [file = "", ...words] = [...enter, "virsh", "--quiet", "--connect", given, ...args];
    execFile(file, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if ((error as NodeJS.ErrnoException).code === "ENOENT") reject(new VirshMissingError(MISSING));
      else {
        const why = error.killed ? `no answer within ${TIME_LIMIT / 1000} seconds: timed out` : stderr.trim();
        const said = isLocal(uri) ? why : withAdvice(uri, why);
        reject(new VirshError(`virsh --connect ${uri} ${args.join(" ")}: ${said.replace(/^error: /gm, "")}`));
      }
    });
  });

/** The lines of an answer, without empty ones. */
export const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** True where libvirt's files are this machine's files: a connection with no host in it. */
export const isLocal = (uri: string): boolean => /^[a-z0-9+]+:\/\/\//i.test(uri);
