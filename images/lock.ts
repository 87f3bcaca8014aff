/** A lock between processes that vanishes with its holder, however it dies. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, ImageProblem } from "./problem.ts";

/** Who waits less than this for a lock doesn't say so. */
const QUIET_MILLISECONDS = 500;

/**
 * Runs `work` while holding an exclusive lock on `file`.
 *
 * A `flock` process holds the kernel's flock(2) for as long as the pipe to it is open: when we are killed, the pipe
 * closes and the lock is free.
 * @param onWait called once when somebody else holds the lock
 * @throws ImageProblem where this machine has no flock (util-linux)
 */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait: () => void): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // --close: cat must not inherit the lock. A group of its own: Ctrl-C must not free the lock while we still write.
  const holder = spawn("flock", ["--close", file, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  holder.stdin.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => {
    holder.once("exit", (code) => {
      resolve(`ended with code ${String(code)}`);
    });
    holder.once("error", (error) => {
      resolve(errorCode(error));
    });
  });
  const waiting = setTimeout(onWait, QUIET_MILLISECONDS);
  try {
    const failure = await Promise.race([once(holder.stdout, "data").then(() => undefined), ended]);
    if (failure === "ENOENT") {
      throw new ImageProblem(
        "an image that is in the cache; to fetch or unpack one, flock (util-linux) is needed",
      );
    }
    if (failure !== undefined) throw new Error(`flock ${file} ${failure}`);
  } finally {
    clearTimeout(waiting);
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
