import { deepEqual, equal, rejects } from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { followLog, hasLog, readLog } from "../../../commands/hosts/consoleLogs.ts";
import { type HostAccess, HostCommandError, runOn } from "../../../host/access.ts";
import { shellCommand } from "../../../host/shell.ts";

/** A host whose command lines go through another shell, as ssh's do. */
const behindShell: HostAccess = {
  title: "qemu+ssh://host/system",
  uri: "qemu+ssh://host/system",
  virsh: () => Promise.reject(new Error("not asked")),
  commandLine: (command) => ["sh", "-c", shellCommand(command)],
};

const here: HostAccess = { ...behindShell, title: "qemu:///system", commandLine: (command) => [...command] };

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !done(); tries++) await sleep(50);
}

for (const [where, access] of [
  ["on this machine", here],
  ["behind a shell", behindShell],
] as const)
  describe(`console logs ${where}`, () => {
    let folder: string;
    let log: { name: string; file: string };
    beforeEach(() => {
      // With what shells stumble over.
      folder = mkdtempSync(join(tmpdir(), "it's a $(touch folder) "));
      log = { name: "dev-core01", file: join(folder, "a;b'c-console.log") };
    });
    afterEach(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    it("are read with their rotated parts, the oldest first", async () => {
      writeFileSync(log.file, "four\n");
      writeFileSync(`${log.file}.0`, "three\n");
      writeFileSync(`${log.file}.1`, "two\n");
      writeFileSync(`${log.file}.2`, "one\n");
      equal(await readLog(access, log), "one\ntwo\nthree\nfour\n");
      rmSync(`${log.file}.1`);
      equal(await readLog(access, log), "one\nthree\nfour\n");
    });

    it("say when they are missing, and why that can be", async () => {
      equal(await hasLog(access, log), false);
      await rejects(readLog(access, log), {
        name: "UserError",
        message: /^there is no console log of dev-core01 on .*it has not been started yet/,
      });
      writeFileSync(log.file, "");
      equal(await hasLog(access, log), true);
    });

    it("are followed through growth and rotation, and let go", async () => {
      writeFileSync(log.file, "old\nlast\n");
      writeFileSync(`${log.file}.0`, "oldest\n");
      let text = "";
      const stop = new AbortController();
      const ended = followLog(access, log, undefined, (more) => (text += more), stop.signal);
      await until(() => text.includes("last"));
      appendFileSync(log.file, "new\n");
      await until(() => text.includes("new"));
      renameSync(log.file, `${log.file}.0`);
      writeFileSync(log.file, "rotated\n");
      await until(() => text.includes("rotated"));
      stop.abort();
      await ended;
      deepEqual(text.split("\n"), ["oldest", "old", "last", "new", "rotated", ""]);
    }).timeout(20_000);

    it("are followed from their last lines on", async () => {
      writeFileSync(log.file, "one\ntwo\nthree\n");
      writeFileSync(`${log.file}.0`, "zero\n");
      let text = "";
      const stop = new AbortController();
      const ended = followLog(access, log, 1, (more) => (text += more), stop.signal);
      await until(() => text !== "");
      stop.abort();
      await ended;
      equal(text, "three\n");
    });
  });

describe("programs on a host", () => {
  it("fail with their last words and their exit code", async () => {
    await rejects(runOn(here, ["sh", "-c", "echo why >&2; exit 3"]), (error) => {
      deepEqual(error instanceof HostCommandError && [error.message, error.exitCode], [
        "sh on qemu:///system: why",
        3,
      ]);
      return true;
    });
  });

  it("fail as unreachable when ssh itself does", async () => {
    const broken: HostAccess = {
      ...behindShell,
      commandLine: () => ["sh", "-c", "echo 'No route to host' >&2; exit 255"],
    };
    await rejects(runOn(broken, ["cat", "/x"]), {
      message:
        "qemu+ssh://host/system can't be reached by ssh: No route to host\n" +
        "  host does not answer. Is it on, is its sshd running, is there a way to it from here? Try: ssh host true",
    });
  });

  it("fail when they are not there", async () => {
    await rejects(runOn(here, ["/no/such/program"]), /\/no\/such\/program on qemu:\/\/\/system: .*ENOENT/);
  });
});
