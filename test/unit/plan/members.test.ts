import assert from "node:assert/strict";
import fc from "fast-check";
import { founders, joiners, membersOf } from "../../../plan/members.ts";
import type { ClusterPlan } from "../../../plan/types.ts";
import { plan } from "./fixtures.ts";

const names = (nodes: readonly { name: string }[]): string[] => nodes.map(({ name }) => name);

describe("who begins a cluster, and who joins it", () => {
  const rows: readonly [string, Record<string, unknown>, string[], string[]][] = [
    ["all begin", { nodes: 3 }, ["dev-core01", "dev-core02", "dev-core03"], []],
    ["the same number", { nodes: 2, bootstrapSize: 2 }, ["dev-core01", "dev-core02"], []],
    ["later numbers join", { nodes: 3, bootstrapSize: "2" }, ["dev-core01", "dev-core02"], ["dev-core03"]],
    ["the last in order", { nodes: { c: {}, a: {}, b: {} }, bootstrapSize: 2 }, ["a", "b"], ["c"]],
    ["one that sorts early", { nodes: { n1: {}, n2: {}, a: { joins: true } } }, ["n1", "n2"], ["a"]],
    [
      "some by their entry, some by their number, clients not at all",
      { nodes: { n1: {}, n2: {}, a: { joins: "true" }, b: { role: "client" } }, bootstrapSize: 1 },
      ["n1"],
      ["a", "n2"],
    ],
    ["nobody", { nodes: { a: { role: "client" } } }, [], []],
  ];
  for (const [what, config, begin, join] of rows)
    it(what, () => {
      const made = plan(config);
      assert.deepEqual([names(founders(made)), names(joiners(made))], [begin, join]);
    });

  /** Plans of machines of any names, roles and marks, in any order. */
  const plans = fc
    .uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/),
        role: fc.constantFrom("member" as const, "client" as const),
        joins: fc.boolean(),
      }),
      { selector: ({ name }) => name, minLength: 1, maxLength: 9 },
    )
    .map((nodes) =>
      nodes.map(({ joins, ...node }) => ({ ...node, ...(joins ? { joins: true as const } : {}) })),
    );
  const planOf = (nodes: unknown, bootstrapSize: number): ClusterPlan =>
    ({ nodes, bootstrapSize }) as unknown as ClusterPlan;

  it("each member does one of the two, whatever the order in the config", () => {
    fc.assert(
      fc.property(plans, fc.nat(9), (nodes, size) => {
        const [one, other] = [planOf(nodes, size), planOf(nodes.toReversed(), size)];
        assert.deepEqual(
          [...names(founders(one)), ...names(joiners(one))].toSorted(),
          names(membersOf(one)).toSorted(),
        );
        assert.deepEqual(names(founders(one)), names(founders(other)));
        assert.deepEqual(names(joiners(one)), names(joiners(other)));
        assert.ok(founders(one).length <= size);
      }),
    );
  });

  it("those that begin stay the same while others join and leave", () => {
    fc.assert(
      fc.property(plans, plans, (nodes, more) => {
        const begin = nodes.filter(({ role, joins }) => role === "member" && joins !== true);
        const late = more
          .filter(({ name }) => !nodes.some((node) => node.name === name))
          .map((node) => ({ ...node, joins: true as const }));
        assert.deepEqual(
          names(founders(planOf([...late, ...nodes], begin.length))),
          names(founders(planOf(nodes, begin.length))),
        );
      }),
    );
  });
});
