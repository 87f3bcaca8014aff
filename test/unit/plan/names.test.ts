import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { macCollisions, macOf } from "../../../plan/mac.ts";
import { isLabel, isPrefix, MAX_NODES, MAX_PREFIX, nodeName, proposePrefix } from "../../../plan/names.ts";

describe("node names", () => {
  it("are the prefix and a number of two digits", () => {
    assert.equal(nodeName("kvm-core", 1), "kvm-core01");
    assert.equal(nodeName("kvm-core", 99), "kvm-core99");
    assert.equal(MAX_NODES, 99);
  });

  for (const prefix of ["a", "dev-core", "web-", "0x", "a".repeat(MAX_PREFIX)]) {
    it(`accepts the prefix ${prefix}`, () => {
      assert.ok(isPrefix(prefix));
    });
  }

  for (const prefix of [
    "",
    "-a",
    "Dev",
    "a_b",
    "a.b",
    "ä",
    "12",
    "a b",
    "a\n",
    "a".repeat(MAX_PREFIX + 1),
    "../x",
  ]) {
    it(`refuses the prefix ${JSON.stringify(prefix)}`, () => {
      assert.ok(!isPrefix(prefix));
    });
  }

  it("are valid labels for every number, whatever the accepted prefix", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9-]{1,61}$/),
        fc.integer({ min: 1, max: MAX_NODES }),
        (prefix, number) => {
          fc.pre(isPrefix(prefix));
          const name = nodeName(prefix, number);
          assert.ok(isLabel(name));
          assert.ok(name.length <= 63);
        },
      ),
    );
  });

  it("get a valid prefix proposed for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        assert.ok(isPrefix(proposePrefix(text)));
      }),
    );
    assert.equal(proposePrefix("Alice_1.x-core"), "alice-1-x-core");
    assert.equal(proposePrefix("Jürgen"), "jurgen");
  });
});

describe("MAC addresses", () => {
  // What the original coreos-libvirt script printed for its own names.
  const oracle = {
    "kvm-core01": "52:54:00:86:6a:e4",
    "kvm-core02": "52:54:00:7d:89:21",
    "kvm-core03": "52:54:00:3a:c4:56",
  };
  for (const [name, mac] of Object.entries(oracle)) {
    it(`gives ${name} the address ${mac}`, () => {
      assert.equal(macOf(name), mac);
    });
  }

  it("are bytes 1, 3 and 5 of the md5 of the name and a newline", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9-]{1,63}$/), (name) => {
        const bytes = createHash("md5").update(name).update("\n").digest();
        assert.equal(
          macOf(name),
          `52:54:00:${[bytes[0], bytes[2], bytes[4]].map((b = 0) => b.toString(16).padStart(2, "0")).join(":")}`,
        );
      }),
    );
  });

  it("finds names that share one", () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `machine${index}`);
    const [first] = macCollisions(names.map((name) => ({ name, mac: macOf(name) })));
    assert.ok(first, "of 20,000 names some share 24 bits");
    const [one, other] = first.names;
    assert.notEqual(one, other);
    assert.equal(macOf(one), first.mac);
    assert.equal(macOf(other), first.mac);
    assert.deepEqual(
      macCollisions([
        { name: "a", mac: "52:54:00:00:00:01" },
        { name: "b", mac: "52:54:00:00:00:02" },
      ]),
      [],
    );
  });
});
