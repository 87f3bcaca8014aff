import assert from "node:assert/strict";
import { checkSpec, compareSpecs, highest } from "../../../ignition/transpile/spec.ts";
import type { Language } from "../../../ignition/sources/kind.ts";
import type { OsFamily } from "../../../plan/types.ts";

const butane = (variant: string, version: string): Language => ({ kind: "butane", variant, version });
const ignition = (version: string): Language => ({ kind: "ignition", version });

describe("versions of Ignition's spec", () => {
  it("are compared as numbers", () => {
    assert.equal(highest(["3.1.0", "3.10.0", "3.9.0"]), "3.10.0");
    assert.ok(compareSpecs("2.3.0", "3.0.0") < 0);
    assert.equal(compareSpecs("3.3", "3.3.0"), 0);
  });

  const read: [OsFamily, Language, string][] = [
    ["lab", butane("fcos", "1.4.0"), "3.3.0"],
    ["flatcar", butane("flatcar", "1.1.0"), "3.4.0"],
    ["fedora-coreos", ignition("3.5.0"), "3.5.0"],
    ["container-linux", ignition("2.3.0"), "2.3.0"],
    ["lab", ignition("2.1.0"), "2.1.0"],
  ];
  for (const [os, language, version] of read) {
    it(`up to the highest are taken: ${version} on ${os}`, () => {
      checkSpec(os, "a", language, version);
    });
  }

  const refused: [OsFamily, Language, string, string][] = [
    [
      "lab",
      butane("fcos", "1.5.0"),
      "3.4.0",
      "a is Butane (variant fcos, version 1.5.0), which gives Ignition 3.4.0, and lab reads 3.3 at most: write variant: fcos with version: 1.4.0",
    ],
    [
      "lab",
      butane("flatcar", "1.1.0"),
      "3.4.0",
      "a is Butane (variant flatcar, version 1.1.0), which gives Ignition 3.4.0, and lab reads 3.3 at most: write variant: flatcar with version: 1.0.0",
    ],
    [
      "flatcar",
      butane("openshift", "4.19.0"),
      "3.5.0",
      "a is Butane (variant openshift, version 4.19.0), which gives Ignition 3.5.0, and flatcar reads 3.4 at most: write variant: fcos with version: 1.5.0",
    ],
    [
      "container-linux",
      butane("fcos", "1.0.0"),
      "3",
      "a is Butane (variant fcos, version 1.0.0), which gives Ignition 3, and container-linux reads Ignition 2.3 at most: write it as a Container Linux Config",
    ],
    [
      "container-linux",
      ignition("3.0.0"),
      "3.0.0",
      "a is Ignition 3.0.0, and container-linux reads Ignition 2.3 at most: write it as a Container Linux Config",
    ],
    [
      "lab",
      ignition("3.4.0"),
      "3.4.0",
      "a is Ignition 3.4.0, and lab reads 3.3 at most: set ignition.version to 3.3.0, if it uses nothing newer",
    ],
    [
      "container-linux",
      ignition("2.4.0"),
      "2.4.0",
      "a is Ignition 2.4.0, and container-linux reads 2.3 at most: set ignition.version to 2.3.0, if it uses nothing newer",
    ],
    [
      "fedora-coreos",
      ignition("3.5.0-experimental"),
      "3.5.0-experimental",
      "a is Ignition 3.5.0-experimental, and nodes read released versions only: set ignition.version to 3.5.0, if it uses nothing newer",
    ],
  ];
  for (const [os, language, version, message] of refused) {
    it(`above it are refused with what to write instead: ${message.slice(0, 60)}`, () => {
      assert.throws(
        () => {
          checkSpec(os, "a", language, version);
        },
        { name: "RenderError", message },
      );
    });
  }
});
