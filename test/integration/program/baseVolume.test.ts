import { deepEqual, match, ok, rejects } from "node:assert/strict";
import { makePlace, type Config, type Place } from "./support.ts";

const POOL = "images";
const VOLUME = "flatcar.qcow2";

const over = (prefix: string, volume: Partial<{ pool: string; name: string }> = {}): Config => ({
  prefix,
  plan: () => ({ image: { kind: "volume", pool: POOL, name: VOLUME, ...volume } }),
});

describe("disks over a volume that is on the host already", function () {
  this.timeout(300_000);
  let place: Place;
  let path: string;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    await place.virsh("pool-define-as", POOL, "dir", "--target", "/var/lib/libvirt/images-of-others");
    await place.virsh("pool-build", POOL);
    await place.virsh("pool-start", POOL);
    await place.virsh("vol-create-as", POOL, VOLUME, "32M", "--format", "qcow2");
    path = (await place.virsh("vol-path", VOLUME, "--pool", POOL)).trim();
  });
  after(() => place.remove());

  /** What the pool's folder holds, byte for byte. */
  const content = (): Promise<string> =>
    place.inside("sh", "-c", 'cd "$1" && sha256sum *', "-", path.replace(/\/[^/]*$/, ""));

  it("are two stacks' at once, and neither changes it or takes it away", async () => {
    const before = await content();
    const one = await place.stack("one", over("one-core"));
    const two = await place.stack("two", over("two-core"));
    await Promise.all([one.pulumi("up"), two.pulumi("up")]);
    for (const name of ["one-core01", "two-core02"]) {
      const xml = await place.virsh("dumpxml", name);
      match(
        xml,
        new RegExp(`<backingStore type='file'[^>]*>\\s*<format type='qcow2'/>\\s*<source file='${path}'`),
      );
      match(xml, /<disk type='file' device='disk'>/);
    }
    ok(!(await place.virsh("vol-list", "one-core")).includes("base-"));
    await one.pulumi("preview", "--expect-no-changes");
    await one.pulumi("refresh", "--expect-no-changes");

    await one.pulumi("destroy");
    deepEqual((await place.virsh("list", "--name")).trim().split(/\s+/).toSorted(), [
      "two-core01",
      "two-core02",
    ]);
    two.set({ ...over("two-core"), generation: "two" });
    await two.pulumi("up");
    await two.pulumi("destroy");
    deepEqual(await content(), before);
    deepEqual(await place.things(), [`pool ${POOL}`]);
  });

  it("is looked at again before disks become smaller than it, and the machines stay", async () => {
    const stack = await place.stack("shrunk", over("four-core"));
    await stack.pulumi("up");
    const uuid = await place.virsh("domuuid", "four-core01");
    stack.set({
      ...over("four-core"),
      plan: ({ nodes }) => ({
        image: { kind: "volume", pool: POOL, name: VOLUME },
        nodes: nodes.map((node) => ({ ...node, diskSize: 2 ** 24 })),
      }),
    });
    await rejects(stack.pulumi("up"), /is a disk of 33554432 bytes, and diskSize is only 16777216/);
    deepEqual(await place.virsh("domuuid", "four-core01"), uuid);
    stack.set(over("four-core"));
    await stack.pulumi("up");
    await stack.pulumi("destroy");
  });

  const WRONG: readonly (readonly [string, Config, RegExp])[] = [
    [
      "there is no such volume",
      over("three-core", { name: "fedora.qcow2" }),
      /The storage pool "images" on qemu:\/\/\/system has no volume "fedora.qcow2" \(baseVolume\). There: flatcar.qcow2/,
    ],
    [
      "there is no such pool",
      over("three-core", { pool: "elsewhere" }),
      /in the storage pool "elsewhere", which qemu:\/\/\/system does not have. There: /,
    ],
    [
      "the disk is smaller than it",
      {
        ...over("three-core"),
        plan: (plan) => ({
          image: { kind: "volume", pool: POOL, name: VOLUME },
          nodes: plan.nodes.map((node) => ({ ...node, diskSize: 2 ** 24 })),
        }),
      },
      /is a disk of 33554432 bytes, and diskSize is only 16777216.*Set diskSize to 1GiB/s,
    ],
  ];
  for (const [what, config, message] of WRONG)
    it(`stop before a machine is made when ${what}`, async () => {
      const stack = await place.stack(what.replaceAll(" ", "-"), config);
      await rejects(stack.pulumi("up"), message);
      ok(!(await place.things()).some((thing) => thing.startsWith("domain ")));
      await stack.pulumi("destroy");
      deepEqual(await place.things(), [`pool ${POOL}`]);
    });
});
