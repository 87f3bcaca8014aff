/** What is there on a libvirt host: domains and pools, as far as it matters to whom they belong. */
import { type Mark, MARK_NAMESPACE, parseMark } from "./mark.ts";
import { lines, type Virsh } from "./virsh.ts";
import { attributeValues, elementText } from "./xml.ts";

export interface HostDomain {
  /** What virsh is told the domain by: where one is called "3", it would take that name for the id of another that runs. */
  readonly uuid: string;
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

/** UUIDs by name, of all domains that `choice` chooses. */
export async function domainIds(
  virsh: Virsh,
  choice: readonly string[] = ["--all"],
): Promise<ReadonlyMap<string, string>> {
  // A UUID, blanks, a name, which may hold blanks.
  const rows = lines(await virsh("list", ...choice, "--uuid", "--name"));
  return new Map(
    rows.flatMap((row) => {
      const [, uuid, name] = /^([0-9a-f-]{36})\s+(.+)$/.exec(row) ?? [];
      return uuid === undefined || name === undefined ? [] : [[name, uuid] as const];
    }),
  );
}

async function describedDomain(virsh: Virsh, name: string, uuid: string): Promise<HostDomain | undefined> {
  let xml: string;
  try {
    xml = await virsh("dumpxml", uuid);
  } catch (error) {
    if ([...(await domainIds(virsh)).values()].includes(uuid)) throw error;
    return undefined;
  }
  const marked = xml.includes(MARK_NAMESPACE) ? parseMark(xml) : undefined;
  return { uuid, name, mark: marked, files: attributeValues(xml, "file") };
}

/** A domain as it is defined, or undefined when there is none of that name (any more). */
export async function readDomain(virsh: Virsh, name: string): Promise<HostDomain | undefined> {
  const uuid = (await domainIds(virsh)).get(name);
  return uuid === undefined ? undefined : await describedDomain(virsh, name, uuid);
}

/** All domains of the host, one after another: each is a question of its own to libvirt. */
export async function readDomains(virsh: Virsh): Promise<HostDomain[]> {
  const found: HostDomain[] = [];
  for (const [name, uuid] of await domainIds(virsh)) {
    const domain = await describedDomain(virsh, name, uuid);
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
