import { deepEqual, equal, rejects } from "node:assert/strict";
import { checkBaseVolume } from "../../../host/baseVolume.ts";
import { checkEmulator, domainTypes } from "../../../host/emulators.ts";
import type { Virsh } from "../../../host/virsh.ts";

const guest = (arch: string, ...types: string[]): string =>
  `<guest><os_type>hvm</os_type><arch name='${arch}'><wordsize>64</wordsize>` +
  `${types.map((type) => `<domain type='${type}'/>`).join("")}</arch></guest>`;

const CAPABILITIES = `<capabilities>${guest("x86_64", "qemu", "kvm")}${guest("aarch64", "qemu")}<guest>
  <os_type>xen</os_type><arch name='ppc64le'><domain type='xen'/></arch></guest></capabilities>`;

/** A virsh that gives these answers, by the beginning of what it is asked. */
const answering =
  (answers: Readonly<Record<string, string>>): Virsh =>
  (...args) => {
    const asked = args.join(" ");
    const key = Object.keys(answers).find((start) => asked.startsWith(start));
    return key === undefined
      ? Promise.reject(new Error(`unexpected: ${asked}`))
      : Promise.resolve(answers[key] ?? "");
  };

describe("a host's emulators", () => {
  const uri = "qemu:///system";
  const host = (firmware: string) =>
    answering({
      capabilities: CAPABILITIES,
      "domcapabilities --arch aarch64": `<os><enum name='firmware'>${firmware}</enum></os>`,
    });

  it("are read from its capabilities, hvm guests only", () => {
    deepEqual(domainTypes(CAPABILITIES, "x86_64"), ["qemu", "kvm"]);
    deepEqual(domainTypes(CAPABILITIES, "ppc64le"), []);
  });

  it("are enough for what it has", async () => {
    await checkEmulator(host(""), uri, "x86_64", "kvm");
    await checkEmulator(host("\n <value>efi</value>"), uri, "aarch64", "qemu");
  });

  it("are missing, with the package that brings them", async () => {
    await rejects(
      checkEmulator(host(""), uri, "s390x", "qemu"),
      /host qemu:\/\/\/system has no emulator for s390x machines\. Install it there .*qemu-system-s390x/,
    );
    await rejects(checkEmulator(host(""), uri, "aarch64", "qemu"), /no UEFI for aarch64 .*qemu-efi-aarch64/);
  });

  it("can't have KVM for another architecture", async () => {
    await rejects(
      checkEmulator(host("<value>efi</value>"), uri, "aarch64", "kvm"),
      /no kvm for aarch64 machines \(it has qemu\)\. .*use domainType qemu/,
    );
  });
});

describe("a base volume on the host", () => {
  const answers = {
    "pool-list --all --name": " default\n images\n",
    "pool-list --name": " images\n",
    "vol-list images": " flatcar.qcow2   /images/flatcar.qcow2\n",
    "vol-dumpxml flatcar.qcow2": "<volume><capacity unit='bytes'>8589934592</capacity></volume>",
    "vol-path flatcar.qcow2": "/images/flatcar.qcow2\n",
  };
  const wanted = { pool: "images", name: "flatcar.qcow2", leastDisk: 8 * 2 ** 30 };

  it("is found, and nothing but asked about", async () => {
    equal(await checkBaseVolume(answering(answers), "qemu:///system", wanted), "/images/flatcar.qcow2");
  });

  const WRONG = [
    [{ pool: "elsewhere" }, /which qemu:\/\/\/system does not have\. There: default, images/],
    [{ pool: "default" }, /is not started: virsh --connect qemu:\/\/\/system pool-start default/],
    [
      { name: "other" },
      /has no volume "other" \(baseVolume\)\. There: flatcar\.qcow2\. .*pool-refresh images/,
    ],
    [{ leastDisk: 2 ** 30 }, /a disk of 8589934592 bytes, .* Set diskSize to 8GiB or more/],
  ] as const;
  for (const [change, message] of WRONG)
    it(`can't be ${JSON.stringify(change)}`, async () => {
      await rejects(checkBaseVolume(answering(answers), "qemu:///system", { ...wanted, ...change }), message);
    });
});
