import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  describeStep,
  drawSteps,
  hasQuorum,
  isPossible,
  type Kind,
  RULES,
  silent,
  type Strike,
} from "../../faults/drawn.ts";

const strike = (kind: Kind, member?: Strike["member"]): Strike => ({ kind, member });
const [one, two] = ["dev-core01", "dev-core02"] as const;

/** What can be done after what. */
const TABLE: readonly (readonly [string, Strike, readonly Strike[], boolean])[] = [
  ["anything at first", strike("gone", one), [], true],
  ["two members after one another", strike("power", two), [strike("off", one)], true],
  ["a member that is struck already", strike("power", one), [strike("undefined", one)], false],
  ["a question to libvirtd when it is gone", strike("off", one), [strike("libvirtd")], false],
  ["a power cut when libvirtd is gone", strike("power", one), [strike("libvirtd")], true],
  ["libvirtd twice", strike("libvirtd"), [strike("libvirtd")], false],
  ["one member when all have no power", strike("suspended", one), [strike("everybody")], false],
  ["a daemon when all have no power", strike("dhcp"), [strike("everybody")], true],
  ["all members when one is struck", strike("everybody"), [strike("apart", one)], false],
  ["a pause as one of two", strike("paused"), [strike("registry")], false],
  ["anything after a pause", strike("dhcp"), [strike("paused")], false],
  ["a lost disk as one of two", strike("disk", two), [strike("registry")], false],
  ["anything after a lost disk", strike("libvirtd"), [strike("disk", two)], false],
  ["a snapshot with a majority", strike("snapshot"), [strike("power", one)], true],
  ["a snapshot without one", strike("snapshot"), [strike("power", one), strike("off", two)], false],
  ["a snapshot without libvirtd, which knows the machines", strike("snapshot"), [strike("libvirtd")], false],
];

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const always = (holds: (seed: number) => void): void => {
  fc.assert(fc.property(seeds, holds), { numRuns: 300 });
};

describe("faults in an order that is drawn", () => {
  for (const [what, next, before, possible] of TABLE)
    it(`${possible ? "can" : "can't"} be ${what}`, () => {
      equal(isPossible(next, before), possible);
    });

  it("know who is silent, and whether a majority goes on", () => {
    deepEqual(silent([strike("undefined", one), strike("suspended", two)]), [two]);
    equal(hasQuorum([strike("undefined", one), strike("suspended", two)]), true);
    equal(hasQuorum([strike("slow", one), strike("suspended", two)]), false);
    equal(hasQuorum([strike("everybody")]), false);
    equal(hasQuorum([strike("libvirtd"), strike("dhcp")]), true);
  });

  it("are the same for the same seed, and others for another one", () => {
    always((seed) => {
      deepEqual(drawSteps(seed, 10), drawSteps(seed, 10));
      deepEqual(drawSteps(seed, 3), drawSteps(seed, 10).slice(0, 3));
    });
    equal(new Set(Array.from({ length: 100 }, (_, seed) => JSON.stringify(drawSteps(seed, 10)))).size, 100);
  });

  it("are possible, each after those before it in its step", () => {
    always((seed) => {
      for (const { strikes } of drawSteps(seed, 10)) {
        ok(strikes.length === 1 || strikes.length === 2);
        strikes.forEach((each, index) => {
          ok(isPossible(each, strikes.slice(0, index)), JSON.stringify(strikes));
        });
      }
    });
  });

  it("are left to themselves only where all of them pass", () => {
    always((seed) => {
      for (const { strikes, recovery } of drawSteps(seed, 10))
        if (recovery.kind === "itself") ok(strikes.every(({ kind }) => RULES[kind].passes));
        else
          equal(
            recovery.kind === "replace",
            strikes.some(({ kind }) => kind === "disk"),
          );
    });
  });

  it("are all drawn sooner or later, alone and beside another one, and told in words", () => {
    const steps = Array.from({ length: 200 }, (_, seed) => drawSteps(seed, 10)).flat();
    for (const kind of Object.keys(RULES) as Kind[]) {
      const having = steps.filter(({ strikes }) => strikes.some((each) => each.kind === kind));
      ok(
        having.some(({ strikes }) => strikes.length === 1),
        kind,
      );
      equal(
        having.some(({ strikes }) => strikes.length === 2),
        !("isAlone" in RULES[kind]),
        kind,
      );
    }
    for (const step of steps) match(describeStep(step), /^[^X]+; \d+ s later: (?:nothing|npm start|replace)/);
  });
});
