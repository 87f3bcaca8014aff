import { deepEqual, doesNotMatch, match, notEqual, ok, rejects } from "node:assert/strict";
import { placements } from "../../../plan/placement.ts";
import type { ClusterPlan, HostPlan } from "../../../plan/types.ts";
import { joinSecondLab, type SecondLab } from "../../support/secondLab.ts";
import { type Config, makePlace, type Place, POOLS, type Stack } from "./support.ts";

const NODES = ["h-core01", "h-core02", "h-core03"] as const;
const CLIENT = "h-core-watch";

const parts = (node: string): string[] => [`${node}-disk`, `${node}-domain`, `${node}-ignition`];
const steps = (op: string, ...names: string[]): string[] => names.map((name) => `${name} ${op}`);
const machine = (op: string, node: string): string[] => steps(op, node, ...parts(node));
/** What each host has one of. */
const ground = (op: string, host: string): (string | RegExp)[] => [
  ...steps(op, ...["host", "pool", "provider"].map((what) => `machines-${what}@${host}`)),
  new RegExp(`^machines-base-[0-9a-f]{16}@${host} ${op}$`),
];

/** A cluster's members are rebuilt together, with a token of their own. */
const REBUILT = [
  ...steps("replace", "machines-discovery-token", ...NODES.flatMap(parts)),
  /^machines-discovery-[0-9a-f]{12} create$/,
  /^machines-discovery-[0-9a-f]{12} delete$/,
];

/** What a state has. Secrets in it are encrypted anew each time. */
const resourcesIn = (state: string): string[] =>
  (
    JSON.parse(state) as { deployment: { resources: { urn: string; id?: string; delete?: true }[] } }
  ).deployment.resources
    .map(({ urn, id = "", delete: going = false }) => `${urn} ${id} ${String(going)}`)
    .toSorted();

