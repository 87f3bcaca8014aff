/** Ctrl-C in a command that runs programs which must end in order. */

let interrupted = false;
let waiting = false;

/** Whether Ctrl-C was typed: what fails then has been ended on purpose. */
export const wasInterrupted = (): boolean => interrupted;

/** While a command only waits for its turn there is nothing to end in order: an interrupt ends it at once. */
export function onlyWaits(is: boolean): void {
  waiting = is;
}

/**
 * On the first SIGINT or SIGTERM this process stays until the program that it runs has ended (the terminal sent it
 * the same signal), then the command ends with that program's failure. A second one ends the process at once.
 * @param advice what the user can type next
 */
export function stayForChildren(advice: string): void {
  const onSignal = (): void => {
    if (interrupted) process.exit(130);
    if (waiting) {
      process.stderr.write("\nInterrupted while it waited: nothing was begun.\n");
      process.exit(130);
    }
    interrupted = true;
    process.stderr.write(
      `\nInterrupted: waiting for running steps to stop in order (again to end at once).\n${advice}\n`,
    );
    process.exitCode = 130;
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}
