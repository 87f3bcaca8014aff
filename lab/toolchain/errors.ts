/** What can go wrong while tools are got, each with its remedy. */

/** Its message is fit to be shown as it is. */
export class ToolchainError extends Error {
  override name = "ToolchainError";
}

/** What is wrong with the Go that was found, if any was. */
export type GoProblem = { readonly found: undefined } | { readonly found: string; readonly version: string };

export const OLDEST_GO = "1.21";

/** @param tools the names of all tools that would have to be built. */
export function noGo(tools: readonly string[], problem: GoProblem, offline: boolean): ToolchainError {
  const state =
    problem.found === undefined
      ? "no Go was found on PATH or at /usr/local/go/bin/go"
      : `${problem.found} is Go ${problem.version}, which is too old`;
  const why = offline
    ? "their official builds can't be downloaded (no network)"
    : "no official builds of them could be downloaded and verified";
  return new ToolchainError(
    `Go ${OLDEST_GO} or newer is needed to build ${tools.join(", ")}: ${why}, and ${state}.\n` +
      "Install Go from https://go.dev/dl/ to /usr/local/go (on Debian 13 and Ubuntu 24.04 also: " +
      "apt-get install golang-go), then run the same command again. What is ready already is kept.",
  );
}

/** A tool that can't be had in one way; the next way is tried. Its message says why, in a few words. */
export class Unavailable extends Error {
  override name = "Unavailable";
}

/** A download that is not what it should be. */
export const wrongSum = (url: string, expected: string, found: string): ToolchainError =>
  new ToolchainError(
    `the download of ${url} was refused: its checksum is ${found}, but should be ${expected}.\n` +
      "Nothing of it was installed. Something between this machine and the publisher changed or damaged it: look at " +
      "the proxy (HTTPS_PROXY), then run the same command again.",
  );
