import { deepEqual } from "node:assert/strict";
import { statusOf } from "../../../commands/readiness/maintenance.ts";

describe("what a member says of itself", () => {
  it("has no control sequences of a terminal in it: whoever answers at the address could have sent it", () => {
    const { version, alarms } = statusOf(
      { header: { member_id: "1" }, version: "3.4.23\u001b[2J\u001b]0;owned\u0007" },
      { alarms: [{ memberID: "1", alarm: "NOSPACE\u001b[31m" }] },
    );
    deepEqual([version, alarms], ["3.4.23", ["NOSPACE"]]);
  });
});
