import { deepEqual, equal, throws } from "node:assert/strict";
import { withRow } from "../../faults/record.ts";

const PAGE = "# Page\n\n<!-- faults -->\n<!-- end -->\n\nbelow\n";
const rows = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("| "));
const fault = (name: string) => ({ fault: name, recovery: "`npm start`" });

describe("the table of faults", () => {
  it("gets a row for each fault, in the order of the first runs", () => {
    const first = withRow(PAGE, fault("a"), { held: 20, tried: 20, seconds: [9, 1, 100] });
    const both = withRow(first, fault("b"), { held: 1, tried: 2, seconds: [300] });
    deepEqual(rows(both).slice(2), [
      "| a | `npm start` | 20 of 20 | 9 s |",
      "| b | `npm start` | 1 of 2 | 5 min |",
    ]);
    equal(both.startsWith("# Page\n\n<!-- faults -->\n"), true);
    equal(both.endsWith("<!-- end -->\n\nbelow\n"), true);
  });

  it("gets a row anew where a fault was tried before", () => {
    const first = withRow(PAGE, fault("a"), { held: 19, tried: 20, seconds: [] });
    const again = withRow(first, fault("a"), { held: 20, tried: 20, seconds: [] });
    deepEqual(rows(again).slice(2), ["| a | `npm start` | 20 of 20 | - |"]);
  });

  it("has to be there", () => {
    throws(
      () => withRow("# Page\n", fault("a"), { held: 1, tried: 1, seconds: [] }),
      /has no <!-- faults -->/,
    );
  });
});
