import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../../plan/types.ts";
import { hasBinary } from "../../../lab/shared/packages.ts";
import { makePlace, type Place, type Stack } from "./support.ts";

/** What a machine of each architecture must come out as, however libvirt and the provider choose. */
const MACHINES: Readonly<
  Record<
    Architecture,
    { emulator: string; needs?: string; halts?: boolean; has: readonly RegExp[]; lacks: readonly RegExp[] }
  >
> = {
  x86_64: {
    emulator: "qemu-system-x86_64",
    has: [/machine='pc/, /type='isa-serial'/, /<sysinfo type='fwcfg'>/],
    lacks: [/<serial>ignition/, /<loader/],
  },
  i686: {
    emulator: "qemu-system-i386",
    has: [/arch='i686' machine='pc/, /type='isa-serial'/, /<sysinfo type='fwcfg'>/],
    lacks: [/<serial>ignition/, /<loader/],
  },
  aarch64: {
    emulator: "qemu-system-aarch64",
    needs: "/usr/share/AAVMF/AAVMF_CODE.fd",
    has: [
      /arch='aarch64' machine='virt/,
      /name='pl011'/,
      /<sysinfo type='fwcfg'>/,
      /<loader [^>]*>.*AAVMF_CODE\.fd</,
      /<model fallback='forbid'>cortex-a57</,
    ],
    lacks: [/<serial>ignition/, /<pae\/>/],
  },
  s390x: {
    emulator: "qemu-system-s390x",
    halts: true, // its firmware gives up where it finds nothing to boot
    has: [
      /arch='s390x' machine='s390-ccw-virtio/,
      /name='sclpconsole'/,
      /<target dev='vdb' bus='virtio'\/>\s*<readonly\/>\s*<serial>ignition<\/serial>/,
      /<cpu mode='maximum'/,
    ],
    lacks: [/fwcfg/, /<acpi\/>/],
  },
  ppc64le: {
    emulator: "qemu-system-ppc64",
    has: [
      /arch='ppc64le' machine='pseries/,
      /name='spapr-vty'/,
      /<target dev='vdb' bus='virtio'\/>\s*<readonly\/>\s*<serial>ignition<\/serial>/,
    ],
    lacks: [/fwcfg/, /<acpi\/>/, /<apic/],
  },
};

describe("machines of each architecture", function () {
  this.timeout(120_000);
  let place: Place;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
  });
  after(() => place.remove());

  for (const [arch, machine] of Object.entries(MACHINES) as [Architecture, (typeof MACHINES)[Architecture]][])
    describe(arch, () => {
      let stack: Stack | undefined;
      const prefix = `${arch.replace("_", "-")}-core`;

      before(async function () {
        const absent = [machine.emulator, ...(machine.needs === undefined ? [] : [machine.needs])].find(
          (file) => !hasBinary(file),
        );
        if (absent !== undefined) {
          console.log(`      skipped: ${absent} is not installed`);
          this.skip();
        }
        stack = await place.stack(arch, { prefix, nodes: 1, plan: () => ({ arch }) });
        await stack.pulumi("up");
      });
      after(async () => {
        await stack?.pulumi("destroy");
        deepEqual(await place.things(), []);
      });

      it("starts, as libvirt's schema has it", async () => {
        if (machine.halts === true)
          match(await place.virsh("domstate", `${prefix}01`, "--reason"), /crashed/);
        else equal((await place.virsh("list", "--name")).trim(), `${prefix}01`);
        const xml = await place.virsh("dumpxml", `${prefix}01`);
        for (const pattern of machine.has) match(xml, pattern);
        for (const pattern of [...machine.lacks, /<graphics/, /<video/, /qemu:commandline/, /type='volume'/])
          doesNotMatch(xml, pattern);
        for (const pattern of [
          /<tb-cache unit='KiB'>131072</,
          /<rng model='virtio'>/,
          /-core01-console\.log/,
        ])
          match(xml, pattern);
        const file = join(place.folder, `${arch}.xml`);
        writeFileSync(file, await place.virsh("dumpxml", "--inactive", `${prefix}01`));
        execFileSync("virt-xml-validate", [file, "domain"], { stdio: "pipe" }); // throws with its complaint
      });

      it("is the same again when nothing changed, refreshed or not", async () => {
        ok(stack);
        deepEqual(await stack.announced(), []);
        if (machine.halts === true) await stack.pulumi("refresh");
        else await stack.pulumi("refresh", "--expect-no-changes");
        deepEqual(await stack.announced(), machine.halts === true ? [`${prefix}01-domain update`] : []);
      });
    });
});
