import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { duration, together } from "../../../commands/ui/phases.ts";
import { progressOf } from "../../../commands/lab/pulumiOutput.ts";
import { closingLine } from "../../../commands/ui/counts.ts";

describe("what people see", () => {
  for (const [milliseconds, text] of [
    [0, "0.0 s"],
    [949, "0.9 s"],
    [9949, "9.9 s"],
    [9950, "10 s"],
    [59_400, "59 s"],
    [59_500, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_600_000, "60 min 00 s"],
  ] as const) {
    it(`writes ${milliseconds} ms as ${text}`, () => {
      assert.equal(duration(milliseconds), text);
    });
  }

  for (const [line, shown] of [
    [" +  libvirt:index:Domain dev-core01-domain creating (0s) ", "creating dev-core01-domain"],
    [
      " +- libvirt:index:Domain dev-core01-domain replacing (3s) [diff: ~memory]",
      "replacing dev-core01-domain",
    ],
    [" ~  libvirt:index:Pool cluster-pool refresh (0.10s)", "refresh cluster-pool"],
    [
      " +  command:local:Command cluster-readiness creating (0s) 1 of 3 healthy after 40 s",
      "1 of 3 healthy after 40 s",
    ],
    ["@ updating....", undefined],
    ["Outputs:", undefined],
    ["    pulumi:pulumi:Stack coreos-cluster-dev running ", undefined],
    ["", undefined],
  ] as const) {
    it(`shows of "${line}" ${shown ?? "nothing"}`, () => {
      assert.equal(progressOf(line), shown);
    });
  }

  it("ends with the counts, and names skipped tests only where there are any", () => {
    assert.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
    assert.equal(closingLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
  });
});

describe("work side by side", () => {
  it("gives all results in order", async () => {
    assert.deepEqual(await together([Promise.resolve(1), Promise.resolve("two")]), [1, "two"]);
  });

  it("tells every failure, after all has ended", async () => {
    let ended = false;
    const slow = new Promise((_resolve, reject) =>
      setTimeout(() => {
        ended = true;
        reject(new Error("no room"));
      }, 20),
    );
    await assert.rejects(
      together([Promise.reject(new Error("no network")), slow]),
      /no network\n\nand: no room/,
    );
    assert.equal(ended, true);
  });
});

describe("a phase's line", () => {
  const program = join(import.meta.dirname, "../../../commands/ui/phases.ts");
  for (const [what, answer, line] of [
    ["has a tick", '{ note: "3 healthy" }', /^ {2}✔ Health: 3 healthy \(0\.\d s\)\n$/],
    [
      "has a cross where the work says that it failed",
      '{ note: "a01: off", failed: true }',
      /^ {2}✖ Health: a01: off \(0\.\d s\)\n$/,
    ],
  ] as const)
    it(what, () => {
      const code = `const { Phases } = await import(${JSON.stringify(program)}); await new Phases().run("Health", async () => (${answer}));`;
      const args = ["--no-warnings", "--input-type=module", "-e", code];
      const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
      const { status, stderr } = spawnSync(process.execPath, args, {
        encoding: "utf8",
        timeout: 20_000,
        env,
      });
      assert.equal(status, 0, stderr);
      assert.match(stderr, line);
    });
});

describe("a phase on a terminal", () => {
  const program = join(import.meta.dirname, "../../../commands/ui/phases.ts");
  const code =
    `const { Phases } = await import(${JSON.stringify(program)});` +
    `await new Phases().run("Work", async (report) => { report("now"); await new Promise((r) => setTimeout(r, 300)); return { note: "done" }; });`;

  // It is what makes the terminals.
  const noTerminals = spawnSync("script", ["--version"]).status !== 0;

  for (const [what, columns, spins] of [
    ["has a spinner", 80, true],
    ["has none where the width is not told, and ends", 0, false],
  ] as const)
    (noTerminals ? it.skip : it)(noTerminals ? `${what} (script, of util-linux, is not here)` : what, () => {
      const command = `stty cols ${columns} rows ${columns}; exec "$NODE" --no-warnings --input-type=module -e "$CODE"`;
      const { status, stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
        ...{ encoding: "utf8", timeout: 20_000, killSignal: "SIGKILL", stdio: ["ignore", "pipe", "pipe"] },
        env: { ...process.env, NODE: process.execPath, CODE: code, TERM: "xterm", CI: undefined },
      });
      assert.equal(status, 0, stdout.slice(0, 1000));
      assert.match(stdout, /✔.* Work: done .*\(0\.\d s\)/);
      assert.equal(stdout.includes("⠋"), spins, stdout);
    });
});
