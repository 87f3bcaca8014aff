/** What is there on a host that a cluster could leave behind or change, as lists that can be kept and compared. */
import { randomBytes } from "node:crypto";
import { type HostAccess, runOn } from "./access.ts";
import { foundIn, unseenIn } from "./snapshot/found.ts";
import { LIBVIRTS, libvirtThings } from "./snapshot/libvirt.ts";
import { proves } from "./snapshot/ownAccord.ts";
import { lookScript } from "./snapshot/script.ts";
import { sectionsOf } from "./snapshot/sections.ts";
import {
  PARTS,
  type Snapshot,
  type SnapshotOptions,
  type Things,
  type Unseen,
  VERSION,
} from "./snapshot/types.ts";

const notAsked = (part: Unseen["part"]): Unseen => ({ part, what: "", why: "not asked" });

/**
 * Looks at a host. Changes nothing on it.
 * @throws HostCommandError, VirshError when it can't be looked at
 */
export async function takeSnapshot(access: HostAccess, options: SnapshotOptions): Promise<Snapshot> {
  // Nobody whose files are listed can know it.
  const mark = `section-${randomBytes(8).toString("hex")}`;
  const { libvirt, everywhere = false, folders, places, tokens } = options;
  // One after the other: virsh itself makes the daemons that it starts on demand write their own files.
  const asked = libvirt
    ? await libvirtThings(access.virsh)
    : { domains: [], pools: [], volumes: [], networks: [] };
  const script = lookScript(folders, places);
  const sections = sectionsOf(
    await runOn(access, ["sh", "-c", script, mark, everywhere ? "yes" : "no"]),
    mark,
  );
  const things: Things = { ...asked, ...foundIn(sections), tokens: tokens ?? [] };
  return {
    version: VERSION,
    host: access.title,
    taken: new Date().toISOString(),
    things: Object.fromEntries(
      PARTS.map((part) => [part, things[part].filter((thing) => proves(part, thing)).toSorted()]),
    ) as unknown as Things,
    unseen: [
      ...(libvirt ? [] : LIBVIRTS.map(notAsked)),
      ...unseenIn(sections),
      ...(tokens === undefined ? [notAsked("tokens")] : []),
    ],
  };
}
