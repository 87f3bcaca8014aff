import { equal, match, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labPaths } from "../../../lab/shared/context.ts";
import { run, type RunResult } from "../../../lab/shared/process.ts";
import { ensureToolchain, preparePulumi, type Toolchain } from "../../../lab/toolchain/index.ts";
import { checkout, scratch, type Scratch } from "./support.ts";

describe("Pulumi in the lab", function () {
  this.timeout(60_000);
  let place: Scratch;
  let toolchain: Toolchain;
  let project: string;
  let env: Record<string, string>;

  const pulumi = (...args: string[]): Promise<RunResult> =>
    run(join(toolchain.bin, "pulumi"), [...args, "--non-interactive", "--color", "never"], {
      cwd: project,
      env,
      log: place.context.paths.log,
      timeout: 50,
    });
  const up = (): Promise<RunResult> => pulumi("up", "--yes", "--skip-preview");
  const set = (key: string, value: string, ...flags: string[]): Promise<RunResult> =>
    pulumi("config", "set", ...flags, key, value);
  const outputs = async (): Promise<{ hex: string; stdout: string }> =>
    JSON.parse((await pulumi("stack", "output", "--json")).stdout) as { hex: string; stdout: string };
  const state = (): string => {
    const folder = join(place.context.paths.lab, "pulumi/state/.pulumi/stacks/toolchain-test");
    return readFileSync(join(folder, "dev.json"), "utf8");
  };
  const alive = (pid: number): boolean => {
    try {
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };
  /** All threads of a Go program start processes. */
  const childrenOf = (pid: number): number[] =>
    readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" "))
      .map(Number)
      .filter((child) => child > 0);
  const until = async (what: string, test: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 300; tries++) {
      if (test()) return;
      await sleep(100);
    }
    throw new Error(`not within 30 seconds: ${what}`);
  };

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where all tools must be built
    place = scratch(labPaths(checkout).cache);
    toolchain = await ensureToolchain(place.context);
    project = join(place.folder, "it's a project");
    cpSync(join(import.meta.dirname, "program"), project, { recursive: true });
    symlinkSync(join(checkout, "node_modules"), join(project, "node_modules"));
    env = {
      ...(await preparePulumi(place.context, toolchain)),
      PATH: `${toolchain.bin}:${process.env["PATH"] ?? ""}`,
      PULUMI_STACK: "dev",
    };
    await pulumi("stack", "init", "dev");
    mkdirSync(join(place.folder, "made"));
    await set("folder", join(place.folder, "made"));
    await set("password", "not-for-everyone", "--secret");
  });
  after(() => {
    place.remove();
  });

  it("is prepared in milliseconds when all is there, and nothing is copied", async () => {
    const began = performance.now();
    await preparePulumi(place.context, toolchain);
    ok(performance.now() - began < 250);
    const home = env["PULUMI_HOME"] ?? "";
    for (const folder of readdirSync(join(home, "plugins"))) {
      for (const file of readdirSync(join(home, "plugins", folder))) {
        if (file.startsWith("pulumi-")) ok(readlinkSync(join(home, "plugins", folder, file)));
      }
    }
  });

  it("keeps Pulumi's own logs for a day", async () => {
    const folder = join(place.context.paths.lab, "pulumi", "home", "logs");
    mkdirSync(folder, { recursive: true });
    for (const name of ["old.log", "new.log"]) writeFileSync(join(folder, name), "");
    const dayBefore = new Date(Date.now() - 2 * 86_400_000);
    utimesSync(join(folder, "old.log"), dayBefore, dayBefore);
    await preparePulumi(place.context, toolchain);
    equal(existsSync(join(folder, "old.log")), false);
    equal(existsSync(join(folder, "new.log")), true);
  });

  it("keeps its passphrase and its state from others", async () => {
    const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "";
    equal(statSync(file).mode & 0o777, 0o600);
    const passphrase = readFileSync(file, "utf8");
    ok(passphrase.length >= 32);
    await preparePulumi(place.context, toolchain);
    equal(readFileSync(file, "utf8"), passphrase);
    equal(statSync(join(place.context.paths.lab, "pulumi")).mode & 0o777, 0o700);
  });

  it("drops a plugin of another version that an older table left", async () => {
    const old = join(env["PULUMI_HOME"] ?? "", "plugins/resource-command-v0.0.1");
    const other = join(env["PULUMI_HOME"] ?? "", "plugins/resource-other-v0.0.1");
    mkdirSync(old);
    mkdirSync(other);
    await preparePulumi(place.context, toolchain);
    ok(!existsSync(old) && existsSync(other));
    rmSync(other, { recursive: true });
  });

  it("runs a program of TypeScript: up, and then nothing to change", async () => {
    const { stdout } = await up();
    match(stdout, /\+ 3 created/);
    const made = await outputs();
    match(made.hex, /^[0-9a-f]{32}$/);
    equal(made.stdout, `made ${made.hex}`);
    ok(existsSync(join(place.folder, "made/made")));
    await pulumi("preview", "--expect-no-changes");
    await pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("encrypts secrets in the state", () => {
    ok(state().includes("ciphertext") && !state().includes("not-for-everyone"));
  });

  it("needs no network at all", async () => {
    const script = `ip link set lo up && exec '${toolchain.bin}/pulumi' preview --expect-no-changes --non-interactive`;
    await run("unshare", ["--net", "sh", "-c", script], { cwd: project, env, timeout: 20 });
  });

  it("updates in place for a changed input, and the command sees its old output", async () => {
    const made = await outputs();
    await set("setting", "2");
    match((await pulumi("preview", "--diff")).stdout, /~ SETTING: "1" => "2"/);
    match((await up()).stdout, /~ 1 updated/);
    equal((await outputs()).stdout, made.stdout);
    await pulumi("preview", "--expect-no-changes");
  });

  it("replaces for a changed trigger", async () => {
    await set("trigger", "2");
    match((await up()).stdout, /\+-1 replaced/);
    await pulumi("preview", "--expect-no-changes");
  });

  it("shows a program's own error once, without a stand-in's words around it", async () => {
    await set("mode", "throw");
    await rejects(pulumi("preview"), (error: Error & { output?: string }) => {
      equal(error.output?.match(/Error: thrown by the program/g)?.length, 1, error.output);
      ok(!/non-zero exit code/.test(error.output));
      return true;
    });
  });

  it("names the official plugin where a stand-in can't serve", async function () {
    if (
      !toolchain.tools.some(({ name, origin }) => name === "pulumi-resource-random" && origin === "stand-in")
    )
      this.skip();
    await set("mode", "pet");
    await rejects(
      pulumi("preview"),
      /stand-in for pulumi-resource-random does not know random:index\/randomPet:RandomPet/,
    );
  });

  for (const [signal, words] of [
    ["SIGINT", "and lets the command clean up"],
    ["SIGKILL", "and leaves no process behind"],
  ] as const) {
    it(`can be ended by ${signal} in the middle of a command, ${words}`, async () => {
      await set("mode", "slow");
      const pidFile = join(place.folder, "made/pid");
      rmSync(pidFile, { force: true });
      const args = ["up", "--yes", "--skip-preview", "--non-interactive"];
      const child = spawn(join(toolchain.bin, "pulumi"), args, {
        cwd: project,
        env: { ...process.env, ...env },
        stdio: "ignore",
      });
      await until(
        "the command has started",
        () => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"),
      );
      const command = Number(readFileSync(pidFile, "utf8"));
      const plugins = childrenOf(child.pid ?? 0);
      ok(plugins.length >= 3 && plugins.every(alive), "language host and two plugins");
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
      await until("the command and the plugins have ended", () => ![command, ...plugins].some(alive));
      if (signal === "SIGINT") ok(existsSync(join(place.folder, "made/cleaned")));
      else await pulumi("cancel", "--yes"); // the state's lock outlives a killed run
    });
  }

  it("destroys all, running what the command says for that", async () => {
    await set("mode", "plain");
    const { stdout } = await outputs();
    await pulumi("destroy", "--yes", "--skip-preview");
    const gone = readFileSync(join(place.folder, "made/gone"), "utf8").trim().split("\n");
    equal(gone.at(-1), `gone: ${stdout}`);
    await pulumi("stack", "rm", "--yes");
    ok(!existsSync(join(place.context.paths.lab, "pulumi/state/.pulumi/stacks/toolchain-test/dev.json")));
  });
});
