/** The lab's machines: what libvirt knows of them, where their consoles and addresses are. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { run } from "../shared/process.ts";
import { enterArguments, requireHolder, type Holder } from "./holder.ts";
import { layout, libvirtUri } from "./layout.ts";
import { readLeases } from "./leases.ts";

export interface LabDomain {
  readonly name: string;
  /** In libvirt's words: `running`, `shut off`, `paused`, ... */
  readonly state: string;
}

const virsh = async (holder: Holder, ...args: string[]): Promise<string> => {
  const [file = "", ...words] = enterArguments(holder, "/");
  const { stdout } = await run(file, [...words, "virsh", "-c", libvirtUri, "-q", ...args], {
    timeout: 20,
    env: { LC_ALL: "C.UTF-8" },
  });
  return stdout;
};

/** Parses `virsh -q list --all`: id or `-`, name, state. */
export const parseDomains = (text: string): LabDomain[] =>
  text.split("\n").flatMap((line) => {
    const [, name, state] = /^\s*(?:-|\d+)\s+(\S.*?)\s{2,}(\S.*?)\s*$/.exec(line) ?? [];
    return name === undefined || state === undefined ? [] : [{ name, state }];
  });

export const listDomains = async (holder: Holder): Promise<LabDomain[]> =>
  parseDomains(await virsh(holder, "list", "--all"));

/** Parses `virsh -q domiflist`: interface, type, source, model, MAC. */
export const parseMacs = (text: string): string[] =>
  text
    .split("\n")
    .flatMap((line) => /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\s*$/i.exec(line)?.[0].trim().toLowerCase() ?? []);

/**
 * The address of a machine of the lab: of the lease that its MAC holds, whatever name the guest gives itself.
 * @throws Error when there is no such machine, or when it holds no lease (yet).
 */
export async function nodeAddress(context: LabContext, name: string): Promise<string> {
  const holder = requireHolder(context.paths);
  const domains = await listDomains(holder);
  const domain = domains.find((one) => one.name === name);
  if (domain === undefined) {
    const known = domains.map((one) => one.name).join(", ");
    throw new Error(`The lab has no machine ${name}; it has ${known === "" ? "none" : known}.`);
  }
  const macs = parseMacs(await virsh(holder, "domiflist", name));
  const lease = (await readLeases(context.paths)).find(({ mac }) => macs.includes(mac));
  if (lease !== undefined) return lease.address;
  throw new Error(
    `${name} (${domain.state}) has got no address from the lab's DHCP server${domain.state === "running" ? " yet" : ""}. ` +
      `What its console shows: npm run cluster -- console ${name} --log`,
  );
}

/**
 * What a machine's serial console has shown, rotated part first.
 * @throws Error when there is no such log, naming those that there are.
 */
export async function consoleLog(context: LabContext, name: string): Promise<string> {
  const folder = join(layout(context.paths).log, "qemu");
  const suffix = "-console.log";
  const files = await readdir(folder).catch(() => []);
  const known = files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
  if (!known.includes(name)) {
    const others = known.length === 0 ? "none" : known.join(", ");
    throw new Error(`There is no console log of a machine ${name} in ${folder}; there is ${others}.`);
  }
  const file = join(folder, `${name}${suffix}`);
  const earlier = await readFile(`${file}.0`, "utf8").catch(() => "");
  return earlier + (await readFile(file, "utf8"));
}

/** The command that attaches a terminal to a machine's serial console, to be run inside the lab; Ctrl+] leaves it. */
export const consoleCommand = (name: string): string[] => [
  "virsh",
  "-c",
  libvirtUri,
  "console",
  "--domain",
  name,
];
