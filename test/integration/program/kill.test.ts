import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { makePlace, type Place, type Stack } from "./support.ts";

/** Points of a run, by what it has just said. */
const POINTS: readonly [string, RegExp][] = [
  ["before the first thing is made", /machines-owner creat/],
  ["while the host is asked", /machines-host creating/],
  ["while the pool is made", /machines-pool creating/],
  ["while the base image goes up", /machines-base-\w+ creating/],
  ["while a disk is made", /k-core01-disk creating/],
  ["while a machine starts", /k-core01-domain creating/],
  ["when a machine has started", /k-core0\d-domain created/],
];

describe("a run that was killed", function () {
  this.timeout(10 * 60_000);
  let place: Place;
  let stack: Stack;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    stack = await place.stack("kill", { prefix: "k-core" });
  });
  after(() => place.remove());
  afterEach(async () => {
    await stack.pulumi("destroy");
    deepEqual(await place.things(), []);
  });

  /** The lock of the backend outlives its holder. */
  const unlock = () => stack.pulumi("cancel", "--yes");

  for (const [when, point] of POINTS)
    it(`${when}: the next one ends well, and nothing is left in the end`, async () => {
      ok(await stack.killAt("up", point), "it ended before that point");
      await unlock();
      await stack.pulumi("up");
      await stack.pulumi("preview", "--expect-no-changes");
      equal((await place.virsh("list", "--name")).trim().split(/\s+/).length, 2);
    });

  for (const [when, point] of POINTS)
    it(`${when}: destroy leaves nothing`, async () => {
      ok(await stack.killAt("up", point), "it ended before that point");
      await unlock();
      // afterEach: destroy, and look
    });

  it("while a cluster is made anew: the next one ends well", async () => {
    await stack.pulumi("up");
    for (const [generation, point] of [
      ["two", /k-core01-domain deleting/],
      ["three", /k-core01-disk creating replacement/],
      ["four", /k-core01-domain creating replacement/],
    ] as const) {
      stack.set({ prefix: "k-core", generation });
      ok(await stack.killAt("up", point), `it ended before ${String(point)}`);
      await unlock();
      await stack.pulumi("up");
      await stack.pulumi("preview", "--expect-no-changes");
    }
    stack.set({ prefix: "k-core" });
  });

  it("while all is destroyed: the next destroy leaves nothing", async () => {
    await stack.pulumi("up");
    ok(await stack.killAt("destroy", /machines-host deleting/), "it ended before that point");
    await unlock();
  });

  it("while all is destroyed: up says that the destroy comes first, and makes no machine on what is left", async () => {
    await stack.pulumi("up");
    // Machines that boot nothing register with nobody: it is done for them.
    const tokens = `${place.host.registry}/v2/keys/discovery`;
    const [, token = ""] =
      /"key":"\/discovery\/([0-9a-f]{32})"/.exec(await place.inside("curl", "-s", tokens)) ?? [];
    for (const name of ["k-core01", "k-core02"])
      await place.inside(
        "curl",
        "-sf",
        "-XPUT",
        `${tokens}/${token}/${name}`,
        "-d",
        `value=${name}=http://10.77.0.9:2380`,
      );
    ok(await stack.killAt("destroy", /machines-discovery-one deleting/), "it ended before that point");
    await unlock();
    await rejects(stack.pulumi("up"), (error: Error) => {
      match(
        error.message,
        /k-core0\d would get an empty disk, and its etcd could not join the others: .*(has used .* before|not in its registry any more)/,
      );
      match(error.message, /Bring it to its end with `pulumi destroy`; then `pulumi up` makes a new cluster/);
      return true;
    });
    await stack.pulumi("destroy");
    deepEqual(await place.things(), []);
    await stack.pulumi("up");
    await stack.pulumi("preview", "--expect-no-changes");
  });
});
