/** Hosts of the tests' own, made of namespaces. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const checkout = join(import.meta.dirname, "../../..");

/** With its own process ids: all that a script starts ends with it. */
const NAMESPACES = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

const has = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Why such a host can't be made here; undefined where it can. */
export function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "namespaces want root";
  const missing = ["unshare", "ip", "iptables", "ip6tables", "dnsmasq"].filter((program) => !has(program));
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  if (spawnSync("unshare", [...NAMESPACES, "true"]).status !== 0) return "namespaces can't be made here";
  return undefined;
}

/** The network interfaces of the machine itself, which no test may change. */
export const linksHere = (): string[] => readdirSync("/sys/class/net").sort();

export interface World {
  /** Empty, and gone with the test. */
  readonly folder: string;
  /**
   * Runs a script on a new host. `$cli` is the command line of this program, `$node` Node.js; functions of world.sh are there.
   * @returns what it printed on both outputs.
   */
  readonly run: (script: string, env?: Readonly<Record<string, string>>) => Promise<string>;
  readonly remove: () => void;
}

export function makeWorld(): World {
  const folder = mkdtempSync(join(tmpdir(), "doctor-test-"));
  return {
    folder,
    run: async (script, env = {}) => {
      const file = join(folder, "script.sh");
      writeFileSync(file, script);
      const words = [...NAMESPACES, "sh", join(import.meta.dirname, "world.sh"), folder, file];
      const { all } = await execa("unshare", words, {
        cwd: checkout,
        env: {
          ...{ node: process.execPath, cli: `${process.execPath} ${join(checkout, "commands", "main.ts")}` },
          ...{ CLUSTER_LAB_DIR: join(folder, "lab"), NO_COLOR: "1", LC_ALL: "C", ...env },
        },
        all: true,
        reject: false,
        timeout: 60_000,
        killSignal: "SIGKILL",
      });
      return all;
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether the KSM switch of the machine itself is what it was; the tests bind another file over it. */
export const ksmHere = (): string =>
  existsSync("/sys/kernel/mm/ksm/run")
    ? execFileSync("cat", ["/sys/kernel/mm/ksm/run"], { encoding: "utf8" })
    : "";