/** Two labs that are one network, each with a libvirtd of its own. Machines start, and boot nothing. */
describe("a cluster on several libvirt hosts", function () {
  this.timeout(240_000);
  let place: Place;
  let second: SecondLab;
  let stack: Stack;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    second = await joinSecondLab(place.context, place.folder);
    stack = await place.stack("hosts", on());
    await stack.pulumi("up");
  });
  after(async () => {
    await second.remove();
    await place.remove();
  });

  /** The plan of hosts, as plan/assemble.ts makes it of settings. */
  const spread =
    (hosts: readonly Omit<HostPlan, "pool" | "bridge">[]) =>
    ({ nodes, pool, bridge }: ClusterPlan): Partial<ClusterPlan> => {
      const where = (role: string): Map<string, string> => {
        const own = nodes.filter((node) => node.role === role).map(({ name }) => name);
        const found = placements(
          hosts,
          own.map(() => ({})),
        );
        return new Map(own.map((name, index) => [name, found[index] ?? ""]));
      };
      const all = new Map([...where("member"), ...where("client")]);
      return {
        hosts: hosts.map((host) => ({ ...host, pool, bridge })),
        nodes: nodes.map((node) => ({ ...node, host: all.get(node.name) ?? "" })),
      };
    };

  const FIRST = { name: "first", uri: "qemu:///system", weight: 1 };
  const other = (): typeof FIRST => ({ name: "second", uri: second.uri, weight: 1 });
  const on = (hosts: readonly (typeof FIRST)[] = [FIRST, other()], more: Partial<Config> = {}): Config => ({
    ...{ prefix: "h-core", nodes: 3, generation: "profiles", plan: spread(hosts) },
    ...more,
  });

  type Where = Pick<Place, "virsh">;
  const running = async (where: Where): Promise<string[]> =>
    (await where.virsh("list", "--name"))
      .split("\n")
      .filter((name) => name.trim() !== "")
      .sort();
  const both = async (): Promise<string[][]> => [await running(place), await running(second)];
  const uuid = async (where: Where, name: string): Promise<string> =>
    (await where.virsh("domuuid", name)).trim();
  const pools = async (where: Where): Promise<string> =>
    (await where.virsh("pool-list", "--all", "--name")).trim();

  /** Previews a change, makes it, and compares both with what is expected; and there is nothing more to do then. */
  async function becomes(config: Config, does: readonly (string | RegExp)[]): Promise<void> {
    stack.set(config);
    const announced = await stack.announced();
    deepEqual(await stack.done(), announced, "not what the preview announced");
    const fits = (step: string): boolean =>
      does.some((one) => (typeof one === "string" ? one === step : one.test(step)));
    deepEqual(
      [
        announced.filter((step) => !fits(step)),
        does.filter(
          (one) => !announced.some((step) => (typeof one === "string" ? one === step : one.test(step))),
        ),
      ],
      [[], []],
      `\n${announced.join("\n")}`,
    );
    await stack.pulumi("preview", "--expect-no-changes");
  }

  it("has each machine where the plan says, and nothing to change in the next run", async () => {
    deepEqual(await both(), [["h-core01", "h-core03"], ["h-core02"]]);
    await stack.pulumi("preview", "--expect-no-changes");
    await stack.pulumi("refresh", "--expect-no-changes");
  });

  it("calls a host by another URI without touching a machine", async () => {
    const respelled = second.uri.replace("qemu:", "qemu+unix:");
    await becomes(on([FIRST, { ...other(), uri: respelled }]), [
      ...steps("update", "machines-provider@second", "machines-host@second"),
    ]);
    await becomes(on(), steps("update", "machines-provider@second", "machines-host@second"));
  });

  it("adds and removes a machine without etcd on its host alone", async () => {
    const before = await uuid(second, "h-core02");
    await becomes(on(undefined, { clients: ["watch"] }), [
      ...machine("create", CLIENT),
      "machines-host@first update",
    ]);
    deepEqual(await both(), [[CLIENT, "h-core01", "h-core03"], ["h-core02"]]);
    await becomes(on(), [...machine("delete", CLIENT), "machines-host@first update"]);
    deepEqual(await uuid(second, "h-core02"), before);
  });

  it("rebuilds the members when weights put them on other hosts", async () => {
    await becomes(on([FIRST, { ...other(), weight: 3 }]), [
      ...REBUILT,
      ...steps("update", "machines-host@first", "machines-host@second"),
    ]);
    deepEqual(await both(), [["h-core02"], ["h-core01", "h-core03"]]);
  });

  it("leaves a host as it was when it is taken out, and takes a new one in", async () => {
    await becomes(on([FIRST]), [...REBUILT, ...ground("delete", "second"), "machines-host@first update"]);
    deepEqual(await both(), [[...NODES], []]);
    deepEqual([await pools(second), (await second.inside("ls", POOLS)).trim()], ["", ""]);
    await becomes(on(), [...REBUILT, ...ground("create", "second"), "machines-host@first update"]);
    deepEqual(await both(), [["h-core01", "h-core03"], ["h-core02"]]);
  });

  it("makes a machine again that vanished on the second host", async () => {
    const before = await uuid(second, "h-core02");
    await second.virsh("destroy", "h-core02");
    await second.virsh("undefine", "h-core02");
    await stack.pulumi("up", "--refresh");
    deepEqual(await both(), [["h-core01", "h-core03"], ["h-core02"]]);
    notEqual(await uuid(second, "h-core02"), before);
  });

  it("takes no host twice, by whatever ways", async () => {
    stack.set(on([FIRST, { ...other(), uri: "qemu+unix:///system" }]));
    await rejects(stack.pulumi("up"), /first \(qemu:\/\/\/system\) and second \(.*\) are one and the same/);
    // Nor by another name: what goes by the one before, and what is made by this, would be the same things.
    stack.set(on([FIRST, { ...other(), name: "renamed" }]));
    await rejects(stack.pulumi("up"), /renamed \(.*\) is one that this cluster is on already, as second \(/);
    deepEqual(await both(), [["h-core01", "h-core03"], ["h-core02"]]);
    stack.set(on());
    await stack.pulumi("preview", "--expect-no-changes");
  });

  it("goes from both hosts after a run that was killed in the middle", async () => {
    await stack.pulumi("destroy");
    deepEqual(await both(), [[], []]);
    ok(await stack.killAt("up", /h-core02-domain/), "the run ended too early");
    await stack.pulumi("cancel", "--yes");
    await stack.pulumi("destroy");
    deepEqual(await both(), [[], []]);
    deepEqual(await place.things(), []);
    deepEqual(await pools(second), "");
  });

  it("says which host does not answer before anything is made, and in destroy", async () => {
    await stack.pulumi("up");
    await second.die();
    const dead = /second \(qemu:\/\/\/system\?socket=\S+\): virsh .*/;
    for (const verb of ["preview", "up"])
      await rejects(stack.pulumi(verb), (error: Error) => {
        match(error.message, dead);
        doesNotMatch(error.message, /serializing property/);
        return true;
      });
    deepEqual(await running(place), ["h-core01", "h-core03"]);
    // Nor where no machine is to be there any more: what is left there could not be removed when all else was done.
    const state = async (): Promise<string> => (await stack.pulumi("stack", "export")).stdout;
    const before = await state();
    stack.set(on([FIRST]));
    for (const verb of ["preview", "up"])
      await rejects(stack.pulumi(verb), (error: Error) => {
        match(error.message, /last machines taken off 1 libvirt host, which does not answer/);
        match(error.message, dead);
        doesNotMatch(error.message, /serializing property/);
        return true;
      });
    deepEqual(resourcesIn(await state()), resourcesIn(before));
    deepEqual(await running(place), ["h-core01", "h-core03"]);
    await rejects(stack.pulumi("destroy"), (error: Error) => {
      match(error.message, /second/);
      match(error.message, /libvirt-sock/);
      return true;
    });
  });
});
