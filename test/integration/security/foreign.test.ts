/** Machines of others with names that could be taken for ours: nothing of theirs is touched. */
import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePlace, type Place } from "../program/support.ts";

describe("somebody else's machines on the host", function () {
  this.timeout(8 * 60_000);
  let place: Place;
  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
  });
  after(() => place.remove());

  it("stay, though they are called like the ids of ours", async () => {
    // libvirt numbers running machines from 1 on; virsh takes a number for an id before it takes it for a name.
    const names = Array.from({ length: 9 }, (_, index) => String(index + 1));
    for (const name of names) {
      const file = join(place.folder, `foreign-${name}.xml`);
      writeFileSync(
        file,
        `<domain type="qemu"><name>${name}</name><memory unit="MiB">1</memory><os><type>hvm</type></os></domain>`,
      );
      await place.virsh("define", file);
    }
    const all = async (): Promise<string[]> =>
      (await place.virsh("list", "--all", "--name")).split("\n").filter((line) => line.trim() !== "");
    const stack = await place.stack("numbers", { prefix: "n-core" });
    await stack.pulumi("up");
    deepEqual(
      (await all()).map((name) => name.trim()).toSorted(),
      [...names, "n-core01", "n-core02"].toSorted(),
    );
    const ids = (await place.virsh("list", "--id")).trim().split(/\s+/);
    equal(
      ids.every((id) => names.includes(id)),
      true,
      `ids ${ids.join(" ")} are names of others`,
    );
    await stack.pulumi("destroy");
    deepEqual((await all()).map((name) => name.trim()).toSorted(), names);
    for (const name of names) await place.virsh("undefine", name);
  });
});
