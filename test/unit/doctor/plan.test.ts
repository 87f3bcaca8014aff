/** Judgements about room, time, registry and names; the facts of a plan; connections; what is printed. */
import assert from "node:assert/strict";
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { judgeClock, synchronized } from "../../../commands/doctor/checks/clock.ts";
import { judgeDiscovery } from "../../../commands/doctor/checks/discovery.ts";
import { judgeDisk, roomElsewhere } from "../../../commands/doctor/checks/disk.ts";
import { judgeKsm } from "../../../commands/doctor/checks/ksm.ts";
import { judgeMemory } from "../../../commands/doctor/checks/memory.ts";
import { judgeNames } from "../../../commands/doctor/checks/names.ts";
import { discover, offerIn } from "../../../commands/doctor/dhcp/packet.ts";
import { CHECKS } from "../../../commands/doctor/index.ts";
import { hostUris, planFacts, readStackConfig } from "../../../commands/doctor/planFacts.ts";
import { renderFinding, summary } from "../../../commands/doctor/render.ts";
import { localShell, placeOf, runHere, sshShell } from "../../../commands/doctor/shell.ts";
import { connectionIn } from "../../../host/remote.ts";
import type { Finding } from "../../../commands/doctor/types.ts";
import { failed, missing, plan, said, shown, words } from "./support.ts";

const GIB = 2 ** 30;
/** A host whose other file systems nobody could look at. */
const none = failed("df: no");

describe("doctor: room", () => {
  const df = (gib: number) =>
    said(`/dev/vda1  100000000 1 ${Math.round((gib * GIB) / 1024)}      42% /var\n`);
  it("on the disk: none, for a beginning, for all", () => {
    assert.match(
      shown(judgeDisk(plan(), df(2), none, words)),
      /^warning: 2 GiB free at \/var, .* -> sudo sh -c 'du -xh \/var .*' # what takes the room there/,
    );
    // The file system with the most room that may hold a pool.
    const row = (kind: string, gib: number, mount: string): string =>
      `dev ${kind} 1 1 ${gib * 2 ** 20} 5% ${mount}\n`;
    const table = said(
      [
        ...[row("ext4", 90, "/var"), row("tmpfs", 80, "/dev/shm"), row("xfs", 70, "/home")],
        ...[row("ext4", 20, "/data"), row("xfs", 30, "/a b"), row("ext4", 25, "/")],
      ].join(""),
    );
    assert.match(
      shown(judgeDisk(plan(), df(2), table, words)),
      /-> pulumi config set poolPath '\/a b\/coreos-cluster'$/,
    );
    assert.equal(roomElsewhere(said(row("ext4", 25, "/")), "/var", GIB), "/srv/coreos-cluster");
    assert.equal(roomElsewhere(table, "/var", 31 * GIB), undefined);
    // Three first boots of the smallest system, over an image of unknown size; the same with one that is known.
    assert.match(shown(judgeDisk(plan(), df(48 / 1024), none, words)), /^warning/);
    assert.match(shown(judgeDisk(plan(), df(47 / 1024), none, words)), /^problem/);
    const known = { ...plan(), imageSize: GIB };
    assert.match(shown(judgeDisk(known, df(1 + 48 / 1024), none, words)), /^warning/);
    assert.match(shown(judgeDisk(known, df(1), none, words)), /^problem: 1 GiB free/);
    assert.match(shown(judgeDisk(plan(), df(10), none, words)), /^note/);
    assert.match(shown(judgeDisk(plan(), df(30), none, words)), /^ok: 30 GiB free/);
    assert.match(shown(judgeDisk(plan({ nodes: 1, diskSize: "8GiB" }), df(10), none, words)), /^ok/);
    assert.match(shown(judgeDisk(plan(), failed("df: no"), none, words)), /^note: not checked/);
  });

  const stats = (total: number, free: number, cached = 0): string =>
    `total  :  ${total * 1024 ** 2} KiB\nfree   :  ${free * 1024 ** 2} KiB\nbuffers:  0 KiB\ncached :  ${cached * 1024 ** 2} KiB\n`;
  const memory = (text: string, running: string[] = [], swap?: number): string =>
    shown(judgeMemory(plan(), text, running, words.typed, swap));
  it("in memory: what runs already has its own", () => {
    // 3 x 2 GiB, and what QEMU takes itself.
    assert.match(memory(stats(4, 4)), /^warning: 4 GiB of 4 GiB free -> pulumi config set memory 1216MiB$/);
    assert.match(memory(stats(1, 1), [], 0), /^problem: 1 GiB of memory, and one machine is to have 2 GiB$/);
    const room = (config: Readonly<Record<string, unknown>>, text: string): string =>
      shown(judgeMemory(plan(config), text, [], words.typed, 0));
    // Flatcar doesn't boot with a third of that: fewer machines.
    assert.match(
      room({ os: "flatcar" }, stats(2, 2)),
      /-> pulumi config set nodes 1 && pulumi config set memory 1920MiB$/,
    );
    assert.match(
      room(
        { os: "flatcar", memory: "1GiB", nodes: { "web-1": { memory: "9GiB" }, b: {}, c: {} } },
        stats(8, 8),
      ),
      /-> pulumi config set --path 'nodes\["web-1"\].memory' 5824MiB$/,
    );
    assert.match(memory(stats(1, 1), [], GIB), /^warning/);
    assert.match(memory(stats(1, 1)), /^warning/); // nobody knows whether there is swap
    assert.match(memory(stats(16, 3)), /^warning/);
    assert.match(memory(stats(16, 3, 8)), /^ok: 11 GiB of 16 GiB free/);
    assert.match(memory(stats(16, 3), ["dev-core01", "dev-core02"]), /^ok/);
    assert.match(memory(""), /^note: not checked/);
  });

  it("and equal pages", () => {
    assert.match(shown(judgeKsm(plan(), said("1\n"), words.asRoot)), /^ok/);
    assert.match(
      shown(judgeKsm(plan(), said("0\n"), words.asRoot)),
      /^note: .* -> sudo sh -c 'echo 1 \\| tee /,
    );
    assert.match(shown(judgeKsm(plan({ nodes: 1 }), said("0\n"), words.asRoot)), /^ok/);
    assert.match(shown(judgeKsm(plan(), failed("no such file"), words.asRoot)), /^note: .*no KSM/);
  });
});

