/** The look at the host before `pulumi up` makes its first thing there, on a real one whose faults are real. */
import assert from "node:assert/strict";
import type { ClusterPlan } from "../../../plan/types.ts";
import { lines } from "../../../host/virsh.ts";
import { type Config, makePlace, type Place } from "./support.ts";

const GIB = 2 ** 30;

describe("before up", function () {
  this.timeout(30 * 60_000); // on a machine where the toolchain must be built
  let place: Place;
  before(async () => {
    place = await makePlace();
  });
  after(() => place.remove());

  const failure = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => assert.fail("it went well"),
      (reason: unknown) => reason,
    );
    return error instanceof Error ? error.message : String(error);
  };

  it("tells all that is wrong with the host at once, and makes nothing there", async () => {
    const before = await place.things();
    const strange = [
      "<domain type='qemu'><name>b-core02</name><memory>1024</memory>",
      "<os><type>hvm</type></os></domain>",
    ];
    await place.inside(
      "sh",
      "-c",
      `printf %s "$1" >/tmp/strange.xml && virsh -q define /tmp/strange.xml`,
      "sh",
      strange.join(""),
    );
    const plan = ({ nodes }: ClusterPlan): Partial<ClusterPlan> => ({
      bridge: "nosuch0",
      nodes: nodes.map((node) => ({ ...node, memory: 2 ** 20 * 16 })),
    });
    const stack = await place.stack("before", { prefix: "b-core", plan });
    try {
      const text = await failure(stack.pulumi("up"));
      assert.match(text, /can't carry this cluster: 3 problems; nothing has been made there/);
      assert.match(
        text,
        /✖ the host has no bridge nosuch0; it has br0\n.*\n\s+→ pulumi config set bridge br0/,
      );
      assert.match(text, /✖ .* of memory.*, and one machine is to have 16384 GiB/);
      assert.match(text, /✖ There is already a domain "b-core02" on .*it carries no mark of a cluster/);
    } finally {
      await place.virsh("undefine", "b-core02");
    }
    assert.deepEqual(await place.things(), before);

    // The bridge that is there, and is down.
    await place.inside("ip", "link", "add", "down0", "type", "bridge");
    try {
      stack.set({ prefix: "b-core", plan: () => ({ bridge: "down0" }) });
      const down = await failure(stack.pulumi("up"));
      assert.match(down, /1 problem; .*\n\s+✖ the bridge down0 is down\n.*\n\s+→ ip link set dev down0 up/);
    } finally {
      await place.inside("ip", "link", "del", "down0");
    }
    assert.deepEqual(await place.things(), before);
  });

  it("shows a warning, goes on, and asks nothing in the next run", async () => {
    // Emulated machines that write to all of their memory would not fit; these don't.
    const memory = Math.round(
      Number(await place.inside("awk", "/MemTotal/ { print $2 }", "/proc/meminfo")) * 1024 * 0.55,
    );
    const config = { prefix: "w-core", memory: Math.round(memory / 2 ** 20) };
    const stack = await place.stack("warned", { ...config, plan: () => ({ domainType: "qemu" }) });
    const { stdout } = await stack.pulumi("up");
    assert.match(stdout, /warning: .* of .* free\n.*2 machines take .* more than the host has at all/);
    assert.ok(memory > GIB / 4);
    // What the host was checked for is another now; the Command is not run again for it.
    stack.set({ ...config, plan: () => ({ domainType: "qemu", readinessTimeout: 61 }) });
    await stack.pulumi("preview", "--expect-no-changes");
    await stack.pulumi("destroy");
  });

  it("looks again when machines are added: what does not fit is not begun, and the others stay as they are", async () => {
    const total = Math.round(
      Number(await place.inside("awk", "/MemTotal/ { print $2 }", "/proc/meminfo")) / 1024,
    );
    /** With a machine without etcd of so much memory, in MiB. */
    const grown = (memory: number): Config => ({
      ...{ prefix: "g-core", clients: ["more"] },
      plan: ({ nodes }) => ({
        domainType: "qemu",
        nodes: nodes.map((node) => (node.name === "g-core-more" ? { ...node, memory } : node)),
      }),
    });
    const stack = await place.stack("grown", { prefix: "g-core", plan: () => ({ domainType: "qemu" }) });
    await stack.pulumi("up");
    const there = async (): Promise<string> =>
      (await place.virsh("list", "--all", "--uuid")) + (await place.virsh("vol-list", "g-core"));
    const before = await there();

    stack.set(grown(2 ** 24));
    const text = await failure(stack.pulumi("up"));
    assert.match(
      text,
      /can't carry g-core-more beside what is there: 1 problem; nothing of it has been made\.\n\s+✖ .* and one machine is to have 16384 GiB/,
    );
    assert.equal(await there(), before);

    stack.set(grown(total - 64));
    const { stdout } = await stack.pulumi("up");
    assert.match(stdout, /warning: .* free\n.*3 machines take .* more than the host has at all/);
    await stack.pulumi("preview", "--expect-no-changes");
    assert.equal(lines(await place.virsh("list", "--name")).length, 3);

    // What is there is not counted twice, and a machine that is made anew is none that is added.
    stack.set({ ...grown(64), generation: "two" });
    assert.doesNotMatch((await stack.pulumi("up")).stdout, /warning:/);
    await stack.pulumi("destroy");
  });
});
