/** The KVM probe, tried with QEMU's own translator, which runs everywhere. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { kvmFinding, runProbe } from "../../../lab/libvirt/kvm.ts";
import { probeGuest } from "../../../lab/libvirt/kvmGuests.ts";
import { testLab, type TestLab } from "./support.ts";

describe("the KVM probe", function () {
  this.timeout(40_000);

  it("sees a guest that runs to its end", async () => {
    assert.equal(await runProbe("tcg", probeGuest(), 30), undefined);
  });

  it("sees a guest that hangs", async () => {
    const guest = probeGuest();
    const hanging = Buffer.alloc(guest.firmware.length, Buffer.from([0xeb, 0xfe])); // jmp to itself, everywhere
    assert.match((await runProbe("tcg", { ...guest, firmware: hanging }, 1)) ?? "", /did not end within 1 s/);
  });

  it("gives QEMU's own words when it does not start", async () => {
    const guest = { ...probeGuest(), machine: ["-machine", "no-such-machine"] };
    assert.match((await runProbe("tcg", guest)) ?? "", /no-such-machine|machine help/);
  });

  it("is asked once per boot", async () => {
    const lab: TestLab = await testLab();
    try {
      const first = await kvmFinding(lab);
      assert.equal(first.device, existsSync("/dev/kvm"));
      const start = Date.now();
      assert.deepEqual(await kvmFinding(lab), first);
      assert.ok(Date.now() - start < 100, "the probe ran again");
    } finally {
      lab.remove();
    }
  });
});
