/** Which verbs the way into the CLI hands to sudo: what is about a host of the user's own runs as the user, with the user's keys and Pulumi. */
import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const checkout = join(import.meta.dirname, "../../..");

describe("bootstrap.sh for a user who is not root", function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
    // Doubles: whoever runs the tests may be root, and nobody is to become it.
    for (const [name, text] of [
      ["id", "echo 1000"],
      ["sudo", "echo SUDO"],
    ] as const)
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const said = async (...words: string[]): Promise<string> => {
    const { all } = await execa("sh", ["commands/bootstrap.sh", ...words], {
      ...{ cwd: checkout, all: true, reject: false, stdin: "ignore" },
      env: {
        PATH: `${folder}:${process.env["PATH"] ?? ""}`,
        CLUSTER_LAB_DIR: join(folder, "lab"),
        LIBVIRT_DEFAULT_URI: "",
      },
    });
    return all;
  };

  /** Each with what it needs to get as far as the host. */
  const VERBS: readonly string[][] = [
    ...["list", "logs", "pause", "resume", "leaks", "status", "credentials", "roll"].map((verb) => [verb]),
    ...["console", "ssh", "replace"].map((verb) => [verb, "--connect", "nothing", "a-core01"]),
    ...[
      ["snapshot", "save", "a.db"],
      ["restore", "a.db", "--yes"],
      ["destroy", "--owner", "0".repeat(32)],
    ],
  ];
  it("runs them as that user where --connect names the host, and asks for root where it is the lab", async () => {
    const named = VERBS.map((words) =>
      words.includes("--connect") ? words : [...words, "--connect", "nothing"],
    );
    const answers = await Promise.all(named.map((words) => said(...words)));
    deepEqual(
      named.filter((_, at) => answers[at]?.includes("SUDO")).map((words) => words.join(" ")),
      [],
    );
    for (const answer of answers) match(answer, /^error: /m);
    for (const verb of ["start", "status", "replace"]) match(await said(verb), /SUDO/);
  });

  it("looks into a file as that user", async () => {
    doesNotMatch(await said("snapshot", "status", join(folder, "none.db")), /SUDO/);
  });
});
