/**
 * A cluster with TLS over two libvirt hosts that are both behind ssh: two labs whose bridges are joined, a real sshd in each, and Pulumi in a
 * network namespace with a cable to either, from where no machine can be reached.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { ensureImage } from "../../lab/image/index.ts";
import { namespaceOf, processesIn, signal } from "../../lab/libvirt/processes.ts";
import type { LabContext } from "../../lab/shared/context.ts";
import { makePlace, type Place } from "../integration/program/support.ts";
import { type Picture, pictureOfLab } from "../support/leaks.ts";
import { makeOtherMachine, type OtherMachine } from "../support/otherMachine.ts";
import { differences } from "../support/picture.ts";
import { joinSecondLab, type SecondLab } from "../support/secondLab.ts";
import { describeLong } from "./guests.ts";
import { describeFault } from "./record.ts";
import { deleteVolume, destroyAndUndefine } from "./strikes.ts";

const checkout = join(import.meta.dirname, "../..");
const minutes = 60_000;

interface Shown {
  readonly exitCode: number | undefined;
  /** Name, domain, host and health. */
  readonly nodes: readonly string[];
}

describeLong("a cluster with TLS over two libvirt hosts behind ssh", function () {
  this.timeout(20 * minutes);
  let place: Place;
  let second: SecondLab | undefined;
  const machines: OtherMachine[] = [];
  let stack: Awaited<ReturnType<Place["program"]>>;
  let contexts: readonly LabContext[] = [];
  let untouched: readonly Picture[];

  before(async function () {
    this.timeout(40 * minutes); // on a machine where toolchain and image must be built
    place = await makePlace(async (context, folder) => {
      second = await joinSecondLab(context, folder);
      contexts = [context, second.context];
      for (const [name, lab] of Object.entries({ one: context, two: second.context })) {
        mkdirSync(join(folder, name));
        machines.push(await makeOtherMachine(lab, join(folder, name), machines));
      }
      const [{ here, uri }] = machines as [OtherMachine];
      return { enter: here, uri };
    });
    const image = await ensureImage(place.context);
    const [one, two] = machines as [OtherMachine, OtherMachine];
    const key = join(place.folder, "node-key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const config = {
      ...{ prefix: "far-core", nodes: 3, memory: 512, tls: "true", os: "lab" },
      image: {
        source: image.path,
        sha256: execFileSync("sha256sum", ["--", image.path], { encoding: "utf8" }).split(" ")[0],
      },
      bridge: place.host.bridge,
      domainType: place.host.domainType,
      discovery: { mode: "etcd", endpoint: place.host.registry },
      sshAuthorizedKeys: [readFileSync(`${key}.pub`, "utf8").trim()],
      hosts: [
        { name: "one", uri: one.uri },
        { name: "two", uri: two.uri },
      ],
    };
    const named = Object.entries(config).map(([name, value]) => [`coreos-cluster:${name}`, value]);
    stack = await place.program("far", checkout, Object.fromEntries(named) as Record<string, unknown>);
    untouched = await pictures();
  });
  after(async () => {
    for (const machine of machines.toReversed()) await machine.remove();
    await second?.remove();
    await place.remove();
  });

  const pictures = (): Promise<readonly Picture[]> => Promise.all(contexts.map(pictureOfLab));

  /** `npm run cluster -- WORDS` where Pulumi runs; no lab is up there. */
  const cluster = async (...words: string[]) => {
    const [file = "", ...args] = [
      ...(machines[0]?.here ?? []),
      process.execPath,
      "commands/main.ts",
      ...words,
    ];
    const { exitCode, stdout, all } = await execa(file, [...args, "--stack", "far"], {
      ...{ cwd: checkout, all: true, reject: false, stdin: "ignore" },
      env: {
        ...stack.env,
        NO_COLOR: "1",
        CLUSTER_LAB_DIR: join(place.folder, "no-lab"),
        LIBVIRT_DEFAULT_URI: machines[0]?.uri ?? "",
      },
    });
    return { exitCode, stdout, all };
  };
  const done = async (...words: string[]): Promise<string> => {
    const { exitCode, stdout, all } = await cluster(...words);
    equal(exitCode, 0, all);
    return stdout;
  };
  /** etcdctl where the machines are, by what `credentials` writes. */
  const etcdctl = (...words: string[]): Promise<string> =>
    place.inside(
      "sh",
      "-c",
      '. "$0/etcd.env"; export ETCDCTL_API=3; exec etcdctl "$@"',
      join(place.folder, "credentials"),
      ...words,
    );
  const put = (key: string): Promise<string> => etcdctl("put", `/far/${key}`, "kept");
  const has = async (key: string): Promise<void> => {
    equal((await etcdctl("get", `/far/${key}`, "--print-value-only")).trim(), "kept", key);
  };
  /** What a command says on a node, logged in through the hosts. */
  const onNode = async (name: string, command: string): Promise<string> => {
    const outputs = JSON.parse((await stack.pulumi("stack", "output", "--json")).stdout) as {
      sshCommands: Record<string, string>;
    };
    const key = join(place.folder, "node-key");
    const login = (outputs.sshCommands[name] ?? "").replace(
      /^ssh /,
      `ssh -i '${key}' -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR `,
    );
    const [file = "", ...args] = machines[0]?.here ?? [];
    const words = [...args, "sh", "-c", `${login} ${command}`];
    return (await execa(file, words, { env: stack.env, stdin: "ignore" })).stdout;
  };
  const shown = async (): Promise<Shown> => {
    const { exitCode, stdout, all } = await cluster("status", "--json");
    match(stdout, /^\{/, all);
    const { nodes } = JSON.parse(stdout) as {
      nodes: { name: string; domain: string; host: string; health: string }[];
    };
    return {
      exitCode,
      nodes: nodes.map(({ name, domain, host, health }) => `${name} ${domain} ${host} ${health}`),
    };
  };
  /** Runs `pulumi up`, and ends it with all that runs where Pulumi does as soon as something holds: as if that machine had lost its power. */
  const killedWhen = async (holds: () => Promise<boolean>): Promise<void> => {
    const [file = "", ...args] = machines[0]?.here ?? [];
    const up = ["pulumi", "--cwd", checkout, "up", "--yes", "--skip-preview", "--non-interactive"];
    const temporary = join(place.folder, "tmp"); // where plugins that are killed leave their sockets
    mkdirSync(temporary, { recursive: true });
    const env = { ...process.env, ...stack.env, TMPDIR: temporary };
    const child = spawn(file, [...args, ...up], { env, stdio: "ignore" });
    const ended = once(child, "close");
    for (let tries = 0; !(await holds()); tries++) {
      equal(child.exitCode, null, "it ended by itself");
      ok(tries < 600, "it did not come so far");
      await sleep(500);
    }
    const holder = Number(/--target=(\d+)/.exec(args.join(" "))?.[1]);
    const net = namespaceOf(holder, "net");
    ok(net !== undefined);
    for (const pid of processesIn({ net })) if (pid !== holder) signal(pid, "SIGKILL");
    await ended;
  };
  const HEALTHY: Shown = {
    exitCode: 0,
    nodes: [
      "far-core01 running one healthy",
      "far-core02 running two healthy",
      "far-core03 running one healthy",
    ],
  };

  it("becomes healthy through its hosts, and has nothing to change in the next run", async () => {
    const { stdout } = await stack.pulumi("up");
    match(stdout, /The machines can't be reached from here: they are asked through 198\.18\.77\.\d/);
    deepEqual(await shown(), HEALTHY);
    await stack.pulumi("preview", "--expect-no-changes");
  });

  it("is paused and resumed on both", async () => {
    const paused = await cluster("pause");
    equal(paused.exitCode, 0, paused.all);
    match((await shown()).nodes.join("\n"), /01 shut off one .*\n.*02 shut off two .*\n.*03 shut off one /);
    const resumed = await cluster("resume");
    equal(resumed.exitCode, 0, resumed.all);
    deepEqual(await shown(), HEALTHY);
  });

  describeFault(
    {
      fault: "one of two hosts behind ssh can't be reached any more: its sshd ends",
      recovery: "its members go on; `status` names the host; `up` changes nothing until it answers",
    },
    (trial) => {
      trial("under a cluster that runs", async (recover) => {
        const [, two] = machines as [OtherMachine, OtherMachine];
        await two.stopSshd();
        // Its member is asked through the other host.
        deepEqual(await shown(), {
          exitCode: 0,
          nodes: HEALTHY.nodes.map((node) => node.replace("02 running", "02 host silent")),
        });
        await stack.pulumi("up").then(
          () => Promise.reject(new Error("up did not fail")),
          (error: unknown) => {
            match(String(error), /two \(qemu\+ssh:[^]*no sshd answers at port 22/);
          },
        );
        await recover(async () => {
          await two.startSshd();
          await stack.pulumi("up");
          deepEqual(await shown(), HEALTHY);
        });
      });
    },
  );

  describeFault(
    {
      fault: "growth behind ssh is ended by SIGKILL, with all that Pulumi runs",
      recovery: "`pulumi cancel`, `pulumi up`",
    },
    (trial) => {
      trial("from 3 to 4, when the new member is listed", async (recover) => {
        const count = (key: string, value: number) =>
          stack.pulumi("config", "set", `coreos-cluster:${key}`, String(value));
        await done("credentials", "--out", join(place.folder, "credentials"));
        await put("grown");
        await count("bootstrapSize", 3);
        await count("nodes", 4);
        await killedWhen(async () => (await etcdctl("member", "list")).trim().split("\n").length === 4);
        await recover(async () => {
          await stack.pulumi("cancel", "--yes");
          await stack.pulumi("up");
        });
        const grown = { exitCode: 0, nodes: [...HEALTHY.nodes, "far-core04 running two healthy"] };
        deepEqual(await shown(), grown);
        await has("grown");
        await stack.pulumi("preview", "--expect-no-changes");
        await count("nodes", 3);
        await stack.pulumi("up");
        deepEqual(await shown(), HEALTHY);
        await has("grown");
      });
    },
  );

  describeFault(
    {
      fault: "a member of a cluster behind ssh loses its machine and its disk",
      recovery: "`replace`",
    },
    (trial) => {
      trial("the one on the second host", async (recover) => {
        const there = second;
        if (there === undefined) throw new Error("there is no second host");
        const virsh = (...words: string[]): Promise<string> => there.virsh(...words);
        await done("credentials", "--out", join(place.folder, "credentials"));
        await put("before");
        await destroyAndUndefine("far-core02", virsh);
        await deleteVolume("far-core", /core02-.*\.qcow2$/, virsh);
        await recover(() => done("replace", "far-core02"));
        deepEqual(await shown(), HEALTHY);
        await has("before");
        await stack.pulumi("preview", "--expect-no-changes");
      });
    },
  );

  describeFault(
    { fault: "a changed config is rolled over members behind ssh", recovery: "`roll`" },
    (trial) => {
      trial("a file more on each", async (recover) => {
        const snippet = join(place.folder, "rolled.yaml");
        writeFileSync(
          snippet,
          "storage:\n  files:\n    - path: /etc/rolled\n      filesystem: root\n      mode: 0644\n      contents: {inline: rolled}\n",
        );
        await stack.pulumi("config", "set", "--path", "coreos-cluster:snippets[0]", snippet);
        await put("rolled");
        await recover(() => done("roll"));
        deepEqual(await shown(), HEALTHY);
        for (const name of ["far-core01", "far-core02", "far-core03"])
          equal(await onNode(name, "cat /etc/rolled"), "rolled", name);
        await has("before");
        await has("rolled");
        await stack.pulumi("preview", "--expect-no-changes");
      });
    },
  );

  // A suite's own tests run before those of the suites in it.
  describe("in the end", () => {
    it("goes from both, and leaves nothing", async () => {
      await stack.pulumi("destroy");
      deepEqual(
        (await pictures()).map((now, nth) => differences(untouched[nth] as Picture, now)),
        [[], []],
      );
    });
  });
});
