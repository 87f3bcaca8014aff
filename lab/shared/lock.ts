/** Locks between processes that vanish with their holder, however it dies. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { once } from "node:events";

/**
 * Runs `work` while holding an exclusive lock on `file`.
 *
 * The kernel's flock(2) is held by a `flock` process that lives as long as the pipe to it is open, so a killed
 * holder releases the lock at once and no stale lock file can remain.
 * @param onWait called once when somebody else holds the lock.
 */
export function withLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  return withLockBy(holding(file), work, onWait);
}

/** The command that holds a lock on a file that is there, until its standard input ends. */
export const holding = (file: string): [string, ...string[]] =>
  // `--close`: cat must not inherit the lock; it ends when our end of the pipe is closed, and flock with it.
  ["flock", "--close", file, "sh", "-c", "echo held; exec cat >/dev/null"];

/**
 * The same with a lock that a command holds as {@link holding} does: on another machine, say. It is lost with the connection there.
 */
export async function withLockBy<T>(
  [program, ...args]: readonly [string, ...string[]],
  work: () => Promise<T>,
  onWait?: () => void,
): Promise<T> {
  const holder = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // a Ctrl-C on the terminal must not release the lock before we have cleaned up
  });
  // Listened for from the start: were the holder killed while we work, its exit would be waited for in vain.
  const exited = new Promise<void>((resolve) => {
    holder.once("exit", () => {
      resolve();
    });
  });
  holder.stdin.on("error", () => undefined); // the pipe to a holder that was killed
  const waiting = setTimeout(() => onWait?.(), 500);
  const end = (): void => void holder.kill();
  process.once("exit", end); // it must not go on waiting for nobody
  try {
    await Promise.race([
      once(holder.stdout, "data"),
      once(holder, "error").then(([error]) => Promise.reject(error as Error)),
      once(holder, "exit").then(([code]) =>
        Promise.reject(new Error(`${[program, ...args].join(" ")} exited with code ${String(code)}`)),
      ),
    ]);
  } finally {
    clearTimeout(waiting);
    process.off("exit", end);
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await exited;
  }
}
