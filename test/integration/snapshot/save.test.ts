/** Snapshots of real etcds: whole, read right, and as new as what was acknowledged before. */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { StackState } from "../../../commands/hosts/stackState.ts";
import { readSnapshot } from "../../../commands/snapshot/file.ts";
import { memberKeys, memberState } from "../../../commands/snapshot/members.ts";
import { saveSnapshot } from "../../../commands/snapshot/save.ts";
import { labPaths } from "../../../lab/shared/context.ts";
import { checkout, ETCD_34, etcd36, Etcds } from "../discovery/etcds.ts";

const paths = labPaths(checkout);

/** A cluster as the program's state would have it; its members are reached from here. */
const stateOf = (...etcdEndpoints: string[]): StackState => ({
  ...{ owners: [], hosts: [], outputs: { etcdEndpoints }, session: undefined },
});

const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString("base64");

async function call(endpoint: string, method: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${endpoint}/v3/${method}`, { method: "POST", body: JSON.stringify(body) });
  equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Record<string, unknown>;
}

const put = (endpoint: string, key: string | Buffer, value: string): Promise<unknown> =>
  call(endpoint, "kv/put", { key: base64(key), value: base64(value) });

/** Keys of all kinds: many, large, with bytes that are no text, changed, deleted, and history dropped. */
async function fill(endpoint: string): Promise<void> {
  await Promise.all(Array.from({ length: 1500 }, (_, index) => put(endpoint, `/many/${index}`, `v${index}`)));
  for (const size of [5_000, 300_000, 1_000_000]) await put(endpoint, `/large/${size}`, "x".repeat(size));
  await put(endpoint, Buffer.from([0xff, 0x00, 0x80]), "bytes");
  for (let count = 0; count < 20; count++) await put(endpoint, "/changed", String(count));
  await call(endpoint, "kv/deleterange", { key: base64("/many/1"), range_end: base64("/many/2") });
  await put(endpoint, "/many/1", "is back");
  const { header } = (await put(endpoint, "/gone", "")) as { header: { revision: string } };
  await call(endpoint, "kv/deleterange", { key: base64("/gone") });
  await call(endpoint, "kv/compaction", { revision: header.revision, physical: true });
}

for (const version of ["3.4", "3.6"])
  describe(`a snapshot of etcd ${version}`, function () {
    this.timeout(300_000);
    let etcds: Etcds;
    let endpoint: string;
    let file: string;

    before(async () => {
      const program = version === "3.4" ? ETCD_34 : await etcd36();
      etcds = new Etcds();
      endpoint = await etcds.registry(program, version === "3.4" ? { "enable-v2": "true" } : {});
      file = join(etcds.folder, "data.db");
    });
    after(async () => {
      await etcds.remove();
    });

    const save = (overwrite: boolean) =>
      saveSnapshot(paths, stateOf(endpoint), file, overwrite, () => undefined);

    it("of a cluster without a key is one, too", async () => {
      const saved = await save(false);
      deepEqual([saved.revision, saved.keys], [1, 0]);
      deepEqual(await memberKeys(endpoint, 1), { keys: 0, digest: saved.digest });
    });

    it("has the keys that the member has", async () => {
      await fill(endpoint);
      const saved = await save(true);
      const { revision } = await memberState(endpoint);
      equal(saved.revision, revision);
      equal(saved.clusterVersion, version);
      deepEqual(await memberKeys(endpoint, revision), { keys: saved.keys, digest: saved.digest });
      // 1500 and six, without the 611 from 1 to 2 (1, 10-19, 100-199, 1000-1499), and with the one that is back
      deepEqual(saved.keys, 1500 + 6 - 611);
      ok(saved.size > 1_300_000, JSON.stringify(saved));
      equal(statSync(file).mode & 0o777, 0o600);
      if (version === "3.6") return; // whose etcdctl can't be had here; Debian's knows its own only
      const { stdout } = await execa("etcdctl", ["snapshot", "status", file, "-w", "json"], {
        env: { ETCDCTL_API: "3" },
      });
      const said = JSON.parse(stdout) as { revision: number; totalSize: number };
      deepEqual([said.revision, said.totalSize], [saved.revision, saved.size - 32]);
    });

    it("tells other data apart", async () => {
      const { digest, keys } = readSnapshot(file);
      await put(endpoint, "/changed", "19"); // the same value, written once more
      const { revision } = await memberState(endpoint);
      const now = await memberKeys(endpoint, revision);
      equal(now.keys, keys);
      ok(now.digest !== digest);
      deepEqual(await memberKeys(endpoint, revision - 1), { keys, digest });
    });

    it("under write load holds all that was acknowledged before it was asked for", async () => {
      let acknowledged = 0;
      const load = { going: true };
      const writer = (async () => {
        for (let count = 0; load.going; count++) {
          const { header } = (await put(endpoint, `/load/${count % 50}`, String(count))) as {
            header: { revision: string };
          };
          acknowledged = Number(header.revision);
        }
      })();
      try {
        for (let count = 0; count < 5; count++) {
          const before = acknowledged;
          const saved = await save(true);
          ok(saved.revision >= before, `${saved.revision} is older than ${before}`);
          const { revision, keys, digest } = saved;
          deepEqual(await memberKeys(endpoint, revision), { keys, digest });
        }
      } finally {
        load.going = false;
        await writer;
      }
    });

    it("is refused when a byte of it is another one, or when its end is missing", () => {
      const whole = readFileSync(file);
      const damaged = join(etcds.folder, "damaged.db");
      for (const place of [0, 20, 5000, Math.floor(whole.length / 2), whole.length - 40, whole.length - 1]) {
        const other = Buffer.from(whole);
        other[place] = (whole[place] ?? 0) ^ 1;
        writeFileSync(damaged, other);
        throws(() => readSnapshot(damaged), /damaged\.db is damaged: its sha256/, `byte ${place}`);
      }
      for (const size of [0, 31, 512, whole.length - 1, whole.length - 32, whole.length - 4096]) {
        writeFileSync(damaged, whole);
        truncateSync(damaged, size);
        throws(() => readSnapshot(damaged), /damaged\.db (is no snapshot|is damaged)/, `${size} bytes`);
      }
      throws(() => readSnapshot(join(etcds.folder, "none.db")), /there is no file \S+none\.db/);
      throws(
        () => readSnapshot(join(etcds.folder, "nowhere", "a.db")),
        /there is no folder \S+nowhere, and so no/,
      );
    });

    it("warns of keys that are in no snapshot", async () => {
      equal((await save(true)).v2Keys, false);
      if (version === "3.6") return;
      const body = new URLSearchParams({ value: "1" });
      equal((await fetch(`${endpoint}/v2/keys/old`, { method: "PUT", body })).status, 201);
      equal((await save(true)).v2Keys, true);
    });

    it("comes from a member that answers, and is not there when none does", async () => {
      const nobody = "http://127.0.0.1:1";
      const state = stateOf(nobody, endpoint);
      equal((await saveSnapshot(paths, state, file, true, () => undefined)).endpoint, endpoint);
      const other = join(etcds.folder, "other.db");
      await rejects(
        saveSnapshot(paths, stateOf(nobody), other, false, () => undefined),
        /no member of the cluster answers: http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
      );
      await rejects(
        saveSnapshot(paths, stateOf(), other, false, () => undefined),
        /no etcd members/,
      );
      equal(existsSync(other), false);
      equal(existsSync(`${other}.part`), false);
    });
  });
