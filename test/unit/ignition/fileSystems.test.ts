import assert from "node:assert/strict";
import {
  onOneFileSystem,
  splitFileSystems,
  undefinedFileSystems,
  withFileSystems,
} from "../../../ignition/transpile/fileSystems.ts";

const mount = { device: "/dev/vdb", format: "ext4" };

describe("Ignition 2's file systems", () => {
  it("on which nothing is written go past the converter, in Ignition 3's words", () => {
    const kept = [
      { name: "data", path: "/srv", mount },
      { name: "root", mount },
      { name: "used", mount },
    ];
    const storage = {
      filesystems: [
        ...kept,
        { mount: { ...mount, wipeFilesystem: true, label: "L", options: ["-m0"] } },
        { name: "old", mount: { ...mount, create: { force: true, options: ["-q"] } } },
      ],
      files: [{ path: "/a", filesystem: "used" }],
    };
    const { config, fileSystems } = splitFileSystems({ storage });
    assert.deepEqual(config, { storage: { ...storage, filesystems: kept } });
    assert.deepEqual(fileSystems, [
      { ...mount, label: "L", wipeFilesystem: true, options: ["-m0"] },
      { ...mount, wipeFilesystem: true, options: ["-q"] },
    ]);
    assert.deepEqual(withFileSystems({ storage: { filesystems: [{ path: "/x" }] } }, fileSystems), {
      storage: { filesystems: [{ path: "/x" }, ...fileSystems] },
    });
  });

  it("change nothing where there are none", () => {
    const config = { systemd: { units: [] } };
    assert.deepEqual(splitFileSystems(config), { config, fileSystems: [] });
    assert.equal(withFileSystems(config, []), config);
  });

  it("must be defined, but for the root", () => {
    const nodes = ["root", "oem", "data"].map((filesystem) => ({ path: "/a", filesystem }));
    const storage = { filesystems: [{ name: "data", path: "/srv" }], files: nodes };
    assert.deepEqual(undefinedFileSystems({ storage }), ["oem"]);
    assert.deepEqual(undefinedFileSystems({}), []);
  });

  it("become folders of one for the validator", () => {
    const config = {
      storage: {
        filesystems: [{ name: "OEM", path: "/usr/share/oem", mount }],
        files: [
          { path: "/grub.cfg", filesystem: "OEM" },
          { path: "/a", filesystem: "root" },
        ],
      },
    };
    assert.deepEqual(onOneFileSystem(config), {
      storage: {
        filesystems: [{ name: "OEM", mount }],
        files: [
          { path: "/run/file-systems/OEM/grub.cfg", filesystem: "root" },
          { path: "/a", filesystem: "root" },
        ],
      },
    });
  });
});
