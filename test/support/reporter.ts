/** mocha's spec reporter that also leaves its counts in the file named by MOCHA_COUNTS, for the sum over all suites. */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

export default class CountingSpec extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.once("end", () => {
      const file = process.env["MOCHA_COUNTS"];
      const { passes, failures, pending } = this.stats;
      if (file) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
}
