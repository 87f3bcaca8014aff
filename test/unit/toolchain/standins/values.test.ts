import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { diffInputs } from "../../../../lab/toolchain/standins/plugin/diff.ts";
import {
  containsSecret,
  containsUnknown,
  equal as sameValue,
  isSecret,
  reveal,
  secret,
  UNKNOWN,
  withoutNulls,
  type PropertyMap,
  type PropertyValue,
} from "../../../../lab/toolchain/standins/plugin/values.ts";

const values = fc.letrec<{ value: PropertyValue; map: PropertyMap }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<PropertyValue>(null, true, UNKNOWN),
    fc.integer(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("map"),
  ),
  map: fc.dictionary(fc.string(), tie("value"), { maxKeys: 3, noNullPrototype: true }),
}));

describe("Property values", () => {
  it("hide and show secrets at any depth", () => {
    const map = { plain: "a", list: [secret("b")], deep: { deeper: secret({ c: secret("d") }) } };
    deepEqual(reveal(map), { plain: "a", list: ["b"], deep: { deeper: { c: "d" } } });
    ok(containsSecret(map) && !containsSecret(reveal(map)));
    ok(isSecret(secret("x")) && !isSecret({ value: "x" }));
  });

  it("know what is unknown", () => {
    ok(containsUnknown({ a: [secret(UNKNOWN)] }));
    ok(!containsUnknown({ a: ["b"] }));
  });

  it("drop null entries of maps and keep null elements of lists", () => {
    deepEqual(withoutNulls({ a: null, b: { c: null, d: [null, { e: null }] } }), { b: { d: [null, {}] } });
  });

  it("are equal to themselves, and to themselves without nulls", () => {
    fc.assert(
      fc.property(values.map, (map) => {
        ok(sameValue(map, structuredClone(map)) && sameValue(map, withoutNulls(map)));
        equal(diffInputs(map, structuredClone(map)).size, 0);
      }),
    );
  });

  it("of maps are their own entries alone, whatever these are called", () => {
    const left: PropertyMap = { valueOf: null, constructor: "a" };
    ok(sameValue({ valueOf: null }, {}) && !sameValue(left, { toString: "a" }));
    deepEqual(
      [...diffInputs({}, left)],
      [
        ["valueOf", "add"],
        ["constructor", "add"],
      ],
    );
  });

  it("differ exactly where a difference is found", () => {
    fc.assert(
      fc.property(values.map, values.map, (left, right) => {
        const [old, next] = [withoutNulls(left), withoutNulls(right)];
        equal(diffInputs(old, next).size === 0, sameValue(old, next));
      }),
    );
  });
});

describe("Changed inputs", () => {
  const changes = (old: PropertyMap, next: PropertyMap): Record<string, string> =>
    Object.fromEntries(diffInputs(old, next));

  it("are named by path, as Pulumi's own providers do", () => {
    const old = { create: "c", environment: { A: "1", "B-x": "2", 'q"': "3" }, triggers: ["t", { x: 1 }, 3] };
    const next = {
      update: "u",
      environment: { A: "9", "B-x": "8", 'q"': "7", C: "n" },
      triggers: ["t", { x: 2 }],
    };
    deepEqual(changes(old, next), {
      create: "delete",
      update: "add",
      "environment.A": "update",
      'environment["B-x"]': "update",
      'environment["q\\""]': "update",
      "environment.C": "add",
      "triggers[1].x": "update",
      "triggers[2]": "delete",
    });
  });

  it("are one change where a secret's content, a type or the secrecy itself differs", () => {
    deepEqual(changes({ a: secret({ x: "1", y: "2" }) }, { a: secret({ x: "1", y: "3" }) }), { a: "update" });
    deepEqual(changes({ a: "1" }, { a: secret("1") }), { a: "update" });
    deepEqual(changes({ a: ["1"] }, { a: UNKNOWN }), { a: "update" });
    deepEqual(changes({ a: secret(["1"]) }, { a: secret(["1"]) }), {});
  });
});
