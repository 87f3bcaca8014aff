import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSnapshot, loadSnapshot, saveSnapshot } from "../../../commands/hosts/leaks.ts";
import { counts, notLookedAt, renderDifferences, unseenOfBoth } from "../../../commands/hosts/leaksReport.ts";
import { tokensOf, v2Tokens, v3Question, v3Tokens } from "../../../commands/hosts/tokens.ts";
import { PARTS, type Snapshot, type Things } from "../../../host/snapshot/types.ts";

const snapshot: Snapshot = {
  version: 2,
  host: "qemu:///system",
  taken: "2026-03-01T12:00:00.000Z",
  things: Object.fromEntries(PARTS.map((part) => [part, []])) as unknown as Things,
  unseen: [{ part: "filters", what: "nft", why: "not allowed" }],
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
    equal(statSync(file).mode & 0o777, 0o600);
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
      { ...snapshot, version: 1 },
      { ...snapshot, version: 3 },
      { ...snapshot, unseen: undefined },
      { ...snapshot, unseen: [{ part: "filters", what: "nft", why: "because" }] },
      { ...snapshot, things: {} },
      { ...snapshot, things: { ...things, files: [1] } },
    ];
    for (const value of wrong) equal(isSnapshot(value), false, JSON.stringify(value));
    const file = join(folder, "wrong.json");
    writeFileSync(file, "not JSON");
    await rejects(loadSnapshot(file), /wrong\.json is no snapshot of this version; one is made with/);
    const old = join(folder, "old.json");
    writeFileSync(old, JSON.stringify({ ...snapshot, version: 1, unseen: undefined }));
    await rejects(
      loadSnapshot(old),
      /^UserError: [^\n]*old\.json is no snapshot of this version; one is made with[^\n]*$/,
    );
    await rejects(loadSnapshot(join(folder, "none")), /the snapshot can't be read: ENOENT/);
  });

  const report = { before: snapshot, differences: [], kept: [], unseen: [] };

  it("says that all is as it was, or what is not", () => {
    const log = { part: "logs", what: "left", thing: "/var/log/x" } as const;
    equal(renderDifferences(report), "qemu:///system is as it was since 2026-03-01T12:00:00.000Z.\n");
    match(
      renderDifferences({ ...report, kept: [log] }),
      /^1 logs of machines that libvirt keeps are not counted/,
    );
    equal(
      renderDifferences({
        ...report,
        differences: [
          { part: "volumes", what: "left", thing: "dev-core/x" },
          { part: "links", what: "gone", thing: "br0" },
        ],
      }),
      "left: volume dev-core/x\ngone: network device br0\n" +
        "qemu:///system is not as it was since 2026-03-01T12:00:00.000Z: 2 differences.\n",
    );
  });

  it("says in one line what has another value or content", () => {
    const setting = "/proc/sys/net/ipv4/ip_forward";
    const text = renderDifferences({
      ...report,
      differences: [
        { part: "settings", what: "left", thing: `${setting}:0` },
        { part: "settings", what: "gone", thing: `${setting}:1` },
        { part: "devices", what: "left", thing: "br0 stp_state:1" },
        { part: "devices", what: "gone", thing: "br0 stp_state:0" },
        { part: "configuration", what: "left", thing: "/etc/a b 5 123" },
        { part: "configuration", what: "left", thing: "/etc/new 5 123" },
        { part: "configuration", what: "gone", thing: "/etc/a b 7 456" },
        { part: "configuration", what: "gone", thing: "/etc/old 7 456" },
        { part: "configuration", what: "left", thing: "/etc/l -> c" },
        { part: "configuration", what: "gone", thing: "/etc/l -> b" },
      ],
    });
    deepEqual(text.trim().split("\n").slice(0, -1), [
      `changed: kernel setting ${setting}: it was 1, and is 0`,
      "changed: setting of network device br0 stp_state: it was 0, and is 1",
      "changed: configuration file /etc/a b",
      "left: configuration file /etc/new 5 123",
      "gone: configuration file /etc/old 7 456",
      "changed: configuration file /etc/l: it was b, and is c",
    ]);
    match(text, /: 6 differences\.\n$/);
  });

  it("says what was not looked at, in one of the two or in both", () => {
    const shadows = ["shadow", "gshadow", "shadow-", "gshadow-"].map(
      (name) => ({ part: "configuration", what: `/etc/${name}`, why: "not allowed" }) as const,
    );
    const asked = [
      { part: "domains", what: "", why: "not asked" },
      { part: "tokens", what: "", why: "not asked" },
    ] as const;
    deepEqual(notLookedAt([...asked, ...shadows, { part: "queues", what: "", why: "no tool" }]), [
      "not looked at: domains, discovery tokens: not asked for.",
      "not looked at: queues: the host has no program for it.",
      "not looked at: some configuration files: only root may (/etc/shadow, /etc/gshadow, /etc/shadow-, 1 more).",
    ]);
    equal(unseenOfBoth([...asked, ...shadows], shadows).length, 6);
    match(
      renderDifferences({ ...report, unseen: asked }),
      /^not looked at: [^\n]*\nqemu:\/\/\/system is as it was since [^ ]*Z\.\n$/,
    );
    match(
      renderDifferences({ ...report, unseen: shadows }),
      /is as it was since [^ ]*Z, as far as it could be looked at\.\n$/,
    );
  });

  it("counts what a snapshot holds, and not what it has not looked at", () => {
    const text = counts({ ...snapshot, unseen: [{ part: "domains", what: "", why: "not asked" }] });
    match(text, /^0 pools, .*, 0 rules of packet filters, 0 kernel settings, .*, 0 discovery tokens$/);
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
