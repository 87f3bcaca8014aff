/** A restore that was ended in the middle: no machine is made anew under it. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { previewUnlessRestoring } from "../../../commands/dayTwo/carryOut.ts";
import type { Leftover, NodeFacts } from "../../../commands/restore/node.ts";
import { factsOf } from "../../../commands/restore/run.ts";
import { type Look, looksAt, refuseUnfinished } from "../../../commands/restore/unfinished.ts";

const facts = (node: string, leftover: Leftover): NodeFacts => ({
  ...{ node, name: node, peers: "", dataFolder: "/var/lib/etcd", walFolder: "" },
  ...{ leftover, source: "", free: 0 },
});
const silent = (node: string): Look => ({ node, silent: true });

const refusal = (looks: readonly Look[], name?: string): string | undefined => {
  try {
    const note = refuseUnfinished(looks, "dev", name);
    if (note !== undefined) match(note, /finish it with `restore FILE`/);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("making a machine anew while a restore is unfinished", () => {
  const rows: readonly [string, readonly Look[], string | undefined, boolean][] = [
    ["none was begun", [facts("a", "none"), facts("b", "none")], "b", false],
    ["data of one were replaced", [facts("a", "swapped"), facts("b", "begun")], "b", true],
    ["nothing was replaced yet", [facts("a", "begun"), facts("b", "none")], "b", true],
    ["all are made anew, one after the other", [facts("a", "swapped"), silent("b")], undefined, true],
    ["it was whole, and not cleared up", [facts("a", "settled"), facts("b", "swapped")], "b", false],
    [
      "another one can't be logged in to",
      [facts("a", "swapped"), facts("b", "swapped"), silent("c")],
      "b",
      true,
    ],
    [
      "it can't be logged in to itself: else nothing could end it",
      [facts("a", "swapped"), silent("b")],
      "b",
      false,
    ],
    ["nobody can be logged in to", [silent("a"), silent("b")], "a", false],
  ];
  for (const [what, looks, name, refused] of rows)
    it(`${refused ? "is refused" : "goes on"}: ${what}`, () => {
      equal(
        refusal(looks, name),
        refused
          ? "a restore of stack dev was ended in the middle: finish it with `restore FILE` or take it back with `restore --undo` first. " +
              "Nothing was changed"
          : undefined,
      );
    });

  it("is looked at beside the preview, and names the stack that was asked for", async () => {
    const told: string[] = [];
    const phases = { say: (text: string): void => void told.push(text) };
    const stack: Parameters<typeof previewUnlessRestoring>[0] = {
      state: { owners: [], hosts: [], outputs: {}, session: undefined },
      preview: () => Promise.resolve([]),
      restores: () => Promise.resolve([facts("a", "swapped")]),
    };
    await rejects(
      previewUnlessRestoring(stack, phases, { stack: "mine" }, "a"),
      /^UserError: a restore of stack mine was/,
    );
    const waits = { ...stack, restores: () => Promise.resolve([facts("a", "swapped"), silent("b")]) };
    await previewUnlessRestoring(waits, phases, { stack: "mine" }, "b");
    deepEqual(told, [
      "a restore of stack mine was ended in the middle, and nobody can log in to b: once b is there, finish it with `restore FILE`",
    ]);
    const none = { ...stack, restores: () => Promise.resolve([facts("a", "none")]) };
    deepEqual(await previewUnlessRestoring(none, phases, {}), []);
  });

  it("a restore names those that can't be logged in to, and the way on where they are the fewer", async () => {
    const asked = (name: string, words?: string) => ({
      name,
      facts: () =>
        words === undefined
          ? Promise.resolve(facts(name, "none"))
          : Promise.reject(new Error(`${name}: ${words}`)),
    });
    deepEqual(await factsOf([asked("b"), asked("a")]), [facts("b", "none"), facts("a", "none")]);
    await rejects(factsOf([asked("a"), asked("b", "no route"), asked("c")]), {
      name: "UserError",
      message: /^b: no route\. Nothing was changed: .*just being made anew: npm run cluster -- replace b$/,
    });
    await rejects(factsOf([asked("a"), asked("b", "no key"), asked("c", "no key")]), {
      message:
        /^b: no key; c: no key\. Nothing was changed: all members must let themselves be logged in to$/,
    });
  });

  it("takes one that can't be asked for silent, within seconds", async () => {
    const limits: (number | undefined)[] = [];
    const looks = await looksAt([
      {
        name: "a",
        facts: (limit) => {
          limits.push(limit);
          return Promise.reject(new Error("no route to host"));
        },
      },
      { name: "b", facts: () => Promise.resolve(facts("b", "none")) },
    ]);
    deepEqual(looks, [silent("a"), facts("b", "none")]);
    deepEqual(limits, [30_000]);
  });
});
