import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { plainLines } from "../../../commands/readiness/console.ts";
import { type Fetch, fetchIn, FetchMemory } from "../../../commands/readiness/fetches.ts";

const URL_ = "http://10.77.0.1:9/nothing";
const REFUSED = "dial tcp 10.77.0.1:9: connect: connection refused";

/** What the consoles of the families show while Ignition tries to fetch something. */
const CONSOLES: Readonly<
  Record<string, { readonly attempt: (n: number) => string; readonly error: string }>
> = {
  "Container Linux": {
    attempt: (n) => `[    5.922871] ignition[424]: GET ${URL_}: attempt #${n}`,
    error: `[    5.931029] ignition[424]: GET error: Get ${URL_}: ${REFUSED}`,
  },
  Flatcar: {
    attempt: (n) =>
      `[   12.922871] ignition[687]: files: createFilesystemsFiles: createFiles: op(3): GET ${URL_}: attempt #${n}`,
    error: `[   12.931029] ignition[687]: files: createFilesystemsFiles: createFiles: op(3): GET error: Get "${URL_}": ${REFUSED}`,
  },
  "Fedora CoreOS": {
    attempt: (n) => `\u001b[0;32m[   15.046484] ignition[810]: fetch: GET ${URL_}: attempt #${n}\r`,
    error: `[   15.046999] ignition[810]: fetch: GET error: Get "${URL_}": ${REFUSED}`,
  },
  "the lab image": {
    attempt: (n) => `ignition: files: createFilesystemsFiles: createFiles: op(2): GET ${URL_}: attempt #${n}`,
    error: `ignition: files: createFilesystemsFiles: createFiles: op(2): GET error: Get "${URL_}": ${REFUSED}`,
  },
};

describe("readiness: what Ignition can't fetch", () => {
  for (const [family, { attempt, error }] of Object.entries(CONSOLES)) {
    const shown = (...lines: string[]): string[] => plainLines(["booting", ...lines, "more"].join("\n"));

    describe(`on the console of ${family}`, () => {
      it("is known while it tries", () => {
        deepEqual(fetchIn(shown(attempt(1), error, attempt(2), error, attempt(3))), {
          ...{ url: URL_, attempt: 3 },
          words: REFUSED,
        });
      });

      it("is over once it has it, or Ignition has ended", () => {
        const got = error.replace(/GET error:.*/, "GET result: OK");
        equal(fetchIn(shown(attempt(1), error, attempt(2), got)), undefined);
        const gone = error.replace(/GET error:.*/, "GET result: Not Found");
        equal(fetchIn(shown(attempt(1), gone)), undefined);
        const done = error.replace(/(ignition\S*: ).*/, "$1Ignition finished successfully");
        equal(fetchIn(shown(attempt(1), error, done)), undefined);
      });

      it("is also what a server answers that is in trouble", () => {
        const answer = error.replace(/GET error:.*/, "GET result: Service Unavailable");
        deepEqual(fetchIn(shown(attempt(6), answer)), {
          ...{ url: URL_, attempt: 6 },
          words: "Service Unavailable",
        });
      });
    });
  }

  it("keeps the words of Ignition where a name is not known", () => {
    const words = "dial tcp: lookup files.example on 10.77.0.1:53: no such host";
    const lines = [
      "ignition[9]: GET https://files.example/x?a=b: attempt #4",
      `ignition[9]: GET error: Get "https://files.example/x?a=b": ${words}`,
    ];
    deepEqual(fetchIn(lines), { url: "https://files.example/x?a=b", attempt: 4, words });
  });

  it("is not what others fetch", () => {
    equal(
      fetchIn([`kubelet[9]: GET ${URL_}: attempt #4`, `GET error: Get "${URL_}": ${REFUSED}`]),
      undefined,
    );
  });

  it("never throws, whatever a guest prints", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        fetchIn([`ignition[1]: GET ${text}: attempt #1`, `ignition[1]: GET error: ${text}`, text]);
        return true;
      }),
    );
  });
});

describe("readiness: when Ignition counts as one that never gets it", () => {
  const limit = 120_000;
  const try_ = (attempt: number, url = URL_, words: string | undefined = REFUSED) => ({
    url,
    attempt,
    words,
  });
  let memory: FetchMemory;
  beforeEach(() => {
    memory = new FetchMemory();
  });
  /** What is said of a node whose console shows `fetch` after so many seconds. */
  const at = (seconds: number, fetch: Fetch | undefined): string | undefined =>
    memory.hopeless("a01", fetch, seconds * 1000, limit);

  it("is after two minutes of further attempts, with the URL and Ignition's words", () => {
    for (let seconds = 0; seconds < 120; seconds += 5)
      equal(at(seconds, try_(5 + seconds / 5)), undefined, `${seconds}`);
    equal(at(121, try_(30)), `Ignition can't fetch ${URL_} (attempt #30): ${REFUSED}`);
  });

  it("is after a few attempts where each takes its time", () => {
    equal(at(0, try_(1)), undefined);
    equal(at(125, try_(2)), undefined);
    equal(at(160, try_(3)), undefined);
    ok(at(195, try_(4)));
  });

  it("is not while what was seen before is shown still: the machine may have been made to boot again", () => {
    equal(at(0, try_(40)), undefined);
    equal(at(110, try_(60)), undefined);
    equal(at(130, try_(60)), undefined);
    equal(at(140, try_(1)), undefined);
    equal(at(150, try_(5)), undefined);
    ok(at(265, try_(27)));
  });

  it("begins anew with another URL, and once something was fetched", () => {
    at(0, try_(1));
    at(100, try_(20));
    equal(at(125, try_(4, "http://10.77.0.1:9/other")), undefined);
    at(130, undefined);
    equal(at(250, try_(25, "http://10.77.0.1:9/other")), undefined);
  });

  it("shows no password", () => {
    const url = "http://me:secret@10.77.0.1:9/x";
    at(0, try_(1, url));
    equal(at(121, try_(9, url)), `Ignition can't fetch http://***@10.77.0.1:9/x (attempt #9): ${REFUSED}`);
  });

  it("says so where Ignition gave no reason", () => {
    at(0, { url: URL_, attempt: 1, words: undefined });
    equal(
      at(121, { url: URL_, attempt: 9, words: undefined }),
      `Ignition can't fetch ${URL_} (attempt #9): no answer yet`,
    );
  });
});
