/** Every suite with real parts of e2e and faults is run between two looks at the machine. */
import { deepEqual, match } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const tests = join(import.meta.dirname, "../..");

/** The outermost suites of a file, by how they are made: what begins a line and calls something with a title. */
const outermost = (text: string): string[] =>
  [...text.matchAll(/^\(?(\w[\w.]*)\(\s*(?=["'`])/gm)].map(([, call = ""]) => call);

for (const kind of ["e2e", "faults"])
  describe(`leaks are looked for around ${kind}`, () => {
    for (const name of readdirSync(join(tests, kind)).filter((file) => file.endsWith(".test.ts")))
      it(name, () => {
        const suites = outermost(readFileSync(join(tests, kind, name), "utf8"));
        match(suites.join(), /./, "no suite was found");
        deepEqual(
          suites.filter((call) => !/^describe(?:LeavingNothing|Long)$/.test(call)),
          [],
        );
      });
  });
