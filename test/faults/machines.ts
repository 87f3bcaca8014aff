/** The members of a cluster of real machines: who leads them, who is listed, which machines they are; and changes of them that are struck. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type ListedMember, viewOf } from "../../commands/membership/api.ts";
import { env, inside, type Member } from "./guests.ts";

/** Asked of each of them. */
export async function leader(all: readonly Member[]): Promise<Member> {
  for (const member of all) {
    const answer = await inside("curl", "-sS", "-m", "5", `${member.url}/v2/stats/self`);
    if ((JSON.parse(answer) as { state: string }).state === "StateLeader") return member;
  }
  throw new Error("no member is the leader");
}

export const others = (all: readonly Member[], one: Member): Member[] =>
  all.filter(({ name }) => name !== one.name);

/** libvirt's UUID of a machine; empty where there is none. */
export const domainId = async (name: string): Promise<string> =>
  (await inside("virsh", "domuuid", name).catch(() => "")).trim();

/** UUIDs of the machines, by name. */
export const domainIds = async (all: readonly Member[]): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all(all.map(async ({ name }) => [name, await domainId(name)] as const)));

/** The members' list as one of them has it; empty where it doesn't answer. */
export async function listedAt(member: Member): Promise<readonly ListedMember[]> {
  const url = `${member.url}/v3/cluster/member/list`;
  const answer = await inside("curl", "-sS", "-m", "5", "-X", "POST", "-d", "{}", url).catch(() => "{}");
  return viewOf({}, JSON.parse(answer))?.members ?? [];
}

/**
 * Runs `npm run cluster -- WORDS` and ends it, with all that it has started, when something is so.
 * @param when asked again and again; is given all that it has printed. @param later milliseconds after that.
 */
export async function endedWhen(
  words: readonly string[],
  signal: "SIGINT" | "SIGKILL",
  when: (said: string) => Promise<boolean> | boolean,
  later = 0,
): Promise<void> {
  const command = ["run", "--silent", "cluster", "--", ...words];
  const child = spawn("npm", command, {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [said, ended] = ["", false];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, "close").then(() => (ended = true));
  while (!(await when(said))) {
    assert.ok(!ended, `it ended before it could be struck:\n${said}`);
    await sleep(200);
  }
  await sleep(later);
  assert.ok(!ended, `it ended before it could be struck:\n${said}`);
  if (child.pid !== undefined) process.kill(-child.pid, signal);
  await closed;
}
