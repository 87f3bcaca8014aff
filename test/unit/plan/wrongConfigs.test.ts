import assert from "node:assert/strict";
import { CONFIG_KEY_NAMES } from "../../../plan/keys.ts";
import { problem, problems, publicKey, settings } from "./fixtures.ts";
import { afterCommands } from "./pulumiConfig.ts";
import { WRONG_CONFIGS } from "./wrongConfigs/index.ts";

const body = publicKey().split(" ")[1] ?? "";
const title = (set: object): string => {
  const text = JSON.stringify(set, (_, value: unknown) => (value === undefined ? null : value)).replace(
    body,
    "BODY",
  );
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
};

for (const [topic, table] of Object.entries(WRONG_CONFIGS)) {
  describe(`wrong configs: ${topic}`, () => {
    for (const { set, says, right, mend } of table) {
      it(title(set), () => {
        const { key, value, expected, remedy } = problem(set);
        assert.deepEqual(
          {
            says: `${key} ${value === undefined ? "is not set" : `is ${value}`}`,
            right: expected,
            mend: remedy,
          },
          { says, right, mend },
        );
        const values = afterCommands(settings(set).values, mend);
        const left = problems(values, {}, {});
        assert.ok(
          !left.some((one) => one.key === key && one.expected === expected),
          "the remedy does not mend it",
        );
        // A remedy can bring up what could not be checked before: a mode without its endpoint.
        let mended = values;
        for (let round = 0; round < 3; round++)
          for (const one of problems(mended, {}, {})) mended = afterCommands(mended, one.remedy);
        assert.deepEqual(problems(mended, {}, {}), []);
      });
    }
  });
}

describe("wrong configs", () => {
  it("are there for every key", () => {
    const said = Object.values(WRONG_CONFIGS).flatMap((table) =>
      table.map(({ says }) => /^\w+/.exec(says)?.[0]),
    );
    assert.deepEqual(
      CONFIG_KEY_NAMES.filter((key) => !said.includes(key)),
      [],
    );
  });
});
