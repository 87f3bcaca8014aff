import { deepEqual, equal, ok } from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../lab/shared/process.ts";
import type { ClusterPlan, NodePlan } from "../../../plan/types.ts";
import { type Config, makePlace, type Place, POOLS, type Stack } from "./support.ts";

const START: Config = { prefix: "r-core", generation: "profiles" };
const WATCHED: Config = { ...START, clients: ["watch"] };
const HOST = "machines-host update";

const steps = (op: string, ...names: string[]): string[] => names.map((name) => `${name} ${op}`);
const parts = (node: string): string[] => [`${node}-disk`, `${node}-domain`, `${node}-ignition`];
const machine = (op: string, node: string): string[] => steps(op, node, ...parts(node));
const domains = (op: string): string[] => steps(op, "r-core01-domain", "r-core02-domain");

/** All members with fresh disks and a token of their own. */
const REBUILT = [
  ...steps("replace", "machines-discovery-token", ...parts("r-core01"), ...parts("r-core02")),
  /^machines-discovery-[0-9a-f]{12} create$/,
  /^machines-discovery-[0-9a-f]{12} delete$/,
];

const node =
  (name: string, change: Partial<NodePlan>) =>
  ({ nodes }: ClusterPlan): Partial<ClusterPlan> => ({
    nodes: nodes.map((each) => (each.name === name ? { ...each, ...change } : each)),
  });

const snippet = {
  source: "motd.yaml",
  path: "/motd.yaml",
  text: "storage:\n  files:\n    - path: /etc/motd\n      filesystem: root\n      mode: 0644\n      contents: { inline: hello }\n",
};

interface Row {
  readonly change: string;
  readonly to: (place: Place) => Config | Promise<Config>;
  readonly does: readonly (string | RegExp)[];
}

/** Each row starts where the one before it ended. */
const TABLE: readonly Row[] = [
  { change: "nothing", to: () => START, does: [] },
  {
    change: "the readiness time-out",
    to: () => ({ ...START, plan: () => ({ readinessTimeout: 90 }) }),
    does: [],
  },
  {
    change: "the registry's name: members that are there have found each other",
    to: ({ host }) => ({
      ...START,
      plan: () => ({
        discovery: { mode: "etcd", endpoint: host.registry.replace("10.77.0.1", "registry.lab") },
      }),
    }),
    does: [],
  },
  { change: "the registry's name, back", to: () => START, does: [] },
  {
    change: "the image's path",
    to: (place) => {
      cpSync(place.image, join(place.folder, "moved.qcow2"));
      return { ...START, image: join(place.folder, "moved.qcow2") };
    },
    does: [],
  },
  {
    change: "new content at the same path: a base beside the old one, which goes last",
    to: async (place) => {
      const image = join(place.folder, "moved.qcow2");
      await run("qemu-img", ["create", "-q", "-f", "qcow2", image, "63M"]);
      return { ...START, image };
    },
    does: [...REBUILT, /^machines-base-\w+ create$/, /^machines-base-\w+ delete$/],
  },
  {
    change: "the image back",
    to: () => START,
    does: [...REBUILT, /^machines-base-\w+ create$/, /^machines-base-\w+ delete$/],
  },
  {
    change: "autostart",
    to: () => ({ ...START, plan: () => ({ autostart: true }) }),
    does: domains("update"),
  },
  { change: "autostart, back", to: () => START, does: domains("update") },
  {
    change: "memory: machines over the disks that are there",
    to: () => ({ ...START, memory: 72 }),
    does: domains("replace"),
  },
  { change: "memory, back", to: () => START, does: domains("replace") },
  {
    change: "the bridge",
    to: async (place) => {
      await place.inside("ip", "link", "add", "other", "type", "bridge");
      return { ...START, plan: () => ({ bridge: "other" }) };
    },
    does: domains("replace"),
  },
  { change: "the bridge, back", to: () => START, does: domains("replace") },
  {
    change: "one member's MAC, which is in its config",
    to: () => ({ ...START, plan: node("r-core02", { mac: "52:54:00:00:00:02" }) }),
    does: REBUILT,
  },
  { change: "the MAC, back", to: () => START, does: REBUILT },
  {
    change: "a machine without etcd comes",
    to: () => ({ ...START, clients: ["build"] }),
    does: [...machine("create", "r-core-build"), HOST],
  },
  {
    change: "another one comes",
    to: () => ({ ...START, clients: ["build", "watch"] }),
    does: [...machine("create", "r-core-watch"), HOST],
  },
  {
    change: "the first of them goes",
    to: () => WATCHED,
    does: [...machine("delete", "r-core-build"), HOST],
  },
  {
    change: "the disk's size of the one without etcd",
    to: () => ({ ...WATCHED, plan: node("r-core-watch", { diskSize: 2 ** 27 }) }),
    does: steps("replace", ...parts("r-core-watch")),
  },
  {
    change: "a snippet for the one without etcd",
    to: () => ({ ...WATCHED, plan: node("r-core-watch", { snippets: [snippet] }) }),
    does: steps("replace", ...parts("r-core-watch")),
  },
  { change: "it goes, too", to: () => START, does: [...machine("delete", "r-core-watch"), HOST] },
  {
    change: "a snippet for one member: its cluster is made anew",
    to: () => ({ ...START, plan: node("r-core02", { snippets: [snippet] }) }),
    does: REBUILT,
  },
  { change: "the snippet goes", to: () => START, does: REBUILT },
  {
    change: "the disks' size",
    to: () => ({
      ...START,
      plan: ({ nodes }) => ({ nodes: nodes.map((each) => ({ ...each, diskSize: 2 ** 27 })) }),
    }),
    does: REBUILT,
  },
  { change: "the disks' size, back", to: () => START, does: REBUILT },
  {
    change: "the number of members: a token is for one size",
    to: () => ({ ...START, nodes: 3 }),
    does: [...REBUILT, ...machine("create", "r-core03"), HOST],
  },
  { change: "fewer members", to: () => START, does: [...REBUILT, ...machine("delete", "r-core03"), HOST] },
  {
    change: "the prefix: all machines, the pool and the base",
    to: () => ({ ...START, prefix: "s-core" }),
    does: [
      ...["s-core01", "s-core02"].flatMap((name) => machine("create", name)),
      ...["r-core01", "r-core02"].flatMap((name) => machine("delete", name)),
      ...steps("replace", "machines-discovery-token", "machines-pool"),
      /^machines-discovery-[0-9a-f]{12} create$/,
      /^machines-discovery-[0-9a-f]{12} delete$/,
      /^machines-base-\w+ replace$/,
      HOST,
    ],
  },
];

