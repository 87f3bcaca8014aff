import assert from "node:assert/strict";
import fc from "fast-check";
import { RenderError } from "../../../ignition/errors.ts";
import { canonicalJson } from "../../../ignition/transpile/canonical.ts";
import type { Ignition2, Unit } from "../../../ignition/transpile/ignition2.ts";
import { normalise } from "../../../ignition/transpile/normalise.ts";

const config = (parts: Partial<Ignition2>): Ignition2 => ({
  ignition: { version: "2.3.0", security: { tls: {} } },
  ...parts,
});
const units = (...list: Unit[]): Unit[] =>
  normalise(config({ systemd: { units: list } })).systemd?.units ?? [];

describe("normalising what ct writes", () => {
  it("makes one unit of the two that an etcd section and a drop-in for etcd give", () => {
    assert.deepEqual(
      units(
        {
          name: "etcd-member.service",
          enable: true,
          dropins: [{ name: "20-clct-etcd-member.conf", contents: "a" }],
        },
        { name: "other.service", enabled: true },
        { name: "etcd-member.service", enabled: true, dropins: [{ name: "40.conf", contents: "b" }] },
      ),
      [
        {
          name: "etcd-member.service",
          enabled: true,
          dropins: [
            { name: "20-clct-etcd-member.conf", contents: "a" },
            { name: "40.conf", contents: "b" },
          ],
        },
        { name: "other.service", enabled: true },
      ],
    );
  });

  it("keeps contents that only one of them has, and takes an empty text for none", () => {
    assert.deepEqual(
      units({ name: "a.service", contents: "" }, { name: "a.service", contents: "x", mask: true }),
      [{ name: "a.service", contents: "x", mask: true }],
    );
  });

  const dropin = (contents: string): Unit => ({ name: "a.service", dropins: [{ name: "d.conf", contents }] });
  const conflicts: [Unit, Unit, RegExp][] = [
    [{ name: "a.service", contents: "x" }, { name: "a.service", contents: "y" }, /a\.service: its contents/],
    [dropin("x"), dropin("y"), /a\.service: its drop-in d\.conf/],
    [{ name: "a.service", enable: true }, { name: "a.service", enabled: false }, /whether it is enabled/],
  ];
  for (const [one, other, message] of conflicts) {
    it(`refuses what contradicts itself: ${message.source}`, () => {
      assert.throws(
        () => units(one, other),
        (error) => error instanceof RenderError && message.test(error.message),
      );
    });
  }

  it("moves networkd's units and their drop-ins to files", () => {
    const normal = normalise(
      config({
        networkd: {
          units: [
            {
              name: "00-a.network",
              contents: "[Match]\nName=é 100%\n",
              dropins: [{ name: "x.conf", contents: "y" }],
            },
          ],
        },
        storage: { files: [{ filesystem: "root", path: "/b", mode: 420 }] },
      }),
    );
    assert.equal("networkd" in normal, false);
    const files = normal.storage?.files ?? [];
    assert.deepEqual(
      files.map(({ path, mode }) => [path, mode]),
      [
        ["/b", 0o644],
        ["/etc/systemd/network/00-a.network", 0o644],
        ["/etc/systemd/network/00-a.network.d/x.conf", 0o644],
      ],
    );
    const source = files[1]?.contents?.source ?? "";
    assert.equal(decodeURIComponent(source.replace("data:,", "")), "[Match]\nName=é 100%\n");
  });

  it("refuses a networkd unit whose file is there already", () => {
    const both = config({
      networkd: { units: [{ name: "a.network", contents: "x" }] },
      storage: { files: [{ filesystem: "root", path: "/etc/systemd/network/a.network" }] },
    });
    assert.throws(() => normalise(both), /\/etc\/systemd\/network\/a\.network is given twice/);
  });

  it("drops an empty tls section only", () => {
    assert.deepEqual(normalise(config({})).ignition, { version: "2.3.0" });
    const tls = { certificateAuthorities: [{ source: "x" }] };
    assert.deepEqual(normalise({ ignition: { version: "2.3.0", security: { tls } } }).ignition["security"], {
      tls,
    });
  });
});

describe("canonical JSON", () => {
  it("is the same whatever the order of keys, units, drop-ins and files", () => {
    const name = fc.stringMatching(/^[a-z]{1,4}$/);
    const named = fc.uniqueArray(fc.record({ name, contents: fc.string(), enabled: fc.boolean() }), {
      selector: (unit) => unit.name,
    });
    const files = fc.uniqueArray(fc.record({ path: name, mode: fc.nat() }), {
      selector: (file) => file.path,
    });
    const shuffled = <T extends object>(value: T): T =>
      Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]): [string, unknown] => [key, Array.isArray(inner) ? inner.toReversed() : inner]),
      ) as T;
    fc.assert(
      fc.property(named, named, files, (list, dropins, entries) => {
        const one = {
          systemd: { units: list.map((unit) => ({ ...unit, dropins })) },
          storage: { files: entries },
        };
        const other = {
          storage: shuffled(one.storage),
          systemd: { units: one.systemd.units.map(shuffled).toReversed() },
        };
        assert.equal(canonicalJson(one), canonicalJson(other));
      }),
    );
  });

  it("keeps the order of all other lists", () => {
    assert.equal(canonicalJson({ keys: ["b", "a"] }), '{"keys":["b","a"]}');
  });
});
