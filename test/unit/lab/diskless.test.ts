/** Machines on deleted disks that must stay. */
import { equal, match } from "node:assert/strict";
import { majorityLost } from "../../../commands/lab/diskless.ts";

describe("machines whose disks are gone", () => {
  const nodes = (healths: Readonly<Record<string, string>>): Parameters<typeof majorityLost>[0] =>
    Object.entries(healths).map(([name, health]) => ({
      ...{ name, health },
      role: name.startsWith("w") ? "client" : "member",
    }));
  const all = nodes({ a: "healthy", b: "healthy", c: "healthy", w: "healthy" });

  it("stay where members that answer are a majority only with them", () => {
    match(
      majorityLost(all, ["b", "c"]) ?? "",
      /^b, c run on disks that somebody deleted, .* no majority of the 3 members .*snapshot save FILE.*restore FILE$/,
    );
    match(
      majorityLost(nodes({ a: "healthy", b: "healthy", c: "no answer" }), ["b"]) ?? "",
      /^b runs on a disk /,
    );
    match(majorityLost(nodes({ a: "healthy" }), ["a"]) ?? "", /^a runs on a disk /);
  });
  for (const [what, view, gone] of [
    ["the others carry the cluster", all, ["c", "w"]],
    ["they are clients", all, ["w"]],
    ["nobody carries it", nodes({ a: "healthy", b: "off", c: "off" }), ["a"]],
    ["they don't answer", nodes({ a: "healthy", b: "healthy", c: "off" }), ["c"]],
    ["nobody could be asked", [], ["a", "b"]],
  ] as const)
    it(`go where ${what}`, () => {
      equal(majorityLost(view, gone), undefined);
    });
});
