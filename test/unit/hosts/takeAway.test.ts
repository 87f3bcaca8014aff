import { deepEqual, doesNotMatch, match, rejects } from "node:assert/strict";
import { type Ground, takeAway } from "../../../commands/hosts/takeAway.ts";
import { VirshError } from "../../../host/virsh.ts";

const OWNER = "0123456789abcdef0123456789abcdef";
const [NEAR, FAR] = ["qemu:///system", "qemu+ssh://far.example/system"];
const TOKEN = "http://registry.example/v2/keys/discovery/f00";

const command = (name: string, create: string, environment: object, stdout: string): object => ({
  urn: `urn:pulumi:dev::coreos-cluster::command:local:Command::${name}`,
  type: "command:local:Command",
  inputs: { create, environment },
  outputs: { stdout },
});
const stateOf = (...uris: unknown[]): string =>
  JSON.stringify({
    deployment: {
      resources: [
        ...uris.map((uri, index) =>
          command(
            `cluster-host@${index}`,
            "check",
            { LIBVIRT_URI: uri, OWNER, POOL: "a-core", DOMAINS: "a-core01" },
            "{}",
          ),
        ),
        command("cluster-discovery-abc", "obtain", { MODE: "etcd" }, TOKEN),
      ],
    },
  });
const STATE = stateOf(NEAR, FAR);
/** A secret as Pulumi writes it. */
const secret = (more: object) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ...more,
});

/** Test double of Pulumi and of hosts on which nothing is; it notes what it was told to do. */
function double({
  silent = [],
  broken = false,
  hidden,
}: {
  silent?: readonly string[];
  broken?: boolean;
  /** The state with its connections secret; `shows` where the secrets can be had. */
  hidden?: { shows: boolean };
}): {
  ground: Ground;
  done: string[];
} {
  const done: string[] = [];
  const note = (text: string): Promise<void> => {
    done.push(text);
    return Promise.resolve();
  };
  return {
    done,
    ground: {
      which: ["--stack", "my stack"],
      pulumi: async (...words) => {
        if (words[1] !== "export") await note(words.slice(0, 2).join(" "));
        if (hidden === undefined) return STATE;
        if (!words.includes("--show-secrets")) return stateOf(secret({ ciphertext: "v1:x" }), FAR);
        if (!hidden.shows) throw new Error("incorrect passphrase");
        return stateOf(secret({ plaintext: JSON.stringify(NEAR) }), FAR);
      },
      virsh:
        (uri) =>
        async (...words) => {
          if (silent.includes(uri)) throw new VirshError(`virsh --connect ${uri}: cannot connect`);
          if (words.join(" ") === "pool-list --all --uuid") await note(`sweep ${uri}`);
          return "";
        },
      settle: () => note("settle"),
      destroy: async () => {
        await note("destroy");
        if (broken) throw new Error("pulumi destroy failed: so and so");
        return "all is gone";
      },
      release: ({ url }) => note(`release ${url}`),
    },
  };
}

async function taken(ground: Ground, force: boolean): Promise<string> {
  const told: string[] = [];
  const tell = (text: string): void => void told.push(text);
  await takeAway(ground, { force, tell, warn: tell });
  return told.join("\n");
}

describe("taking a stack away", () => {
  for (const force of [false, true])
    it(`is Pulumi's work where all hosts answer${force ? ", also with --force" : ""}`, async () => {
      const { ground, done } = double({});
      deepEqual([await taken(ground, force), done], ["all is gone", ["destroy"]]);
    });

  it("does nothing where one host is silent, and says what can be typed", async () => {
    const { ground, done } = double({ silent: [FAR] });
    await rejects(taken(ground, false), {
      name: "UserError",
      message: [
        `the libvirt host ${FAR} does not answer: virsh --connect ${FAR}: cannot connect`,
        "Nothing has been destroyed. If the host is gone, for good or for long, forget the cluster, and be told what stays there:",
        "  npm run cluster -- destroy --stack 'my stack' --force",
      ].join("\n"),
    });
    deepEqual(done, []);
  });

  it("sweeps with --force what answers, forgets the state, and tells what stays where", async () => {
    const { ground, done } = double({ silent: [FAR] });
    const told = await taken(ground, true);
    deepEqual(done, ["settle", `sweep ${NEAR}`, `release ${TOKEN}`, "state delete"]);
    match(told, /^There is nothing of that owner on qemu:\/\/\/system\.$/m);
    match(told, /^On qemu\+ssh:\/\/far\.example\/system:$/m);
    match(told, new RegExp(`destroy --owner ${OWNER} --connect qemu\\+ssh://far\\.example/system$`, "m"));
    doesNotMatch(told, /^On qemu:\/\/\/system:$/m);
  });

  it("asks the host itself where its connection is secret in the state", async () => {
    const { ground, done } = double({ silent: [NEAR], hidden: { shows: true } });
    await rejects(taken(ground, false), /^UserError: the libvirt host qemu:\/\/\/system does not answer: /);
    deepEqual(done, []);
    const told = await taken(ground, true);
    deepEqual(done, ["settle", `sweep ${FAR}`, `release ${TOKEN}`, "state delete"]);
    match(told, /^On qemu:\/\/\/system:$/m);
    doesNotMatch(told, /Nothing of it is left/);
  });

  it("asks nobody in place of a host whose secret connection can't be read", async () => {
    const { ground, done } = double({ hidden: { shows: false } });
    await rejects(taken(ground, false), {
      message:
        /^the host 0, whose connection is secret, can't be asked: incorrect passphrase\nNothing has been/,
    });
    deepEqual(done, []);
    const told = await taken(ground, true);
    deepEqual(done, ["settle", `sweep ${FAR}`, `release ${TOKEN}`, "state delete"]);
    match(told, /^On the host 0, whose connection is secret:\n {2}machines: none\n {2}pool: +a-core$/m);
    match(told, new RegExp(`^Keep this, or at least: .* --owner ${OWNER} --connect URI$`, "m"));
    doesNotMatch(told, /Nothing of it is left/);
  });

  it("sweeps and forgets with --force, too, what Pulumi can't destroy", async () => {
    const { ground, done } = double({ broken: true });
    await rejects(taken(ground, false), /pulumi destroy failed: so and so/);
    deepEqual(done.splice(0), ["destroy"]);
    const told = await taken(ground, true);
    deepEqual(done, [
      ...["destroy", "settle", `sweep ${NEAR}`, `sweep ${FAR}`, `release ${TOKEN}`, "state delete"],
    ]);
    match(told, /so and so\nPulumi can't destroy it/);
    match(told, /^Nothing of it is left on its hosts\.$/m);
  });
});
