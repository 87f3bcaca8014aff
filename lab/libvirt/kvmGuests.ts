/** The guests of the KVM probe: a few machine instructions each, started as firmware. */

/** A guest that ends by itself, and the exit code by which QEMU then says that it ran. */
export interface ProbeGuest {
  readonly emulator: string;
  readonly machine: readonly string[];
  readonly firmware: Buffer;
  readonly exitCode: number;
}

/**
 * The guest for x86-64. It does what the first moments of every kernel do, since a KVM of a para-virtual host runs real mode
 * well enough (it even boots SeaBIOS) and hangs only after that: page tables, long mode, then 50 million turns of a loop,
 * which take 20 ms on a processor, 100 ms with QEMU's translator and minutes where the host emulates instruction by
 * instruction. At last it writes 0x10 to port 0xf4, where isa-debug-exit ends QEMU with code (0x10 << 1) | 1.
 */
function x86Guest(): ProbeGuest {
  const size = 64 * 1024; // a firmware ends at 4 GiB and is seen at 0xf0000 too
  const code = [
    "2e660f01167800", //       lgdtl %cs:0x78
    "31c0 8ed8", //            xor %ax,%ax; mov %ax,%ds
    "66c706001003200000", //   movl $0x2003,0x1000      first entry of the page map: directory pointers at 0x2000
    "66c706002003300000", //   movl $0x3003,0x2000      page directory at 0x3000
    "66c706003083000000", //   movl $0x83,0x3000        a page of 2 MiB at 0
    "0f20e0 0c20 0f22e0", //   cr4 |= PAE
    "66b800100000 0f22d8", //  cr3 = 0x1000
    "66b9800000c0 0f32", //    rdmsr EFER
    "80cc01 0f30", //          or $LME; wrmsr
    "0f20c0 660d01000080 0f22c0", // cr0 |= PG | PE
    "66ea58000f000800", //     ljmpl $8,$0xf0058        into 64-bit code, the next line
    "b980f0fa02", //           mov $50000000,%ecx
    "ffc9 75fc", //            dec %ecx; jnz -2
    "b010 e6f4", //            mov $0x10,%al; out %al,$0xf4
    "f4 ebfd 0000000000000000000000", // hlt; jmp -1
  ];
  // At 0x68 the descriptor table: none, 64-bit code; at 0x78 its size and address.
  const tables = "0000000000000000 00000000009a2000 0f00 68000f00";
  const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
  const firmware = Buffer.alloc(size, 0xf4); // hlt
  bytes(code.join("")).copy(firmware, 0);
  bytes(tables).copy(firmware, 0x68);
  bytes("ea000000f0").copy(firmware, size - 16); // the reset vector: ljmp $0xf000,$0
  return {
    emulator: "qemu-system-x86_64",
    machine: ["-machine", "pc", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x01"],
    firmware,
    exitCode: 33,
  };
}

/**
 * The guest for 64-bit Arm: the same loop, then PSCI's SYSTEM_OFF (0x84000008), on which QEMU ends with code 0.
 */
function armGuest(): ProbeGuest {
  const code = [
    0x52a05f41, // movz w1,#0x2fa,lsl #16    50 million, nearly
    0x71000421, // subs w1,w1,#1
    0x54ffffe1, // b.ne -4
    0x52b08000, // movz w0,#0x8400,lsl #16
    0x72800100, // movk w0,#8
    0xd4000002, // hvc #0
    0x14000000, // b .
  ];
  const firmware = Buffer.alloc(4096);
  code.forEach((word, at) => firmware.writeUInt32LE(word, at * 4));
  return { emulator: "qemu-system-aarch64", machine: ["-machine", "virt"], firmware, exitCode: 0 };
}

/** The guest for this machine's processor. */
export const probeGuest = (arch: string = process.arch): ProbeGuest =>
  arch === "arm64" ? armGuest() : x86Guest();
