/** Real etcds on loopback: Debian's 3.4 and a 3.6 built from its Go module, as registries and as members. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached, shortHash } from "../../../lab/shared/cache.ts";
import { labPaths } from "../../../lab/shared/context.ts";
import { run } from "../../../lab/shared/process.ts";
import { buildEnvironment, cacheEnvironment, findGo } from "../../../lab/toolchain/go.ts";
import { machineArch } from "../../../lab/toolchain/table.ts";

export const checkout = join(import.meta.dirname, "../../..");

/** Debian's, of the lab's packages. */
export const ETCD_34 = "/usr/bin/etcd";

const MODULE = join(import.meta.dirname, "etcd");
const PACKAGE = "go.etcd.io/etcd/server/v3";

/** etcd 3.6, built once and kept in the cache beside the toolchain's programs. @throws where there is no Go that builds it. */
export async function etcd36(): Promise<string> {
  const go = await findGo();
  if (!("path" in go))
    throw new Error(`etcd 3.6 is built with Go, which is not there (found: ${String(go.found)})`);
  const paths = labPaths(checkout);
  const environment = buildEnvironment(machineArch());
  const files = ["go.mod", "go.sum", "tools.go"].map((name) => readFileSync(join(MODULE, name), "utf8"));
  const key = `etcd-3.6-${machineArch()}-${shortHash(JSON.stringify([environment, files]))}`;
  const folder = await cached({ paths, report: () => undefined }, key, async (into) => {
    const build = [
      "build",
      "-trimpath",
      "-buildvcs=false",
      "-ldflags=-s -w",
      "-o",
      join(into, "etcd"),
      PACKAGE,
    ];
    await run(go.path, build, {
      cwd: MODULE,
      env: { ...environment, ...cacheEnvironment(paths) },
      log: paths.log,
    });
  });
  return join(folder, "etcd");
}

/** Ports that are free on all of 127.0.0.0/8 right now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((found) => {
          server.listen(0, "0.0.0.0", () => {
            found((server.address() as AddressInfo).port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

/** etcds of one test, with their data and logs in a folder of their own. */
export class Etcds {
  readonly folder = mkdtempSync(join(tmpdir(), "etcds-"));
  readonly #running = new Map<string, ChildProcess>();

  /** Starts one. Settings of etcd that the environment holds would be taken for its own. */
  start(program: string, name: string, flags: Readonly<Record<string, string>>): void {
    const args = Object.entries({ name, "data-dir": join(this.folder, name), ...flags }).map(
      ([flag, value]) => `--${flag}=${value}`,
    );
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("ETCD_")));
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(this.log(name));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#running.set(name, child);
  }

  /** A registry of one server. @returns its client URL, once it answers there. */
  async registry(program: string, flags: Readonly<Record<string, string>> = {}): Promise<string> {
    const [client = 0, peer = 0] = await freePorts(2);
    const [clients, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    this.start(program, `registry-${client}`, {
      ...{ "listen-client-urls": clients, "advertise-client-urls": clients },
      ...{ "listen-peer-urls": peers, "initial-advertise-peer-urls": peers },
      ...{ "initial-cluster": `registry-${client}=${peers}` },
      ...flags,
    });
    for (let tries = 0; tries < 300; tries++) {
      const healthy = await fetch(`${clients}/health`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return clients;
      await sleep(100);
    }
    throw new Error(
      `${program} does not answer: ${readFileSync(this.log(`registry-${client}`), "utf8").slice(-2000)}`,
    );
  }

  log(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  async stop(names: readonly string[] = [...this.#running.keys()]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const child = this.#running.get(name);
        this.#running.delete(name);
        if (child?.exitCode !== null) return;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await gone;
      }),
    );
  }

  /** Takes the data of one that was stopped away. */
  forget(name: string): void {
    rmSync(join(this.folder, name), { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program of a Command resource as the resource does. */
export const runCommand = (
  program: "discovery" | "readiness",
  verb: string,
  env: Readonly<Record<string, string>>,
): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(checkout, "commands", `${program}.ts`), verb], {
      cwd: checkout,
      env: { PATH: process.env["PATH"] ?? "", ...env },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.once("close", (code) => {
      resolve({ code, out, err });
    });
  });
