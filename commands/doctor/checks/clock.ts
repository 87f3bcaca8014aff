/** Whether the host's clock is kept right, and agrees with this machine's. */
import type { Check, HostShell, Output, Verdict } from "../types.ts";
import { complaint, noShell, ok, unproven } from "../words.ts";

const WHY =
  "Machines take their first time from the host: certificates and signatures are judged by it, and logs of several machines compared.";

/** Seconds that two clocks may be apart. */
const TOLERANCE = 2;

/** Whether a time service keeps the clock; undefined where nobody says. */
export function synchronized(timedatectl: Output, chronyc: Output): boolean | undefined {
  const value = timedatectl.stdout.trim();
  if (timedatectl.code === 0 && (value === "yes" || value === "no")) return value === "yes";
  if (chronyc.code === 0) return /Leap status\s*:\s*Normal/.test(chronyc.stdout);
  return undefined;
}

/** A question for the time, with this machine's clock before and after it; seconds. */
export interface ClockSeen {
  readonly before: number;
  readonly answer: Output;
  readonly after: number;
}

export function judgeClock(
  sync: boolean | undefined,
  seen: ClockSeen | undefined,
  asRoot: (command: string) => string,
): Verdict[] {
  const remedy = asRoot("timedatectl set-ntp true || apt-get install --yes systemd-timesyncd");
  const kept: Verdict =
    sync === true
      ? ok("the clock is kept by a time service", WHY)
      : sync === false
        ? { level: "warning", found: "the clock is not synchronised", why: WHY, remedy }
        : unproven("whether a time service keeps the clock", "neither timedatectl nor chronyc says so", WHY);
  if (seen === undefined) return [kept];
  const { before, answer, after } = seen;
  const there = Number(answer.stdout.trim());
  if (answer.code !== 0 || !(there > 0)) return [kept, unproven("the host's time", complaint(answer), WHY)];
  // Somewhere between the question and the answer the clock was read: only what lies outside is a difference.
  const ahead = there > after ? there - after : there < before ? there - before : 0;
  if (Math.abs(ahead) <= TOLERANCE) return [kept];
  const found = `the host's clock is ${Math.abs(ahead).toFixed(0)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`;
  return [kept, { level: Math.abs(ahead) > 60 ? "problem" : "warning", found, why: WHY, remedy }];
}

/** Reads the host's clock. */
async function readClock(shell: HostShell): Promise<ClockSeen> {
  await shell.run(["true"]); // the connection is open before it counts
  const before = Date.now() / 1000;
  const answer = await shell.run(["date", "+%s.%N"]);
  return { before, answer, after: Date.now() / 1000 };
}

export const clock: Check = {
  id: "clock",
  about: "a time service keeps the host's clock, and it agrees with this machine's",
  run: async (situation) => {
    const { shell } = situation;
    if (shell === undefined) return [unproven("the host's clock", noShell(situation), WHY)];
    const [timedatectl, chronyc] = await Promise.all([
      shell.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"]),
      shell.run(["chronyc", "tracking"]),
    ]);
    const seen = shell.local ? undefined : await readClock(shell);
    return judgeClock(synchronized(timedatectl, chronyc), seen, shell.asRoot);
  },
};
