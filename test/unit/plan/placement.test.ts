import assert from "node:assert/strict";
import fc from "fast-check";
import { majority } from "../../../plan/members.ts";
import { canSpread, type Placeable, placements, sharesOf, type Weighted } from "../../../plan/placement.ts";

const hosts = fc.uniqueArray(
  fc.record({ name: fc.stringMatching(/^[a-z]{1,4}$/), weight: fc.integer({ min: 1, max: 20 }) }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
);
const count = fc.integer({ min: 0, max: 40 });
const free = (number: number): Placeable[] => Array.from({ length: number }, () => ({}));

const A: Weighted = { name: "a", weight: 1 };
const B: Weighted = { name: "b", weight: 1 };

describe("placement", () => {
  it("goes round, and gives more to where there is more weight", () => {
    assert.deepEqual(placements([A, B], free(5)), ["a", "b", "a", "b", "a"]);
    assert.deepEqual(placements([{ ...A, weight: 2 }, B], free(6)), ["a", "b", "a", "a", "b", "a"]);
    assert.deepEqual(placements([A, { ...B, weight: 2 }], free(3)), ["b", "a", "b"]);
    assert.deepEqual(placements([A], free(2)), ["a", "a"]);
  });

  it("is the same whatever the order of the hosts", () => {
    fc.assert(
      fc.property(hosts, count, (all, number) => {
        assert.deepEqual(placements(all, free(number)), placements(all.toReversed(), free(number)));
      }),
    );
  });

  it("moves nothing when machines follow", () => {
    fc.assert(
      fc.property(hosts, count, count, (all, number, more) => {
        assert.deepEqual(
          placements(all, free(number + more)).slice(0, number),
          placements(all, free(number)),
        );
      }),
    );
  });

  it("moves nothing when machines are pinned to where they are", () => {
    fc.assert(
      fc.property(hosts, fc.array(fc.boolean(), { maxLength: 40 }), (all, pins) => {
        const found = placements(all, free(pins.length));
        const pinned = found.map((host, index) => (pins[index] === true ? { host } : {}));
        assert.deepEqual(placements(all, pinned), found);
      }),
    );
  });

  it("gives no host more than its share, rounded up", () => {
    fc.assert(
      fc.property(hosts, count, (all, number) => {
        const found = placements(all, free(number));
        const total = all.reduce((sum, { weight }) => sum + weight, 0);
        for (const { name, weight } of all) {
          const own = found.filter((host) => host === name).length;
          assert.ok(own <= Math.ceil((number * weight) / total), `${name}: ${own}`);
        }
      }),
    );
  });

  it("gives each host just its weight in each whole round", () => {
    fc.assert(
      fc.property(hosts, (all) => {
        const total = all.reduce((sum, { weight }) => sum + weight, 0);
        const found = placements(all, free(total));
        for (const { name, weight } of all)
          assert.equal(found.filter((host) => host === name).length, weight);
      }),
    );
  });

  it("counts what is pinned, wherever it is", () => {
    assert.deepEqual(placements([A, B], [{ host: "b" }, {}, { host: "b" }, {}]), ["b", "a", "b", "a"]);
  });
});

describe("who holds what", () => {
  const member = (name: string, host: string) => ({ name, host, role: "member" });
  const nodes = [
    member("n1", "a"),
    member("n2", "b"),
    member("n3", "a"),
    { ...member("n4", "b"), role: "client" },
  ];

  it("says whose loss costs the quorum", () => {
    assert.deepEqual(sharesOf([A, B, { name: "c" }], nodes), [
      { host: "a", nodes: ["n1", "n3"], members: 2, holdsQuorum: true },
      { host: "b", nodes: ["n2", "n4"], members: 1, holdsQuorum: false },
      { host: "c", nodes: [], members: 0, holdsQuorum: false },
    ]);
  });

  it("agrees with counting who is left", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 9 }), (places) => {
        const all = places.map((host, index) => member(`n${index}`, host));
        for (const { host, members, holdsQuorum } of sharesOf([A, B, { name: "c" }], all)) {
          const left = places.filter((place) => place !== host).length;
          assert.equal(holdsQuorum, members > 0 && left < majority(places.length));
        }
      }),
    );
  });

  it("knows when it could be otherwise: never with two hosts", () => {
    assert.deepEqual(
      [canSpread(2, 3), canSpread(2, 5), canSpread(3, 3), canSpread(3, 5), canSpread(3, 2)],
      [...[false, false, true, true, false]],
    );
  });
});
