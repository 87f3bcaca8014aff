import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import {
  randomBytesType,
  randomIdOutputs,
  randomIdType,
} from "../../../../lab/toolchain/standins/random/types.ts";
import type { Operation } from "../../../../lab/toolchain/standins/plugin/resourceType.ts";
import {
  reveal,
  secret,
  UNKNOWN,
  type PropertyMap,
} from "../../../../lab/toolchain/standins/plugin/values.ts";

const operation = (preview = false): Operation => ({
  name: "r",
  preview,
  signal: new AbortController().signal,
  status: () => undefined,
});

describe("A RandomId", () => {
  it("is written as the official plugin writes it", () => {
    // One of its recorded states.
    deepEqual(randomIdOutputs(Buffer.from("804b64d95fc65494", "hex"), ""), {
      id: "gEtk2V_GVJQ",
      b64Std: "gEtk2V/GVJQ=",
      b64Url: "gEtk2V_GVJQ",
      dec: "9244593544885589140",
      hex: "804b64d95fc65494",
    });
  });
  it("carries its prefix in every output but its id", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.string(), (bytes, prefix) => {
        const [bare, prefixed] = [
          randomIdOutputs(Buffer.from(bytes), ""),
          randomIdOutputs(Buffer.from(bytes), prefix),
        ];
        for (const name of ["b64Std", "b64Url", "dec", "hex"])
          equal(prefixed[name], `${prefix}${bare[name] ?? ""}`);
        equal(prefixed["id"], bare["id"]);
        equal(BigInt(`0x${bare["hex"] ?? ""}`).toString(), bare["dec"]);
      }),
    );
  });
  it("has the asked length, and is another one each time", async () => {
    const make = async (): Promise<PropertyMap> =>
      (await randomIdType.create({ byteLength: 16, prefix: "p-" }, operation())).state;
    const [first, second] = [await make(), await make()];
    match(JSON.stringify(first["hex"]), /^"p-[0-9a-f]{32}"$/);
    equal(first["hex"] === second["hex"], false);
  });
  it("notes what the Terraform state below it holds otherwise", async () => {
    const note = async (inputs: PropertyMap): Promise<unknown> =>
      (await randomIdType.create({ byteLength: 4, ...inputs }, operation())).state[
        "__pulumi_raw_state_delta"
      ];
    const absent = secret({ replace: { raw: null } });
    deepEqual(await note({}), { obj: { ps: { keepers: absent, prefix: absent } } });
    deepEqual(await note({ prefix: "x", keepers: {} }), { obj: { ps: { keepers: { map: {} } } } });
  });
  it("is unknown in a preview", async () => {
    const { id, state } = await randomIdType.create({ byteLength: 4 }, operation(true));
    equal(id, "");
    const outputs = Object.fromEntries(
      ["id", "b64Std", "b64Url", "dec", "hex"].map((name) => [name, UNKNOWN]),
    );
    deepEqual(state, { byteLength: 4, ...outputs });
  });
  it("is replaced by any change", () => {
    const { replaces } = randomIdType.diff(
      { byteLength: 4, keepers: { a: "1" } },
      { byteLength: 5, keepers: { a: "2" } },
    );
    deepEqual([...replaces].sort(), ["byteLength", "keepers.a"]);
  });
  it("is checked", () => {
    const wrong = (inputs: PropertyMap): string[] =>
      randomIdType.check(inputs).failures.map(({ property }) => property);
    deepEqual(wrong({ byteLength: 8, keepers: { a: "b" }, prefix: "p" }), []);
    deepEqual(wrong({ byteLength: UNKNOWN, keepers: { a: UNKNOWN } }), []);
    deepEqual(wrong({ keepers: { a: 1 }, prefix: 2 }), ["byteLength", "keepers", "prefix"]);
    for (const byteLength of [0, -1, 1.5, "8", 1e9]) deepEqual(wrong({ byteLength }), ["byteLength"]);
  });
});

describe("RandomBytes", () => {
  it("are secret, and their id is their base64", async () => {
    const { id, state } = await randomBytesType.create({ length: 8 }, operation());
    deepEqual(state["base64"], secret(id));
    const hex = reveal(state["hex"] ?? null);
    equal(Buffer.from(id, "base64").toString("hex"), hex);
    match(JSON.stringify(hex), /^"[0-9a-f]{16}"$/);
  });
});
