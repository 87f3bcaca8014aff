import assert from "node:assert/strict";
import fc from "fast-check";
import { founders, joiners, membersOf } from "../../../plan/members.ts";
import {
  arrivals,
  isRejoining,
  parseRejoin,
  rejoinText,
  turnOf,
  withoutTurns,
} from "../../../plan/rejoin.ts";
import type { ClusterPlan, RejoinPlan } from "../../../plan/types.ts";
import { plan } from "./fixtures.ts";

const CLUSTER = "0123456789ab.ba9876543210";
const names = (nodes: readonly { name: string }[]): string[] => nodes.map(({ name }) => name);

const hash = fc.stringMatching(/^[0-9a-f]{12}$/);
const turns = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/),
  fc.integer({ min: 1, max: 1_000_000 }),
  { maxKeys: 6, noNullPrototype: true },
);
const rejoins: fc.Arbitrary<RejoinPlan> = fc
  .record({ generation: hash, life: hash, config: fc.option(hash, { nil: undefined }), turns })
  .map(({ config, ...rest }) => ({ ...rest, ...(config === undefined ? {} : { config }) }));

describe("machines that were made anew, in the config", () => {
  it("are written as they are read", () => {
    fc.assert(
      fc.property(rejoins, (rejoin) => {
        assert.deepEqual(parseRejoin(rejoinText(rejoin)), rejoin);
      }),
    );
  });

  const wrong: readonly [string, string][] = [
    ["nothing", ""],
    ["no cluster", "dev-core01=1"],
    ["half a cluster", "0123456789ab dev-core01=1"],
    ["too much of it", `${CLUSTER}.0123456789ab.0123456789ab`],
    ["capitals", CLUSTER.toUpperCase()],
    ["a turn of 0", `${CLUSTER} a=0`],
    ["a turn that is none", `${CLUSTER} a=one`],
    ["a huge one", `${CLUSTER} a=1000001`],
    ["a node twice", `${CLUSTER} a=1 a=1`],
    ["something behind", `${CLUSTER} a=1;b=2`],
  ];
  for (const [what, text] of wrong)
    it(`can't be read: ${what}`, () => {
      assert.equal(parseRejoin(text), undefined);
    });
});

describe("who arrives at a cluster that is there", () => {
  const rows: readonly [string, Record<string, unknown>, string[]][] = [
    ["nobody", { nodes: 3 }, []],
    ["one that was made anew", { nodes: 3, rejoin: `${CLUSTER} dev-core02=1` }, ["dev-core02"]],
    [
      "in the order of turns, not of names",
      { nodes: 3, rejoin: `${CLUSTER} dev-core02=4 dev-core01=9` },
      ["dev-core02", "dev-core01"],
    ],
    [
      "those of the growth before, unless they were made anew, too",
      { nodes: 5, bootstrapSize: 3, rejoin: `${CLUSTER} dev-core01=1 dev-core04=2` },
      ["dev-core05", "dev-core01", "dev-core04"],
    ],
    ["nobody of whom there is no machine any more", { nodes: 2, rejoin: `${CLUSTER} dev-core03=1` }, []],
    ["no client", { nodes: { a: {}, b: { role: "client" } }, rejoin: `${CLUSTER} b=1` }, []],
  ];
  for (const [what, config, expected] of rows)
    it(what, () => {
      assert.deepEqual(names(arrivals(plan(config))), expected);
    });

  it("is none of those that begin, whatever was made anew; these stay who they are", () => {
    fc.assert(
      fc.property(
        rejoins,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (rejoin, all, size) => {
          const nodes = Array.from({ length: all }, (_, index) => ({ name: `n${index}`, role: "member" }));
          const marked = Object.entries(rejoin.turns).map(([, turn], index) => [`n${index}`, turn] as const);
          const made = {
            nodes,
            bootstrapSize: size,
            rejoin: { ...rejoin, turns: Object.fromEntries(marked) },
          };
          const of = made as unknown as ClusterPlan;
          const late = names(arrivals(of));
          assert.equal(new Set(late).size, late.length);
          // Who joined stays one that joins, and every machine that was made anew does.
          for (const { name } of membersOf(of))
            assert.equal(
              late.includes(name),
              turnOf(of, name) > 0 || names(joiners(of)).includes(name),
              name,
            );
          const order = late.map((name) => turnOf(of, name));
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
          // Who begins a cluster, which its generation hangs on, is the same in all of this.
          assert.deepEqual(names(founders(of)), names(founders({ ...of, rejoin: undefined } as never)));
          assert.deepEqual(names(arrivals(withoutTurns(of))), names(joiners(of)));
          assert.equal(isRejoining(withoutTurns(of)), false);
        },
      ),
    );
  });
});
