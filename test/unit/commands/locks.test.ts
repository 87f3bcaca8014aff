import { deepEqual, equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locksOf } from "../../../commands/lab/locks.ts";
import { labPaths } from "../../../lab/shared/context.ts";
import { stateFolder } from "../../../lab/toolchain/index.ts";

describe("the locks of a stack", () => {
  const folder = mkdtempSync(join(tmpdir(), "locks-"));
  const paths = labPaths(folder, {});
  const none = { locked: false, holder: undefined };
  const lock = (stack: string, text: string): void => {
    const at = join(stateFolder(paths), ".pulumi", "locks", "organization", "coreos-cluster", stack);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, `${stack}.json`), text);
  };
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("are not there before the first run, nor for another stack", async () => {
    deepEqual(await locksOf(paths, "dev"), none);
    lock("dev", '{"pid":1}');
    deepEqual(await locksOf(paths, "de"), none);
  });

  for (const [what, text] of [
    ["whose process is gone", '{"pid":4194305,"username":"me"}'],
    ["whose number went to another program", `{"pid":${process.ppid}}`],
    ["that a kill cut off in the middle of writing", '{"pi'],
  ] as const)
    it(`are held by nobody: a lock ${what}`, async () => {
      lock("gone", text);
      deepEqual(await locksOf(paths, "gone"), { locked: true, holder: undefined });
    });

  it("name the pulumi that is at work", async () => {
    const pulumi = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "pulumi", "up"]);
    try {
      await once(pulumi, "spawn");
      lock("busy", JSON.stringify({ pid: pulumi.pid, username: "me" }));
      const { locked, holder } = await locksOf(paths, "busy");
      equal(locked, true);
      equal(holder?.pid, pulumi.pid);
      match(holder?.command ?? "", / pulumi up$/);
    } finally {
      pulumi.kill();
    }
  });
});
