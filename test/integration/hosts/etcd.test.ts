/** What a real etcd says of itself. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { EndpointHealth } from "../../../commands/health.ts";
import { memberStatus } from "../../../commands/readiness/maintenance.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe("an etcd member's own word", function () {
  this.timeout(60_000);
  let etcd: ChildProcess;
  let folder: string;
  let endpoint: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "etcd-"));
    const [client, peer] = [await freePort(), await freePort()];
    endpoint = `http://127.0.0.1:${client}`;
    const urls = ["--listen-client-urls", endpoint, "--advertise-client-urls", endpoint];
    const peers = ["--listen-peer-urls", `http://127.0.0.1:${peer}`];
    etcd = spawn("etcd", ["--data-dir", folder, ...urls, ...peers], { stdio: "ignore" });
    for (let tries = 0; tries < 200 && (await memberStatus(endpoint))?.leader === undefined; tries++)
      await sleep(100);
  });
  after(async () => {
    const ended = once(etcd, "exit");
    etcd.kill();
    await ended;
    rmSync(folder, { recursive: true });
  });

  it("names its id, leader, version, database and raft", async () => {
    const found = await memberStatus(endpoint);
    match(found?.id ?? "", /^[0-9a-f]+$/);
    equal(found?.leader, found?.id);
    match(found?.version ?? "", /^3\.\d+\.\d+$/);
    for (const number of [found?.dbSize, found?.dbSizeInUse, found?.raftTerm, found?.raftIndex])
      ok(number !== undefined && number > 0, JSON.stringify(found));
    deepEqual(found?.alarms, []);
  });

  it("names an alarm that is raised, and no longer when it is taken back", async () => {
    const id = BigInt(`0x${(await memberStatus(endpoint))?.id ?? "0"}`).toString();
    const alarm = async (action: string): Promise<void> => {
      const body = JSON.stringify({ action, memberID: id, alarm: "NOSPACE" });
      equal((await fetch(`${endpoint}/v3/maintenance/alarm`, { method: "POST", body })).status, 200);
    };
    await alarm("ACTIVATE");
    deepEqual((await memberStatus(endpoint))?.alarms, ["NOSPACE"]);
    await alarm("DEACTIVATE");
    deepEqual((await memberStatus(endpoint))?.alarms, []);
  });

  it("comes with its health", async () => {
    const { stdout } = await execa(process.execPath, ["commands/health.ts", endpoint, "http://127.0.0.1:1"]);
    const [member, nobody] = JSON.parse(stdout) as EndpointHealth[];
    deepEqual([member?.health, member?.status?.leader], ["healthy", member?.status?.id]);
    deepEqual([nobody?.status, nobody?.members], [undefined, []]);
  });
});
