/** A member that was on its way into a cluster when that was restored: which clusters count as the same one by another id. */
import { equal } from "node:assert/strict";
import type { ListedMember } from "../../../commands/membership/api.ts";
import type { Seen } from "../../../commands/membership/look.ts";
import { restoredEntry } from "../../../commands/membership/restored.ts";
import { membershipSettings } from "../../../commands/membership/settings.ts";

const listed = (name: string): ListedMember => ({
  ...{ id: `id-${name}`, name, peerUrls: [`http://${name}:2380`], clientUrls: [], learner: false },
});
const seen = (name: string, names: readonly string[], clusterId = "new"): Seen => ({
  ...{ name, host: name, healthy: true },
  view: {
    ...{ clusterId, memberId: `id-${name}`, leader: "l", version: "3.4.30" },
    members: names.map(listed),
  },
});
const settings = (more: Record<string, string> = {}) =>
  membershipSettings({
    MEMBER: "b=52:54:00:00:00:02",
    NODES: "a=52:54:00:00:00:01",
    OTHERS: "c=52:54:00:00:00:03",
    MACHINES: "",
    MODE: "static",
    LIBVIRT_URI: "test:///default",
    TIMEOUT: "60",
    ...more,
  });

describe("a cluster that was restored while a member joined it", () => {
  const all = ["a", "b", "c"];
  const well = all.map((name) => seen(name, all));
  const change = (name: string, more: Partial<Seen>): Seen[] =>
    well.map((one) => (one.name === name ? { ...one, ...more } : one));
  const rows: readonly [string, readonly Seen[], Record<string, string>, boolean][] = [
    ["all of it, healthy", well, {}, true],
    ["all of it, healthy, the member being replaced", well, { REPLACES: "1" }, true],
    ["one that is away", well.slice(0, 2), {}, true],
    ["a later one that isn't there yet", ["a", "b"].map((name) => seen(name, ["a", "b"])), {}, true],
    [
      "one is missing that was there",
      ["a", "b"].map((name) => seen(name, ["a", "b"])),
      { REPLACES: "1" },
      false,
    ],
    ["one before it is missing", ["b", "c"].map((name) => seen(name, ["b", "c"])), {}, false],
    ["the member doesn't answer", well.filter(({ name }) => name !== "b"), {}, false],
    ["the member isn't healthy", change("b", { healthy: false }), {}, false],
    ["nobody else is healthy", well.map((one) => ({ ...one, healthy: one.name === "b" })), {}, false],
    ["the member is alone", [seen("b", ["b"])], { NODES: "", OTHERS: "a=52:54:00:00:00:01" }, false],
    ["the others are another cluster", [seen("a", ["a"], "x"), seen("b", all)], {}, false],
    ["somebody else is on the list", all.map((name) => seen(name, [...all, "stranger"])), {}, false],
    ["one that never started is on the list", all.map((name) => seen(name, [...all, ""])), {}, false],
    ["two of one name are on the list", all.map((name) => seen(name, [...all, "c"])), {}, false],
    [
      "it has no vote",
      change("b", {
        view: {
          ...seen("b", all).view,
          members: all.map((name) => ({ ...listed(name), learner: name === "b" })),
        },
      }),
      {},
      false,
    ],
  ];
  for (const [what, who, more, same] of rows)
    it(`${same ? "is" : "is not"} taken for the same: ${what}`, () => {
      equal(restoredEntry(settings(more), who)?.id, same ? "id-b" : undefined);
    });
});
