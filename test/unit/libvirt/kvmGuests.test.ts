import assert from "node:assert/strict";
import { probeGuest } from "../../../lab/libvirt/kvmGuests.ts";

describe("the guests of the KVM probe", () => {
  it("start at the processor's reset vector on x86", () => {
    const { firmware, exitCode, machine } = probeGuest("x64");
    assert.equal(firmware.length % (64 * 1024), 0, "QEMU takes x86 firmware in units of 64 KiB");
    assert.equal(firmware.subarray(-16, -11).toString("hex"), "ea000000f0"); // ljmp 0xf000:0
    assert.equal(firmware.subarray(0x78, 0x7e).toString("hex"), "0f0068000f00"); // 16 bytes of table at 0xf0068
    const value = firmware[firmware.indexOf(Buffer.from([0xe6, 0xf4])) - 1] ?? 0; // mov $value,%al; out %al,$0xf4
    assert.equal(exitCode, (value << 1) | 1);
    assert.ok(machine.includes("isa-debug-exit,iobase=0xf4,iosize=0x01"));
  });

  it("end by PSCI on Arm", () => {
    const { firmware, exitCode } = probeGuest("arm64");
    assert.equal(firmware.readUInt32LE(20), 0xd4000002); // hvc #0
    assert.equal(exitCode, 0);
  });
});
