import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSnapshot, loadSnapshot, renderDifferences, saveSnapshot } from "../../../commands/hosts/leaks.ts";
import { tokensOf, v2Tokens, v3Question, v3Tokens } from "../../../commands/hosts/tokens.ts";
import { PARTS, type Snapshot, type Things } from "../../../host/snapshot.ts";

const snapshot: Snapshot = {
  version: 1,
  host: "qemu:///system",
  taken: "2026-03-01T12:00:00.000Z",
  things: Object.fromEntries(PARTS.map((part) => [part, []])) as unknown as Things,
};

describe("leaks", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "leaks-"))));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("keeps a snapshot in a file, and reads it again", async () => {
    const file = join(folder, "kept.json");
    await saveSnapshot(file, snapshot);
    deepEqual(await loadSnapshot(file), snapshot);
    await rejects(
      saveSnapshot(join(folder, "no", "such"), snapshot),
      /the snapshot can't be written: ENOENT/,
    );
  });

  it("takes nothing else for a snapshot", async () => {
    const { things } = snapshot;
    const wrong = [
      null,
      {},
      [],
      { ...snapshot, version: 2 },
      { ...snapshot, things: {} },
      { ...snapshot, things: { ...things, files: [1] } },
    ];
    for (const value of wrong) equal(isSnapshot(value), false, JSON.stringify(value));
    const file = join(folder, "wrong.json");
    writeFileSync(file, "not JSON");
    await rejects(loadSnapshot(file), /wrong\.json is no snapshot of this version; one is made with/);
    await rejects(loadSnapshot(join(folder, "none")), /the snapshot can't be read: ENOENT/);
  });

  it("says that all is as it was, or what is not", () => {
    const log = { part: "logs", what: "left", thing: "/var/log/x" } as const;
    equal(
      renderDifferences(snapshot, [], []),
      "qemu:///system is as it was since 2026-03-01T12:00:00.000Z.\n",
    );
    match(renderDifferences(snapshot, [], [log]), /^1 logs of machines that libvirt keeps are not counted/);
    equal(
      renderDifferences(
        snapshot,
        [
          { part: "volumes", what: "left", thing: "dev-core/x" },
          { part: "links", what: "gone", thing: "br0" },
        ],
        [],
      ),
      "left: volume dev-core/x\ngone: network device br0\n" +
        "qemu:///system is not as it was since 2026-03-01T12:00:00.000Z: 2 differences.\n",
    );
  });
});

describe("a registry's tokens", () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const v2 = JSON.stringify({
    node: { dir: true, nodes: [{ key: "/discovery/abc", dir: true }, { key: "/discovery/def" }] },
  });
  const v3 = JSON.stringify({
    kvs: ["tok1/_config/size", "tok1/members/1", "tok2/x"].map((key) => ({
      key: base64(`/_etcd/registry/${key}`),
    })),
  });

  it("are those of both protocols", () => {
    deepEqual(v2Tokens(v2), ["abc", "def"]);
    deepEqual(v3Tokens(v3), ["tok1", "tok2"]);
    deepEqual([v2Tokens("{}"), v3Tokens("no JSON")], [[], []]);
  });

  it("are asked for in a range that holds the prefix and no more", () => {
    const [from, to] = [v3Question.key, v3Question.range_end].map((text) =>
      Buffer.from(text, "base64").toString(),
    );
    deepEqual([from, to], ["/_etcd/registry/", "/_etcd/registry0"]);
  });

  it("are asked of the registry, which may have only one of the two", async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/v2/keys/discovery" ? 404 : 200;
      response.end(request.method === "POST" ? v3 : "");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      deepEqual(await tokensOf(url, undefined), ["tok1", "tok2"]);
    } finally {
      server.close();
    }
    await rejects(
      tokensOf(url, undefined),
      /the registry http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
    );
  });
});