/** Whether the steps are those of the row, each matched once. */
function compare(actual: readonly string[], expected: Row["does"]): void {
  const patterns = expected.filter((step) => step instanceof RegExp);
  const words = actual.filter((step) => !patterns.some((pattern) => pattern.test(step)));
  deepEqual(words, expected.filter((step) => typeof step === "string").toSorted());
  for (const pattern of patterns)
    equal(actual.filter((step) => pattern.test(step)).length, 1, String(pattern));
}

describe("what a change does is what its preview says", function () {
  this.timeout(120_000);
  let place: Place;
  let stack: Stack;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    stack = await place.stack("change", START);
    await stack.pulumi("up");
  });
  after(async () => {
    await stack.pulumi("destroy");
    deepEqual(await place.things(), []);
    await place.remove();
  });

  /** By domain: its UUID, which is another one after a replacement. */
  const uuids = async (): Promise<Map<string, string>> => {
    const names = (await place.virsh("list", "--all", "--name")).trim().split(/\s+/);
    const found = new Map<string, string>();
    for (const name of names) found.set(name, (await place.virsh("domuuid", name)).trim());
    return found;
  };

  for (const { change, to, does } of TABLE)
    it(change, async () => {
      const before = await uuids();
      stack.set(await to(place));
      const announced = await stack.announced();
      compare(announced, does);
      deepEqual(await stack.done(), announced);
      // What the host says of it.
      const after = await uuids();
      for (const [name, uuid] of before) {
        const touched = [`${name}-domain replace`, `${name}-domain delete`].some((step) =>
          does.includes(step),
        );
        equal(
          after.get(name) === uuid,
          !touched,
          `${name} ${touched ? "is" : "is not"} to be another machine`,
        );
      }
      deepEqual(await stack.announced(), []);
    });

  it("leaves no old disk and no second base behind", async () => {
    const prefix = "s-core";
    const files = (await place.inside("ls", `${POOLS}/${prefix}`)).trim().split(/\s+/);
    equal(files.length, 5, files.join(" "));
    equal(files.filter((file) => file.startsWith("base-")).length, 1);
    ok(files.every((file) => file.startsWith(prefix) || file.startsWith("base-")));
  });
});