describe("doctor: the clock", () => {
  it("is kept or not, by whoever knows", () => {
    assert.equal(synchronized(said("yes\n"), missing), true);
    assert.equal(synchronized(said("no\n"), said("Leap status     : Normal\n")), false);
    assert.equal(synchronized(missing, said("Leap status     : Normal\n")), true);
    assert.equal(
      synchronized(
        failed("System has not been booted with systemd"),
        said("Leap status     : Not synchronised\n"),
      ),
      false,
    );
    assert.equal(synchronized(missing, missing), undefined);
  });
  it("agrees with this machine's, as far as the time of the question allows", () => {
    const judged = (there: string): string =>
      shown(judgeClock(true, { before: 1000, answer: said(there), after: 1003 }, words.asRoot));
    assert.doesNotMatch(judged("1001.5"), /warning|problem/);
    assert.doesNotMatch(judged("1004.9"), /warning|problem/);
    assert.match(judged("1013"), /warning: the host's clock is 10 s ahead of/);
    assert.match(judged("400"), /problem: the host's clock is 600 s behind/);
    assert.match(judged("what"), /note: not checked: the host's time/);
  });
});

describe("doctor: discovery", () => {
  const judged = (discovery: object, answer: Parameters<typeof judgeDiscovery>[1][number]): string =>
    shown(judgeDiscovery(plan({ discovery }).discovery, [answer], words.typed));
  const etcd = { mode: "etcd", endpoint: "http://10.0.0.1:2379" };
  it("asks what uses no token up", () => {
    assert.deepEqual(plan({ discovery: etcd }).discovery.questions, ["http://10.0.0.1:2379/v2/keys/"]);
    assert.deepEqual(plan().discovery.questions, ["https://discovery.etcd.io/"]);
    assert.deepEqual(
      plan({ discovery: { mode: "v3", endpoints: ["http://a:1", "http://b:1/"] } }).discovery.questions,
      ["http://a:1/version", "http://b:1/version"],
    );
  });
  it("knows a registry from something else", () => {
    assert.match(judged(etcd, { status: 200, text: '{"action":"get","node":{"dir":true}}' }), /^ok/);
    assert.match(
      judged(etcd, { status: 404, text: "404 page not found\n" }),
      /^problem: .*needs --enable-v2/,
    );
    assert.match(
      judged(etcd, { reason: "connect ECONNREFUSED 10.0.0.1:2379", hopeless: false }),
      /^problem: .*ECONNREFUSED/,
    );
    assert.match(judged({ mode: "service" }, { status: 503, text: "" }), /^problem: .*status 503/);
    assert.match(judged({ mode: "service" }, { status: 404, text: "" }), /^ok/);
    assert.match(
      judged({ mode: "v3", endpoints: ["http://a:1"] }, { status: 200, text: '{"etcdserver":"3.6.1"}' }),
      /^ok/,
    );
    assert.match(
      shown(judgeDiscovery({ mode: "static", questions: [] }, [], words.typed)),
      /^ok: not needed/,
    );
  });
  it("repeats no password", () => {
    const said = judged(
      { mode: "etcd", endpoint: "http://me:secret@10.0.0.1:2379" },
      { reason: "no", hopeless: true },
    );
    assert.doesNotMatch(said, /secret/);
  });
});

describe("doctor: names", () => {
  const owner = "0123456789abcdef0123456789abcdef";
  const mark = { organization: "organization", project: "coreos-cluster", stack: "dev", owner };
  const domain = (name: string, its?: typeof mark) => ({ uuid: "", name, mark: its, files: [] });
  const pool = (uuid: string) => ({ name: "dev-core", uuid, path: "/x" });
  const ours = "01234567-89ab-cdef-0123-456789abcdef";
  const judged = (...args: [Parameters<typeof judgeNames>[1], Parameters<typeof judgeNames>[2]]): string =>
    shown(judgeNames(plan(), ...args, [], words.typed));
  it("are free, ours, or somebody else's", () => {
    assert.match(judged([], undefined), /^ok: 3 names of machines and the pool's are free$/);
    assert.match(
      judged([domain("dev-core01", mark)], pool(ours)),
      /^ok: 1 machines are a stack dev's already, 2 names are free/,
    );
    assert.match(
      judged([domain("dev-core01")], undefined),
      /^problem: .*carries no mark of a cluster -> pulumi config set prefix dev-2-core$/,
    );
    assert.match(
      judged([domain("dev-core01", { ...mark, stack: "bob" })], undefined),
      /^problem: .*belongs to organization\/coreos-cluster\/bob/,
    );
    assert.match(judged([], pool(ours)), /^warning: .*storage pool dev-core already/);
    assert.match(
      judged([domain("dev-core01", mark)], pool("11111111-0000-0000-0000-000000000000")),
      /^problem: .*storage pool/,
    );
  });

  it("of others are shown without what a terminal would obey", () => {
    const evil = "bob\u009b2J\n";
    const said = [
      judged([domain("dev-core01", { ...mark, stack: evil })], undefined),
      judged([], { ...pool(ours), path: `/${evil}` }),
    ];
    for (const line of said) assert.match(line, /bob\\u\{9b\}2J\\u\{a\}/);
  });
});

describe("doctor: a plan's facts", () => {
  it("are defaults where there is no config, and what it says where there is one", () => {
    assert.equal(plan().nodes.length, 3);
    assert.deepEqual(
      [plan().bridge, plan().domainType, plan().pool.path],
      ["br0", "kvm", "/var/lib/libvirt/coreos-cluster/dev-core"],
    );
    const facts = plan({
      nodes: 5,
      memory: "1GiB",
      bridge: "virbr0",
      domainType: "qemu",
      os: "lab",
      poolPath: "/srv",
      prefix: "x",
    });
    assert.deepEqual(
      facts.nodes.map(({ name, memory }) => [name, memory]),
      [1, 2, 3, 4, 5].map((at) => [`x0${at}`, GIB]),
    );
    assert.deepEqual(
      [facts.bridge, facts.domainType, facts.pool],
      ["virbr0", "qemu", { name: "x", path: "/srv/x" }],
    );
  });
  it("are those of one of several hosts: its bridge, its folder, its machines", () => {
    const far = "qemu+ssh://root@kvm-b.example/system";
    const hosts = [
      { uri: "qemu:///system", name: "here", weight: 2 },
      { uri: far, bridge: "br1", poolPath: "/data" },
    ];
    const config = { "coreos-cluster:nodes": 5, "coreos-cluster:hosts": hosts };
    const of = (uri: string) => {
      const { host, bridge, pool, nodes } = planFacts("dev", config, { uri });
      return [host, bridge, pool.path, nodes.map(({ name }) => name).join()];
    };
    assert.deepEqual(of("qemu:///system"), [
      ...["here", "br0", "/var/lib/libvirt/coreos-cluster/dev-core"],
      "dev-core01,dev-core03,dev-core04",
    ]);
    const share = ["kvm-b-example", "br1", "/data/dev-core", "dev-core02,dev-core05"];
    assert.deepEqual(of(far), share);
    // The same host, reached by other parameters.
    assert.deepEqual(of(`${far}?keyfile=/k`), share);
    // One that is none of them is looked at for the whole plan.
    assert.equal(of("qemu+ssh://root@other/system")[3]?.split(",").length, 5);
    assert.deepEqual(hostUris("dev", config), ["qemu:///system", far]);
    // Where places can't be told, all machines are asked for.
    const pinned = { ...config, "coreos-cluster:hosts": [...hosts, { uri: "qemu:///third", weight: "x" }] };
    assert.equal(planFacts("dev", pinned, { uri: far }).nodes.length, 5);
  });
  it("are those that the program places", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        (weights, count) => {
          const hosts = weights.map((weight, at) => ({ uri: `qemu+ssh://root@h${at}/system`, weight }));
          const config = { "coreos-cluster:nodes": count, "coreos-cluster:hosts": hosts };
          const all = hosts.flatMap(({ uri }) =>
            planFacts("dev", config, { uri }).nodes.map(({ name }) => name),
          );
          assert.deepEqual(
            all.toSorted(),
            planFacts("dev", config).nodes.map(({ name }) => name),
          );
        },
      ),
    );
  });
  it("leave out what is wrong or encrypted", () => {
    const facts = plan({ nodes: "many", bridge: { secure: "v1:xyz" }, memory: "lots", colour: "red" });
    assert.deepEqual([facts.nodes.length, facts.bridge], [0, "br0"]);
  });
  it("come from the stack's file", () => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-test-"));
    try {
      const file = join(folder, "Pulumi.dev.yaml");
      writeFileSync(file, "config:\n  libvirt:uri: qemu+ssh://host/system\n  coreos-cluster:nodes: 5\n");
      assert.deepEqual(readStackConfig(file).config, {
        "libvirt:uri": "qemu+ssh://host/system",
        "coreos-cluster:nodes": 5,
      });
      for (const text of ["", "encryptionsalt: x\n", "config: 5\n"]) {
        writeFileSync(file, text);
        assert.deepEqual(readStackConfig(file), { config: {}, source: file }, text);
      }
      assert.deepEqual(readStackConfig(join(folder, "nosuch")), { config: {} });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it("are facts whatever the config holds", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("nodes", "memory", "bridge", "discovery", "image", "os", "poolPath", "snippets"),
          fc.jsonValue(),
        ),
        (config) => {
          const facts = plan(config);
          assert.ok(facts.nodes.every(({ memory, diskSize }) => memory > 0 && diskSize > 0));
        },
      ),
    );
  });
});

