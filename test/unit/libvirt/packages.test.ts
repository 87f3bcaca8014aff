import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { libvirtRequirements } from "../../../lab/libvirt/index.ts";
import { choosePackage, hasBinary, parseInstalled, parsePolicy } from "../../../lab/shared/packages.ts";

describe("packages", () => {
  it("count as installed only when they are so fully", () => {
    const text = "qemu-utils installed\nlibvirt0 installed\netcd-server config-files\ncurl half-configured\n";
    assert.deepEqual([...parseInstalled(text)], ["qemu-utils", "libvirt0"]);
  });

  it("are known where apt has a version to install", () => {
    const text = [
      "qemu-utils:",
      "  Installed: (none)",
      "  Candidate: 1:7.2",
      "  Version table:",
      "     1:7.2 500",
      "qemu-kvm:",
      "  Installed: (none)",
      "  Candidate: (none)",
      "  Version table:",
    ].join("\n");
    assert.deepEqual([...parsePolicy(text)], ["qemu-utils"]);
  });

  it("are chosen by what the release knows, in the order given", () => {
    const requirement = { binary: "virtlogd", packages: ["libvirt-daemon-log", "libvirt-daemon"] };
    assert.equal(choosePackage(requirement, new Set(["libvirt-daemon"])), "libvirt-daemon");
    assert.equal(
      choosePackage(requirement, new Set(["libvirt-daemon", "libvirt-daemon-log"])),
      "libvirt-daemon-log",
    );
    assert.equal(choosePackage(requirement, new Set()), "libvirt-daemon-log");
    assert.equal(choosePackage("qemu-utils", new Set()), "qemu-utils");
  });

  it("of the private libvirt bring every program that it runs", () => {
    const binaries = libvirtRequirements.flatMap((one) => (typeof one === "string" ? [] : [one.binary]));
    for (const program of ["virsh", "dnsmasq", "etcd", "ip", "nsenter", "qemu-img"]) {
      assert.ok(binaries.includes(program), program);
    }
  });
});

describe("a program", () => {
  it("is found by name among the folders, by path anywhere, and only when it can be run", () => {
    const folder = mkdtempSync(join(tmpdir(), "packages-"));
    try {
      const tool = join(folder, "tool");
      writeFileSync(tool, "");
      mkdirSync(join(folder, "sub"));
      assert.equal(hasBinary("tool", [folder]), false);
      chmodSync(tool, 0o755);
      assert.equal(hasBinary("tool", ["/nowhere", folder]), true);
      assert.equal(hasBinary("tool", ["/nowhere"]), false);
      assert.equal(hasBinary("sub", [folder]), false);
      assert.equal(hasBinary(tool, []), true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
