/** What is there on a libvirt host: domains and pools, as far as it matters to whom they belong. */
import { type Mark, MARK_NAMESPACE, parseMark } from "./mark.ts";
import { lines, type Virsh } from "./virsh.ts";
import { attributeValues, elementText } from "./xml.ts";

export interface HostDomain {
  readonly name: string;
  /** Undefined for a domain that no stack of this program made. */
  readonly mark: Mark | undefined;
  /** Absolute paths on the host: disks, Ignition files, logs. */
  readonly files: readonly string[];
}

export interface HostPool {
  readonly name: string;
  readonly uuid: string;
  readonly path: string;
}

export const domainNames = async (virsh: Virsh): Promise<string[]> =>
  lines(await virsh("list", "--all", "--name"));

/** A domain as it is defined, or undefined when it vanished meanwhile. */
export async function readDomain(virsh: Virsh, name: string): Promise<HostDomain | undefined> {
  let xml: string;
  try {
    xml = await virsh("dumpxml", name);
  } catch (error) {
    if ((await domainNames(virsh)).includes(name)) throw error;
    return undefined;
  }
  const marked = xml.includes(MARK_NAMESPACE) ? parseMark(xml) : undefined;
  return { name, mark: marked, files: attributeValues(xml, "file") };
}

/** All domains of the host, one after another: each is a question of its own to libvirt. */
export async function readDomains(virsh: Virsh): Promise<HostDomain[]> {
  const found: HostDomain[] = [];
  for (const name of await domainNames(virsh)) {
    const domain = await readDomain(virsh, name);
    if (domain !== undefined) found.push(domain);
  }
  return found;
}

export async function readPool(virsh: Virsh, name: string): Promise<HostPool | undefined> {
  if (!lines(await virsh("pool-list", "--all", "--name")).includes(name)) return undefined;
  const xml = await virsh("pool-dumpxml", name);
  return { name, uuid: elementText(xml, "uuid") ?? "", path: elementText(xml, "path") ?? "" };
}

/** Names of the volumes of an active pool. */
export async function volumeNames(virsh: Virsh, pool: string): Promise<string[]> {
  // Two columns, name and path; a name may hold blanks, the path ends in the name.
  return lines(await virsh("vol-list", pool)).map((line) => /^(.*?)\s+\/.*$/.exec(line)?.[1] ?? line);
}
