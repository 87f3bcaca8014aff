import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { cpSync } from "node:fs";
import { attributeValues } from "../../../host/xml.ts";
import { parseMark } from "../../../host/mark.ts";
import { defaultPrefix } from "../../../plan/names.ts";
import { makePlace, type Place, POOLS, type Stack } from "./support.ts";

describe("the program's resources on a real libvirt host", function () {
  this.timeout(120_000);
  let place: Place;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
  });
  after(() => place.remove());

  describe("a cluster", () => {
    let stack: Stack;
    before(async () => {
      stack = await place.stack("alice", { prefix: "alice-core" });
      await stack.pulumi("up");
    });
    after(async () => {
      await stack.pulumi("destroy");
      deepEqual(await place.things(), []);
    });

    it("is the same again when nothing changed, refreshed or not", async () => {
      await stack.pulumi("preview", "--expect-no-changes");
      const { stdout } = await stack.pulumi("refresh", "--expect-no-changes");
      ok(!stdout.includes("[diff:"), stdout);
    });

    it("has machines whose files libvirt knows, with a console on the serial port and none on a screen", async () => {
      const xml = await place.virsh("dumpxml", "alice-core01");
      match(
        xml,
        /<sysinfo type='fwcfg'>\s*<entry name='opt\/com.coreos\/config' file='[^']*\/alice-core01-one\.ign'\/>/,
      );
      match(xml, /<disk type='file' device='disk'>\s*<driver name='qemu' type='qcow2'\/>/);
      match(
        xml,
        /<serial type='pty'>[\s\S]*?<log file='\/var\/log\/libvirt\/qemu\/alice-core01-console.log' append='off'\/>/,
      );
      match(xml, /<tb-cache unit='KiB'>131072<\/tb-cache>/);
      match(xml, /<interface type='bridge'>/);
      match(xml, /<rng model='virtio'>/);
      for (const absent of ["<graphics", "<video", "qemu:commandline", "type='volume'"])
        ok(!xml.includes(absent), absent);
    });

    it("marks its machines as the stack's and its pool as the owner's", async () => {
      const mark = parseMark(await place.virsh("dumpxml", "alice-core02"));
      deepEqual(
        [mark?.organization, mark?.project, mark?.stack],
        ["organization", "coreos-cluster-fixture", "alice"],
      );
      const pool = await place.virsh("pool-dumpxml", "alice-core");
      equal(/<uuid>(.*)<\/uuid>/.exec(pool)?.[1]?.replaceAll("-", ""), mark?.owner);
    });

    it("keeps what its machines read from other users of the host", async () => {
      const folder = `${POOLS}/alice-core`;
      equal((await place.inside("stat", "--format=%a %U", folder)).trim(), "700 libvirt-qemu");
      await rejects(
        place.inside("setpriv", "--reuid=nobody", "--clear-groups", "ls", folder),
        /Permission denied/,
      );
      const [file = ""] = attributeValues(await place.virsh("dumpxml", "alice-core01"), "file");
      await rejects(
        place.inside("setpriv", "--reuid=nobody", "--clear-groups", "cat", file),
        /Permission denied/,
      );
    });

    it("does not mind where the image lies", async () => {
      const elsewhere = place.image.replace("empty", "moved");
      cpSync(place.image, elsewhere);
      stack.set({ prefix: "alice-core", image: elsewhere });
      await stack.pulumi("preview", "--expect-no-changes");
      stack.set({ prefix: "alice-core" });
    });

    it("keeps a machine's disk when only its memory changes", async () => {
      const before = await place.virsh("dumpxml", "alice-core01");
      stack.set({ prefix: "alice-core", memory: 72 });
      await stack.pulumi("up");
      const after = await place.virsh("dumpxml", "alice-core01");
      notEqual(/<uuid>(.*)<\/uuid>/.exec(after)?.[1], /<uuid>(.*)<\/uuid>/.exec(before)?.[1]);
      deepEqual(attributeValues(after, "file"), attributeValues(before, "file"));
      match(after, /<memory unit='KiB'>73728</);
    });

    it("is made anew, disks and all, for another generation", async () => {
      stack.set({ prefix: "alice-core", generation: "two" });
      await stack.pulumi("up");
      const volumes = await place.virsh("vol-list", "alice-core");
      const names = volumes
        .trim()
        .split("\n")
        .map((line) =>
          line
            .trim()
            .split(/\s+/)[0]
            ?.replace(/^base-.*/, "base"),
        );
      deepEqual(names.toSorted(), [
        ...[
          "alice-core01-two.ign",
          "alice-core01-two.qcow2",
          "alice-core02-two.ign",
          "alice-core02-two.qcow2",
          "base",
        ],
      ]);
      await stack.pulumi("preview", "--expect-no-changes");
    });

    it("gets a machine back that vanished, and one that was powered off", async () => {
      await place.virsh("destroy", "alice-core01");
      await place.virsh("undefine", "alice-core01");
      await place.virsh("destroy", "alice-core02");
      await stack.pulumi("up", "--refresh");
      const running = await place.virsh("list", "--name");
      deepEqual(running.trim().split(/\s+/).toSorted(), ["alice-core01", "alice-core02"]);
    });

    it("is made anew though a machine vanished, without a refresh", async () => {
      await place.virsh("destroy", "alice-core01");
      await place.virsh("undefine", "alice-core01");
      stack.set({ prefix: "alice-core", generation: "three" });
      await stack.pulumi("up");
      const defined = await place.virsh("list", "--all", "--name");
      deepEqual(defined.trim().split(/\s+/).toSorted(), ["alice-core01", "alice-core02"]);
    });

    it("is destroyed whatever vanished", async () => {
      await place.virsh("destroy", "alice-core01");
      await place.virsh("undefine", "alice-core01");
      await place.virsh("vol-delete", "alice-core02-three.ign", "--pool", "alice-core");
      await stack.pulumi("destroy");
      deepEqual(await place.things(), []);
    });
  });

  describe("names that are taken", () => {
    let stack: Stack;
    before(async () => {
      stack = await place.stack("bob", { prefix: "bob-core" });
    });
    afterEach(async () => {
      await stack.pulumi("destroy");
    });

    it("stop the run before anything is made when a domain is somebody else's", async () => {
      const domain =
        "<domain type='qemu'><name>bob-core02</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>";
      await place.inside(
        "sh",
        "-c",
        `printf '%s' "$1" > /tmp/domain.xml && virsh -q define /tmp/domain.xml`,
        "-",
        domain,
      );
      await rejects(
        stack.pulumi("up"),
        /There is already a domain "bob-core02" on qemu:\/\/\/system, and it is not this stack's: it carries no mark/,
      );
      deepEqual(await place.things(), ["domain bob-core02"]);
      await stack.pulumi("destroy");
      deepEqual(await place.things(), ["domain bob-core02"]);
      await place.virsh("undefine", "bob-core02");
    });

    it("stop the run before anything is made when a pool is somebody else's", async () => {
      await place.virsh("pool-define-as", "bob-core", "dir", "--target", "/var/lib/libvirt/bobs-own");
      await rejects(stack.pulumi("up"), /There is already a storage pool "bob-core" .*not this stack's/);
      deepEqual(await place.things(), ["pool bob-core"]);
      await place.virsh("pool-undefine", "bob-core");
    });

    it("name the other stack when it is a stack of this program", async () => {
      await stack.pulumi("up");
      const namesake = await place.stack("carol", { prefix: "bob-core" });
      await rejects(
        namesake.pulumi("up"),
        /it belongs to stack organization\/coreos-cluster-fixture\/bob \(owner [0-9a-f]{32}\)/,
      );
      await namesake.pulumi("destroy");
      const running = await place.virsh("list", "--name");
      deepEqual(running.trim().split(/\s+/).toSorted(), ["bob-core01", "bob-core02"]);
    });
  });

  describe("two stacks of one user", () => {
    let stacks: Stack[] = [];
    after(async () => {
      for (const stack of stacks) await stack.pulumi("destroy");
      deepEqual(await place.things(), []);
    });

    it("share no name, MAC, pool, folder or token", async () => {
      stacks = await Promise.all(
        ["mine", "mine-too"].map((name) => place.stack(name, { prefix: defaultPrefix(name) })),
      );
      const things: Set<string>[] = [];
      for (const stack of stacks) {
        await stack.pulumi("up");
        const { stdout } = await stack.pulumi("stack", "export");
        const state = JSON.parse(stdout) as {
          deployment: { resources: { type: string; outputs?: object }[] };
        };
        const outputs = state.deployment.resources.flatMap(({ type, outputs: found = {} }) =>
          /Domain|Volume|Ignition|Pool|RandomId|Command/.test(type) ? [found as Record<string, unknown>] : [],
        );
        things.push(
          new Set(
            [
              ...outputs.flatMap(({ id, name, hex, stdout: text }) => [id, hex, name, text]),
              ...outputs.flatMap(({ networkInterfaces }) =>
                ((networkInterfaces ?? []) as { mac: string }[]).map(({ mac }) => mac),
              ),
              ...outputs.map(({ target }) => (target as { path?: string } | undefined)?.path),
            ].filter((one): one is string => typeof one === "string" && one !== "" && !one.startsWith("{")),
          ),
        );
      }
      const [one = new Set(), other = new Set()] = things;
      ok(one.size > 15, [...one].join("\n"));
      // Bases have one name, each in its own pool.
      deepEqual(
        [...one].filter((thing) => other.has(thing) && !thing.startsWith("base-")),
        [],
      );
    });
  });
});
