/** The verbs about a libvirt host on a real one: the lab, and the same behind what libvirt takes for ssh. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeHost, markOf, type Host } from "./support.ts";

interface Listed {
  readonly uri: string;
  readonly clusters: readonly {
    readonly stack: string;
    readonly owner: string;
    readonly thisCheckout: boolean;
    readonly created: string | null;
    readonly memory: number;
    readonly pool: { readonly name: string; readonly capacity: number } | null;
    readonly nodes: readonly { readonly name: string; readonly state: string }[];
  }[];
  readonly leftovers: readonly { readonly pool: string }[];
}

describe("verbs about a libvirt host", function () {
  this.timeout(60_000);
  let host: Host;
  const alice = markOf("alice", "a");

  before(async () => {
    host = await makeHost();
    await host.pool("alice-core", alice.owner);
    for (const name of ["alice-core01", "alice-core02"]) await host.define(name, alice);
    await host.define("bob-core01", markOf("bob", "b"));
    await host.pool("lost-core", "c".repeat(32));
    await host.virsh("start", "alice-core01");
  });
  after(() => host.remove());

  const states = async (): Promise<Record<string, string>> => {
    const { clusters } = JSON.parse((await host.cluster("list", "--json")).stdout) as Listed;
    return Object.fromEntries(clusters.flatMap(({ nodes }) => nodes.map(({ name, state }) => [name, state])));
  };

  describe("list", () => {
    it("shows the clusters with size and age, and pools without machines", async () => {
      const { exitCode, stdout, stderr } = await host.cluster("list");
      equal(exitCode, 0, stderr);
      match(stdout, /^STACK +OWNER +NODES +AGE +VCPUS +MEMORY +DISK$/m);
      match(
        stdout,
        /^organization\/coreos-cluster\/alice +aaaaaaaa +1 of 2 running +\d+ s +2 +128 MiB +\d+ KiB of 64 MiB$/m,
      );
      match(stdout, /^organization\/coreos-cluster\/bob +bbbbbbbb +1 off +- +1 +64 MiB +no pool$/m);
      match(
        stdout,
        /^Left over: pool lost-core in \/var\/lib\/libvirt\/coreos-cluster\/lost-core \(1 volumes/m,
      );
    });

    it("shows the same of a host behind ssh", async () => {
      const [near, far] = [
        await host.cluster("list", "--json"),
        await host.cluster("list", "--json", "--connect", host.remoteUri),
      ];
      equal(far.exitCode, 0, far.stderr);
      const [one, other] = [near, far].map(({ stdout }) => JSON.parse(stdout) as Listed);
      deepEqual(one?.clusters, other?.clusters);
      equal(other?.uri, host.remoteUri);
      const [first] = one?.clusters ?? [];
      deepEqual([first?.stack, first?.thisCheckout, first?.pool?.capacity], ["alice", false, 64 * 2 ** 20]);
      ok(Math.abs(Date.now() - Date.parse(first?.created ?? "")) < 10 * 60_000, first?.created ?? "no time");
    });

    it("says in one line what is no connection at all", async () => {
      const { exitCode, stderr } = await host.cluster("list", "--connect", "qemu+ssh//root@host/system");
      equal(exitCode, 1);
      match(stderr, /^error: [^\n]*qemu\+ssh\/\/root@host\/system[^\n]*/);
      doesNotMatch(stderr, /\n {4}at /);
    });

    it("says why a host does not answer", async () => {
      const { exitCode, stderr } = await host.cluster(
        "list",
        "--connect",
        host.remoteUri.replace("libvirt.example", "nowhere.example"),
      );
      equal(exitCode, 1);
      match(stderr, /the libvirt host qemu\+ssh:\/\/root@nowhere\.example.* does not answer:/);
    });
  });

  describe("logs", () => {
    before(async () => {
      for (const [part, text] of [
        ["", "two\\nthree\\n"],
        [".0", "\\033[1mone\\033[0m\\r\\n"],
      ] as const)
        await host.inside(
          "sh",
          "-c",
          `printf '${text}' > /var/log/libvirt/qemu/alice-core02-console.log${part}`,
        );
    });

    for (const [where, options] of [
      ["in the lab", () => []],
      ["of a host behind ssh", () => ["--connect", host.remoteUri]],
    ] as const) {
      it(`shows a node's console ${where}, rotated part and all`, async () => {
        const { exitCode, stdout, stderr } = await host.cluster("logs", "alice-core02", ...options());
        equal(exitCode, 0, stderr);
        equal(stdout, "one\ntwo\nthree");
      });

      it(`shows the last lines ${where}, as they were where that is asked for`, async () => {
        const { stdout } = await host.cluster("logs", "alice-core02", "--lines", "2", ...options());
        equal(stdout, "two\nthree");
        const raw = await host.cluster("logs", "alice-core02", "--raw", ...options());
        equal(raw.stdout, "\u001b[1mone\u001b[0m\r\ntwo\nthree");
      });

      it(`follows a console ${where} until it is told to stop`, async () => {
        const [file, ...args] = [
          ...host.command,
          "logs",
          "alice-core02",
          "--follow",
          "--lines",
          "1",
          ...options(),
        ] as [string, ...string[]];
        const child = spawn(file, args, {
          env: { ...process.env, ...host.env },
          stdio: ["ignore", "pipe", "inherit"],
        });
        let text = "";
        child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
        const until = async (word: string): Promise<void> => {
          for (let tries = 0; tries < 200 && !text.includes(word); tries++) await sleep(50);
        };
        await until("three");
        await host.inside("sh", "-c", "echo four >> /var/log/libvirt/qemu/alice-core02-console.log");
        await until("four");
        const closed = once(child, "close");
        child.kill("SIGINT");
        const [code] = (await closed) as [number | null];
        equal(text, "three\nfour\n");
        equal(code, 0);
        const processes = await host.inside("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
        doesNotMatch(processes, /tail -n \S+ -F/);
        await host.inside(
          "sh",
          "-c",
          "printf 'two\\nthree\\n' > /var/log/libvirt/qemu/alice-core02-console.log",
        );
      });
    }

    it("puts the nodes' names before the lines of several", async () => {
      const { exitCode, stdout, stderr } = await host.cluster("logs", "--stack", "alice");
      equal(exitCode, 0, stderr);
      match(stdout, /^alice-core02 \| two$/m);
      for (const line of stdout.split("\n")) match(line, /^alice-core0[12] \| /);
    });

    it("proposes the node that was meant", async () => {
      const { exitCode, stderr } = await host.cluster("logs", "alice-cor02");
      equal(exitCode, 1);
      match(
        stderr,
        /no node on the lab is named alice-cor02 \(did you mean alice-core0[12]\?\); there are: alice-core01, alice-core02, bob-core01/,
      );
    });

    it("shows what a machine has said that is gone", async () => {
      await host.inside("sh", "-c", "echo bye > /var/log/libvirt/qemu/gone01-console.log");
      equal((await host.cluster("logs", "gone01")).stdout, "bye");
    });

    it("says that a machine has said nothing", async () => {
      await host.inside("sh", "-c", ": > /var/log/libvirt/qemu/mute01-console.log");
      const { exitCode, stdout, stderr } = await host.cluster("logs", "mute01");
      deepEqual([exitCode, stdout, stderr], [0, "", "mute01 has written nothing to its console"]);
    });

    it("says that a node was not started yet", async () => {
      const { exitCode, stderr } = await host.cluster("logs", "bob-core01");
      equal(exitCode, 1);
      match(stderr, /there is no console log of bob-core01 on the lab .*: it has not been started yet/);
    });

    it("takes no name for a path", async () => {
      const { exitCode, stderr } = await host.cluster("logs", "../../../../etc/passwd");
      equal(exitCode, 1);
      match(stderr, /no node on the lab is named \.\.\//);
    });
  });

  describe("pause and resume", () => {
    it("switch a cluster's machines off and on again, and nobody else's", async () => {
      await host.virsh("start", "alice-core02");
      await host.virsh("start", "bob-core01");
      const paused = await host.cluster("pause", "--owner", "aaaa", "--timeout", "2");
      equal(paused.exitCode, 0, paused.stderr);
      match(paused.stderr, /✔ Machines: 2 cut off/);
      match(paused.stdout, /Not shut down within 2 s, and cut off: alice-core01, alice-core02/);
      match(paused.stdout, /Next: npm run cluster -- resume --owner aaaa/);
      deepEqual(await states(), {
        "alice-core01": "shut off",
        "alice-core02": "shut off",
        "bob-core01": "running",
      });

      const again = await host.cluster("pause", "--owner", "aaaa");
      match(again.stderr, /✔ Machines: 2 off before/);

      const resumed = await host.cluster("resume", "--owner", "aaaa", "--connect", host.remoteUri);
      equal(resumed.exitCode, 0, resumed.stderr);
      match(resumed.stderr, /✔ Machines: 2 started/);
      deepEqual(await states(), {
        "alice-core01": "running",
        "alice-core02": "running",
        "bob-core01": "running",
      });

      const once = await host.cluster("resume", "--owner", "aaaa", "--connect", host.remoteUri);
      match(once.stderr, /✔ Machines: 2 running before/);
    });

    it("let go on what was suspended", async () => {
      await host.virsh("suspend", "alice-core02");
      const { stderr } = await host.cluster("resume", "--owner", "aaaa");
      match(stderr, /1 started, 1 running before/);
      equal((await states())["alice-core02"], "running");
    });

    it("refuse what could be somebody else's", async () => {
      await host.define("mallory01", markOf("alice", "d"));
      for (const verb of ["pause", "resume"]) {
        const { exitCode, stderr } = await host.cluster(verb, "--owner", "ffff");
        equal(exitCode, 1);
        match(
          stderr,
          /there are no machines of owner ffff on the lab; there are: .*alice \(owner aaaaaaaa\)/,
        );
      }
      const { stderr } = await host.cluster("logs", "--stack", "alice");
      match(stderr, /stack alice fits several clusters on the lab: .*aaaaaaaa.*dddddddd.*--owner ID/);
      await host.virsh("undefine", "mallory01");
    });
  });

  describe("leaks", () => {
    const registry = "http://10.77.0.1:2379";

    it("finds all that is more, and nothing when it is gone", async () => {
      const file = join(host.folder, "before.json");
      const saved = await host.cluster("leaks", "--save", file, "--registry", registry);
      equal(saved.exitCode, 0, saved.stderr);
      match(saved.stdout, /^the lab: 3 domains, 2 pools, 2 volumes, 0 networks, \d+ processes/);

      await host.define("late01", markOf("late", "e"));
      await host.pool("late-core", "e".repeat(32));
      await host.virsh("start", "late01");
      await host.inside(
        "curl",
        "-sf",
        "-X",
        "PUT",
        `${registry}/v2/keys/discovery/token1/_config/size`,
        "-d",
        "value=3",
      );
      const found = await host.cluster("leaks", "--against", file, "--registry", registry);
      equal(found.exitCode, 1, found.stderr);
      for (const line of [
        /^left: domain \S+ late01$/m,
        /^left: storage pool late-core eeeeeeee-/m,
        /^left: volume late-core\/late-core01-0123456789ab\.qcow2$/m,
        /^left: process \S*qemu-system-x86_64 of late01$/m,
        /^left: network device vnet\d+$/m,
        /^left: file \/var\/lib\/libvirt\/coreos-cluster\/late-core$/m,
        /^left: discovery token token1$/m,
      ])
        match(found.stdout, line);

      for (const [verb, ...args] of [
        ["destroy", "late01"],
        ["undefine", "late01"],
        ["vol-delete", "late-core01-0123456789ab.qcow2", "--pool", "late-core"],
        ["pool-destroy", "late-core"],
        ["pool-delete", "late-core"],
        ["pool-undefine", "late-core"],
      ] as const)
        await host.virsh(verb, ...args);
      await host.inside("curl", "-sf", "-X", "DELETE", `${registry}/v2/keys/discovery/token1?recursive=true`);
      const clean = await host.cluster("leaks", "--against", file, "--registry", registry);
      equal(clean.exitCode, 0, clean.stdout);
      match(
        clean.stdout,
        /^\d+ logs of machines that libvirt keeps are not counted.*\nthe lab is as it was since /,
      );
      const strict = await host.cluster("leaks", "--against", file, "--logs", "--json");
      equal(strict.exitCode, 1);
      const { differences } = JSON.parse(strict.stdout) as { differences: { part: string; thing: string }[] };
      deepEqual([...new Set(differences.map(({ part }) => part))], ["logs"]);
    });

    it("compares no host with another", async () => {
      const file = join(host.folder, "other.json");
      await host.cluster("leaks", "--machine", "--save", file);
      const { exitCode, stderr } = await host.cluster("leaks", "--against", file);
      equal(exitCode, 1);
      match(stderr, /other\.json was made of this machine, and this is the lab: two hosts can't be compared/);
    });
  });
});
