/** The KVM probe, tried with QEMU's own translator, which runs everywhere. */
import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labDown, labUp } from "../../../lab/libvirt/index.ts";
import { kvmFinding, runProbe } from "../../../lab/libvirt/kvm.ts";
import { probeGuest } from "../../../lab/libvirt/kvmGuests.ts";
import { inside, testLab, type TestLab } from "./support.ts";

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

  it("decides whether QEMU's user gets at /dev/kvm in the lab; the host's stays as it is", async function () {
    if (!existsSync("/dev/kvm")) this.skip();
    const open = [
      "setpriv",
      "--reuid=libvirt-qemu",
      "--regid=kvm",
      "--init-groups",
      "sh",
      "-c",
      ": <>/dev/kvm",
    ];
    const host = statSync("/dev/kvm");
    const lab = await testLab();
    try {
      const finding = await kvmFinding(lab);
      for (const domainType of ["kvm", "qemu"] as const) {
        writeFileSync(join(lab.paths.lab, "kvm.json"), JSON.stringify({ ...finding, domainType }));
        assert.equal((await labUp(lab)).domainType, domainType);
        if (domainType === "kvm") await inside(lab, ...open);
        else await assert.rejects(inside(lab, ...open), /Permission denied/);
        await labDown(lab);
      }
      const { mode, uid, gid } = statSync("/dev/kvm");
      assert.deepEqual({ mode, uid, gid }, { mode: host.mode, uid: host.uid, gid: host.gid });
    } finally {
      await labDown(lab);
      lab.remove();
    }
  });
});
