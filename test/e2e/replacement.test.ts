/**
 * What a change of the config does to real machines: for each, the preview and what then happens name the same
 * operations, and each node is left alone, started anew over its disk, or rebuilt, as docs/replacement.md says.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { describeLeavingNothing } from "../support/leaks.ts";
import { stepsIn } from "../support/steps.ts";
import type { NodeOutput } from "./checks.ts";
import { endLab, npm, removeLab } from "./support.ts";

const STACK = "rows";
const minutes = 60_000;

/** What became of a machine. `started`: a new domain over the old disk; `rebuilt`: with a fresh disk. */
type Fate = "alone" | "started" | "rebuilt" | "new" | "gone";

interface Node {
  readonly domainId: string;
  readonly bootId: string;
  /** Whether the mark that was left on its disk is still there. */
  readonly marked: boolean;
}

interface Cluster {
  readonly nodes: ReadonlyMap<string, Node>;
  /** etcd's own id of the cluster: another one after each bootstrap. */
  readonly id: string;
  /** Whether the key that was written before is still there. */
  readonly data: boolean;
}

async function cluster(...args: string[]): Promise<string> {
  const [verb = "", ...rest] = args;
  const { exitCode, stdout, all } = await npm("cluster", verb, "--stack", STACK, ...rest);
  if (exitCode !== 0) throw new Error(`${args.join(" ")} exited with ${exitCode}:\n${all}`);
  return stdout;
}

const pulumi = (...args: string[]): Promise<string> =>
  cluster("exec", "pulumi", ...args, "--non-interactive");

/** Sets config values; a key with dots or brackets is a path. `undefined` takes a value out. */
async function configure(values: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) await pulumi("config", "rm", "--path", key);
    else await pulumi("config", "set", "--path", key, value);
  }
}

/** What a preview announces or an `up` does, each resource once: `replace rows-a-domain`, in the order of the alphabet. */
async function operations(verb: "preview" | "up", folder: string): Promise<string[]> {
  const events = join(folder, `${verb}.json`);
  await rm(events, { force: true });
  // The option is hidden without the variable: what the engine does, an event a line, for a preview as for a run.
  const options = ["--event-log", events, ...(verb === "up" ? ["--yes", "--skip-preview"] : [])];
  await cluster("exec", "env", "PULUMI_DEBUG_COMMANDS=1", "pulumi", verb, ...options, "--non-interactive");
  return stepsIn(readFileSync(events, "utf8"))
    .map(({ name, op }) => `${op} ${name}`)
    .sort();
}

const ssh = (node: string, command: string): Promise<string> => cluster("ssh", node, command);

async function look(): Promise<Cluster> {
  const outputs = JSON.parse(await pulumi("stack", "output", "--json")) as {
    nodes: NodeOutput[];
    etcdEndpoints: string[];
  };
  const nodes = new Map<string, Node>();
  for (const { name, domainId } of outputs.nodes) {
    const answer = await ssh(name, "cat /proc/sys/kernel/random/boot_id; ls /var/marked 2>/dev/null; true");
    const [bootId = "", mark] = answer.trim().split("\n");
    nodes.set(name, { domainId, bootId, marked: mark !== undefined });
  }
  const get = ["get", "/e2e/rows", "--consistency=l", "-w", "json"];
  const answer = await cluster("exec", "etcdctl", "--endpoints", outputs.etcdEndpoints.join(","), ...get);
  // The id is larger than JavaScript's numbers are exact.
  const id = /"cluster_id":(\d+)/.exec(answer)?.[1] ?? "";
  assert.notEqual(id, "", answer);
  return { nodes, id, data: answer.includes(Buffer.from("kept").toString("base64")) };
}

/** Leaves a mark on each node's disk and in etcd. */
async function mark(): Promise<void> {
  const { nodes, etcdEndpoints } = JSON.parse(await pulumi("stack", "output", "--json")) as {
    nodes: NodeOutput[];
    etcdEndpoints: string[];
  };
  for (const { name } of nodes) await ssh(name, "sudo touch /var/marked && sync");
  await cluster("exec", "etcdctl", "--endpoints", etcdEndpoints.join(","), "put", "/e2e/rows", "kept");
}

function fate(before: Node | undefined, after: Node | undefined): Fate {
  if (before === undefined) return "new";
  if (after === undefined) return "gone";
  if (after.bootId === before.bootId) return "alone";
  return after.marked ? "started" : "rebuilt";
}

interface Row {
  readonly change: string;
  readonly config: () => Readonly<Record<string, string | undefined>>;
  /** Runs before the config is set. */
  readonly prepare?: () => Promise<unknown>;
  readonly fates: Readonly<Record<string, Fate>>;
  /** Whether it is the same etcd cluster after it, with its data. */
  readonly sameCluster: boolean;
  /** The operations where the change is so small that they can be listed. */
  readonly operations?: readonly string[];
}

const snippet = (text: string): string => `storage:
  files:
    - path: /etc/${text}
      filesystem: root
      mode: 0644
      contents:
        inline: ${text}
`;

