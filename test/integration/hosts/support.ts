/** A private libvirt with machines that carry a cluster's mark, and the CLI as a user types it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type Mark, markXml, ownerUuid } from "../../../host/mark.ts";
import { enterCommand, labDown, labUp } from "../../../lab/libvirt/index.ts";
import { labPaths, type LabContext } from "../../../lab/shared/context.ts";
import { run } from "../../../lab/shared/process.ts";

const checkout = join(import.meta.dirname, "../../..");

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Host {
  readonly folder: string;
  readonly context: LabContext;
  /** `npm run cluster -- ARGUMENTS`, on the lab. */
  cluster(...args: string[]): Promise<Answer>;
  /** The words that start it, and its environment. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  virsh(...args: string[]): Promise<string>;
  inside(...command: string[]): Promise<string>;
  /** Defines a machine without a disk, as one of a cluster's; it can't be shut down, having no system. */
  define(name: string, mark: Mark): Promise<void>;
  /** A pool as a cluster has it, with one volume. */
  pool(name: string, owner: string): Promise<void>;
  /** A connection URI that reaches this libvirt through what libvirt takes for ssh. */
  readonly remoteUri: string;
  remove(): Promise<void>;
}

export const markOf = (stack: string, letter: string): Mark => ({
  ...{ organization: "organization", project: "coreos-cluster", stack, owner: letter.repeat(32) },
});

const domainXml = (name: string, mark: Mark): string => `
<domain type='qemu'>
  <name>${name}</name>
  <metadata>${markXml(mark)}</metadata>
  <memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><bios useserial='yes'/><boot dev='network'/></os>
  <devices>
    <interface type='bridge'><source bridge='br0'/></interface>
    <serial type='pty'><log file='/var/log/libvirt/qemu/${name}-console.log' append='off'/></serial>
  </devices>
</domain>`;

/** A stand-in for ssh that does what sshd does: the words after the host go, with blanks between, to a shell over there. */
const sshScript = (enter: readonly string[]): string => `#!/bin/sh
while [ "$1" != -- ]; do shift; done
[ "$2" = libvirt.example ] || { echo "ssh: Could not resolve hostname $2" >&2; exit 255; }
shift 2
exec ${enter.map((word) => `'${word}'`).join(" ")} sh -c "$*"
`;

export async function makeHost(): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), "hosts-"));
  const paths = { ...labPaths(checkout), lab: join(folder, "lab"), log: join(folder, "log") };
  const context: LabContext = { paths, report: () => undefined };
  mkdirSync(paths.lab);
  await labUp(context);
  const inside = async (...command: string[]): Promise<string> => {
    const [file = "", ...args] = [...enterCommand(context), ...command];
    return (await run(file, args, { timeout: 60, log: paths.log })).stdout;
  };
  const virsh = (...args: string[]): Promise<string> => inside("virsh", "--quiet", ...args);
  const ssh = join(folder, "ssh stand-in");
  writeFileSync(ssh, sshScript(enterCommand(context)), { mode: 0o755 });
  const command = [process.execPath, "commands/main.ts"] as const;
  const env = { CLUSTER_LAB_DIR: paths.lab, NO_COLOR: "1", LIBVIRT_DEFAULT_URI: "" };

  const fromFile = async (verb: string, xml: string): Promise<void> => {
    const file = join(folder, "new.xml");
    writeFileSync(file, xml);
    await virsh(verb, file);
  };
  return {
    ...{ folder, context, command: [...command], env, virsh, inside },
    remoteUri: `qemu+ssh://root@libvirt.example/system?command=${encodeURIComponent(ssh)}`,
    cluster: async (...args) => {
      const [file, ...rest] = command;
      const result = await execa(file, [...rest, ...args], {
        cwd: checkout,
        env,
        reject: false,
        stdin: "ignore",
      });
      return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
    },
    define: (name, mark) => fromFile("define", domainXml(name, mark)),
    pool: async (name, owner) => {
      const path = `/var/lib/libvirt/coreos-cluster/${name}`;
      const xml = `<pool type='dir'><name>${name}</name><uuid>${ownerUuid(owner)}</uuid><target><path>${path}</path><permissions><mode>0700</mode></permissions></target></pool>`;
      await fromFile("pool-define", xml);
      for (const verb of ["pool-build", "pool-start"]) await virsh(verb, name);
      await virsh("vol-create-as", name, `${name}01-0123456789ab.qcow2`, "64M", "--format", "qcow2");
    },
    remove: async () => {
      await labDown(context);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
