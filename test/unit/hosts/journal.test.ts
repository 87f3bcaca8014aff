import { deepEqual, throws } from "node:assert/strict";
import { askable } from "../../../commands/hosts/journal.ts";

describe("journals of machines that are off", () => {
  const states = new Map([
    ["n1", "running"],
    ["n2", "shut off"],
    ["n3", "paused"],
  ]);

  it("are not asked for: what starts the machines is said at once", () => {
    throws(() => askable(["n2", "n3"], states, ["--stack", "mine"]), {
      message:
        "n2 (shut off), n3 (paused) do not run. Next: npm run cluster -- resume --stack mine\n" +
        "What the consoles have shown is there all the same: logs without --journal",
    });
    throws(() => askable(["n2"], states, []), /^UserError: n2 \(shut off\) does not run\. Next: .* resume\n/);
  });

  it("leave those of the others", () => {
    deepEqual(askable(["n1", "n2"], states, []), {
      names: ["n1"],
      remark: "n2 (shut off) does not run. Next: npm run cluster -- resume",
    });
    deepEqual(askable(["n1", "gone"], states, []), { names: ["n1", "gone"], remark: undefined });
  });
});