describeLeavingNothing("what a change of the config does to the machines", function () {
  this.timeout(10 * minutes);
  let folder: string;
  let image: string;

  const convert = (...options: string[]): Promise<unknown> =>
    execa("qemu-img", ["convert", "-O", "qcow2", ...options, image, join(folder, "image.qcow2")]);

  before(async () => {
    await removeLab();
    folder = await mkdtemp(join(tmpdir(), "rows-"));
    const { exitCode, all } = await npm("cluster", "lab", "up");
    assert.equal(exitCode, 0, all);
    image = (await pulumi("config", "get", "--path", "image.source")).trim();
    await convert();
    await execa("cp", [join(folder, "image.qcow2"), join(folder, "copy.qcow2")]);
    writeFileSync(join(folder, "one.yaml"), snippet("one"));
    await configure({
      prefix: "rows-",
      "nodes.rows-a.role": "member",
      "nodes.rows-z.role": "client",
      "image.source": join(folder, "image.qcow2"),
      "image.sha256": undefined,
      "image.insecure": "true",
    });
    await pulumi("up", "--yes", "--skip-preview");
  });

  after(async () => {
    await endLab(STACK);
    await rm(folder, { recursive: true, force: true });
  });

  // A row's config is made when it runs: it names files of the suite's folder.
  const rows: readonly Row[] = [
    {
      change: "no change",
      config: () => ({}),
      fates: { "rows-a": "alone", "rows-z": "alone" },
      sameCluster: true,
      operations: [],
    },
    {
      change: "another time-out, and the same image at another path",
      config: () => ({ readinessTimeout: "1700", "image.source": join(folder, "copy.qcow2") }),
      fates: { "rows-a": "alone", "rows-z": "alone" },
      sameCluster: true,
      operations: ["update cluster-readiness"],
    },
    {
      change: "more memory for one member",
      config: () => ({ "nodes.rows-a.memory": "320MiB" }),
      fates: { "rows-a": "started", "rows-z": "alone" },
      sameCluster: true,
      operations: ["update cluster-readiness", "replace rows-a-domain"],
    },
    {
      change: "a snippet for one client",
      config: () => ({ "nodes.rows-z.snippets[0]": join(folder, "one.yaml") }),
      fates: { "rows-a": "alone", "rows-z": "rebuilt" },
      sameCluster: true,
      operations: [
        "update cluster-readiness",
        "replace rows-z-disk",
        "replace rows-z-domain",
        "replace rows-z-ignition",
      ],
    },
    {
      change: "one client more",
      config: () => ({ "nodes.rows-y.role": "client" }),
      fates: { "rows-a": "alone", "rows-y": "new", "rows-z": "alone" },
      sameCluster: true,
    },
    {
      change: "both clients less",
      config: () => ({ "nodes.rows-y": undefined, "nodes.rows-z": undefined }),
      fates: { "rows-a": "alone", "rows-y": "gone", "rows-z": "gone" },
      sameCluster: true,
    },
    {
      change: "another profile",
      config: () => ({ profiles: "base,metadata-local,etcd,etcd-debug" }),
      fates: { "rows-a": "rebuilt" },
      sameCluster: false,
    },
    {
      change: "other content at the image's path",
      config: () => ({ "image.source": join(folder, "image.qcow2") }),
      prepare: () => convert("-o", "cluster_size=128k"),
      fates: { "rows-a": "rebuilt" },
      sameCluster: false,
    },
    {
      change: "one member more",
      config: () => ({ "nodes.rows-b.role": "member" }),
      fates: { "rows-a": "rebuilt", "rows-b": "new" },
      sameCluster: false,
    },
    {
      change: "members that are told of each other by name, without a registry",
      config: () => ({ "discovery.endpoint": undefined, "discovery.mode": "static" }),
      fates: { "rows-a": "rebuilt", "rows-b": "rebuilt" },
      sameCluster: false,
    },
    {
      change: "another prefix",
      config: () => ({ nodes: "1", prefix: "others-" }),
      fates: { "rows-a": "gone", "rows-b": "gone", "others-01": "new" },
      sameCluster: false,
    },
  ];

  for (const row of rows) {
    it(row.change, async () => {
      await mark();
      const before = await look();
      await row.prepare?.();
      await configure(row.config());
      const planned = await operations("preview", folder);
      assert.deepEqual(await operations("up", folder), planned);
      if (row.operations !== undefined) assert.deepEqual(planned, [...row.operations].sort());
      const after = await look();
      const names = [...new Set([...before.nodes.keys(), ...after.nodes.keys()])].sort();
      const fates = names.map((name) => [name, fate(before.nodes.get(name), after.nodes.get(name))]);
      assert.deepEqual(Object.fromEntries(fates), row.fates);
      assert.deepEqual(
        { id: after.id === before.id, data: after.data },
        { id: row.sameCluster, data: row.sameCluster },
      );
      await pulumi("preview", "--expect-no-changes");
    });
  }
});