describe("doctor: connections", () => {
  it("are understood", () => {
    const table: [string, "here" | "ssh" | undefined, boolean][] = [
      ["qemu:///system", "here", false],
      ["qemu:///session", "here", true],
      ["qemu+unix:///system?socket=/run/x", "here", false],
      ["qemu+ssh://host/system", "ssh", false],
      ["qemu+ssh://me@host:22/session", "ssh", true],
      ["qemu+libssh2://host/system", "ssh", false],
      ["qemu+ssh://me@[fd00::1]:22/system?keyfile=/k", "ssh", false],
      ["qemu+tls://host/system", undefined, false],
      ["qemu://host/system", undefined, false],
      ["test:///default", "here", false],
    ];
    for (const [uri, place, session] of table) {
      const connection = connectionIn(uri);
      assert.ok(connection, uri);
      assert.deepEqual([placeOf(connection), connection.session], [place, session], uri);
    }
    for (const uri of ["", "host", "qemu:/system", "qemu//x"])
      assert.equal(connectionIn(uri), undefined, uri);
  });
  it("a host's name is never an option, and words never split", async () => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-test-"));
    try {
      // Stands for ssh and sshd: what comes after the host is one line for the login's shell.
      const fake = join(folder, "ssh");
      writeFileSync(
        fake,
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\n[ $# = 3 ] || exit 99\nexec sh -c "$3"\n',
        { mode: 0o755 },
      );
      const shell = sshShell(`qemu+ssh://me@host/system?command=${fake}`);
      try {
        await fc.assert(
          fc.asyncProperty(
            fc.array(
              fc.string({ maxLength: 12 }).filter((text) => !text.includes("\0")),
              { maxLength: 4 },
            ),
            async (args) => {
              const answer = await shell.run(["printf", "<%s>", ...args]);
              assert.equal(answer.stdout, `<${args.join("><")}>`);
            },
          ),
          { numRuns: 30 },
        );
        assert.equal((await shell.run(["cat"], { input: "hello" })).stdout, "hello");
        assert.equal(shell.asRoot("sysctl -w a=1"), "ssh me@host 'sudo sysctl -w a=1'");
      } finally {
        await shell.close();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it("programs on this machine end, are missing, or take too long", async () => {
    assert.equal((await runHere(["nosuch-program"])).code, 127);
    assert.equal((await runHere(["sh", "-c", "exit 3"])).code, 3);
    assert.deepEqual((await runHere(["sleep", "5"], { timeout: 0.1 })).code, 124);
    assert.equal(localShell(false).asRoot("echo 1 >/x"), "sudo sh -c 'echo 1 >/x'");
    assert.equal(
      localShell(true, "npm run cluster -- exec").asRoot("ip link"),
      "npm run cluster -- exec ip link",
    );
  });
});

describe("doctor: DHCP messages", () => {
  const mac = "02:01:02:03:04:05";
  /** An answer to a DISCOVER with these options behind the message's type. */
  const reply = (transaction: number, type: number, options: readonly number[]): Buffer => {
    const packet = discover(mac, transaction);
    packet[0] = 2;
    packet.set([10, 9, 0, 22], 16);
    packet.set([53, 1, type, ...options, 255], 240);
    return packet;
  };
  it("a DISCOVER asks to be answered by broadcast", () => {
    const packet = discover(mac, 0xdeadbeef);
    assert.equal(packet.length, 300);
    assert.deepEqual(
      [packet.readUInt32BE(4), packet.readUInt16BE(10), packet.subarray(28, 34).toString("hex")],
      [0xdeadbeef, 0x8000, "020102030405"],
    );
  });
  it("an OFFER is read", () => {
    assert.deepEqual(
      offerIn(reply(7, 2, [54, 4, 10, 9, 0, 1, 3, 4, 10, 9, 0, 254, 51, 4, 0, 0, 14, 16]), 7),
      {
        ...{ address: "10.9.0.22", server: "10.9.0.1", router: "10.9.0.254", leaseTime: 3600 },
      },
    );
  });
  it("nothing else is taken for one", () => {
    assert.equal(offerIn(reply(7, 2, []), 8), undefined); // somebody else's
    assert.equal(offerIn(reply(7, 5, []), 7), undefined); // an ACK
    assert.equal(offerIn(discover(mac, 7), 7), undefined); // our own
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const offer = offerIn(Buffer.from(bytes), 7);
        assert.ok(offer === undefined || offer.address !== "");
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (options) => {
        const offer = offerIn(reply(7, 2, [...options]), 7);
        assert.ok(offer === undefined || offer.address === "10.9.0.22");
      }),
    );
  });
});

describe("doctor: what is printed, and the docs", () => {
  const finding: Finding = { id: "disk", level: "problem", found: "none", why: "Because.", remedy: "do it" };
  it("a finding is a line, with reason and remedy where it is not right", () => {
    const plain = { ...process.stdout, isTTY: false } as unknown as NodeJS.WriteStream;
    assert.match(renderFinding(finding, plain), /✖.*disk +none\n +Because\.\n +→ do it\n$/);
    assert.doesNotMatch(renderFinding({ ...finding, level: "ok" }, plain), /Because/);
  });
  it("findings are counted", () => {
    assert.equal(
      summary([finding, { ...finding, level: "ok" }, finding]),
      "1 ok, 0 notes, 0 warnings, 2 problems",
    );
  });
  it("docs/doctor.md has a line for each check, in their order", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/doctor.md"), "utf8");
    const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| (yes|no) +\| (.*?) +\|$/gm)].map(
      ([, id, quick, about]) => [id, quick, about],
    );
    assert.deepEqual(
      rows,
      CHECKS.map(({ id, quick, about }) => [id, quick !== undefined ? "yes" : "no", about]),
    );
  });
});
