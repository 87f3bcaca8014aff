/** A member that is not in the cluster that the others are: who is, who may be, and who blames whom. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { outsideIn } from "../../../commands/lab/clusterView.ts";
import { Lasting, outsideOf, outsider, type Standpoint, wayIn } from "../../../commands/readiness/outside.ts";

const ALL = ["a", "b", "c"];
const at = (name: string, cluster: string | undefined, listed = ALL, healthy = true): Standpoint => ({
  ...{ name, cluster, listed, healthy },
});
const AB = ["a", "b"];

describe("a member outside of the cluster that the others are", () => {
  const rows: readonly [string, readonly Standpoint[], RegExp | undefined][] = [
    ["all are one", ALL.map((name) => at(name, "1")), undefined],
    ["it is silent, and listed", AB.map((name) => at(name, "1")), undefined],
    [
      "it answers, without a leader",
      [...AB.map((name) => at(name, "1")), at("c", "1", ALL, false)],
      undefined,
    ],
    [
      "it is silent, and not listed",
      AB.map((name) => at(name, "1", AB)),
      /^it is not on the members' list .* a, b are$/,
    ],
    ["somebody on the list never started", AB.map((name) => at(name, "1", [...AB, ""])), undefined],
    [
      "it is healthy, of a cluster of its own",
      [...AB.map((name) => at(name, "1", AB)), at("c", "2", ["c"])],
      /^it is a member of another cluster \(2\) than a, b \(1\)$/,
    ],
    [
      "it is listed, and has the data of another cluster",
      [...AB.map((name) => at(name, "1")), at("c", "2", ALL, false)],
      /another cluster \(2\)/,
    ],
    ["the others are not healthy", AB.map((name) => at(name, "1", AB, false)), undefined],
    ["the others are no majority of their list", [at("a", "1", AB)], undefined],
    ["the others are two clusters", [at("a", "1", ["a"]), at("b", "2", ["b"])], undefined],
    ["the others don't tell their cluster's id", AB.map((name) => at(name, undefined, AB)), undefined],
    ["nobody answers", [], undefined],
  ];
  for (const [what, views, why] of rows)
    it(`${why === undefined ? "is not" : "is"} found: ${what}`, () => {
      const found = outsideOf("c", views);
      if (why === undefined) equal(found, undefined);
      else match(found ?? "", why);
      const first = outsider(ALL, views);
      deepEqual(first, found === undefined ? undefined : { name: "c", why: found });
    });

  it("one other member is a cluster that one can be outside of, and no majority of two that could blame the other", () => {
    match(outsideOf("b", [at("a", "1", ["a"])]) ?? "", /that a is$/);
    equal(outsider(AB, [at("a", "1", ["a"]), at("b", "2", ["b"])]), undefined);
  });

  it("is never one of a healthy majority, whoever answers and whatever they say", () => {
    const view = fc.record({
      name: fc.constantFrom("a", "b", "c", "d", "e"),
      healthy: fc.boolean(),
      cluster: fc.constantFrom("1", "2", undefined),
      listed: fc.subarray(["a", "b", "c", "d", "e", ""]),
    });
    const views = fc.uniqueArray(view, { selector: ({ name }) => name, maxLength: 5 });
    fc.assert(
      fc.property(views, (all) => {
        const names = ["a", "b", "c", "d", "e"];
        const found = outsider(names, all);
        if (found === undefined) return;
        const core = ["1", "2"].filter(
          (id) => all.filter((one) => one.healthy && one.cluster === id).length >= 3,
        );
        equal(core.length, 1);
        const own = all.find(({ name }) => name === found.name);
        ok(own === undefined || own.cluster !== core[0]);
      }),
    );
  });

  it("counts only when it stays so", () => {
    const lasting = new Lasting();
    deepEqual(
      [
        ["x", 0],
        ["x", 40],
        [undefined, 50],
        ["x", 60],
        ["x", 90],
        ["y", 95],
      ].map(([what, now]) => lasting.for(what as string | undefined, now as number)),
      [0, 40, 0, 0, 30, 0],
    );
  });

  it("is told the way in, with the verb of the lab and its stack", () => {
    match(wayIn("c", undefined), /^npm run cluster -- replace c makes it anew/);
    match(
      wayIn("c", "npm run cluster -- exec --stack mine", true),
      /^npm run cluster -- replace --stack mine c --again /,
    );
    match(wayIn("c", "npm run cluster -- tools"), /^npm run cluster -- replace c /);
  });

  it("is told of by `npm start` too, by the list that a healthy majority has", () => {
    const node = (name: string, member: string, health = "healthy") => ({
      ...{ name, member, health, mac: "", address: "", domainId: "", role: "member" as const },
    });
    deepEqual(outsideIn({ strays: [], nodes: [node("a", "1"), node("b", "2"), node("c", "", "refused")] }), [
      "c",
    ]);
    deepEqual(
      outsideIn({ strays: [], nodes: [node("a", "1"), node("b", "2"), node("c", "3", "refused")] }),
      [],
    );
    deepEqual(outsideIn({ strays: [], nodes: [node("a", "1"), node("b", "", "x"), node("c", "", "x")] }), []);
    const strays = [{ name: "", id: "9" }];
    deepEqual(outsideIn({ strays, nodes: [node("a", "1"), node("b", "2"), node("c", "", "x")] }), []);
  });
});
