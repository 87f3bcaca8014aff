/** How things on a libvirt host are known to be a certain stack's: a mark in each domain's metadata, the pool's UUID. */
import { elementText, escapeXml } from "./xml.ts";

/** The XML namespace of the mark; libvirt keeps one metadata element per namespace. */
export const MARK_NAMESPACE = "urn:x-coreos-cluster:mark";

export interface Mark {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  /** 32 hex digits, random, kept in the stack's state: tells apart two stacks of one name. */
  readonly owner: string;
}

/** The mark as an element of a domain's metadata; components/xslt/domain.xsl writes the same. */
export const markXml = (mark: Mark): string =>
  `<cluster:cluster xmlns:cluster="${MARK_NAMESPACE}">${(
    ["organization", "project", "stack", "owner"] as const
  )
    .map((name) => `<cluster:${name}>${escapeXml(mark[name])}</cluster:${name}>`)
    .join("")}</cluster:cluster>`;

/** Reads the mark from `virsh metadata DOMAIN --uri MARK_NAMESPACE` or a whole domain XML; undefined when there is none. */
export function parseMark(xml: string): Mark | undefined {
  const [organization, project, stack, owner] = ["organization", "project", "stack", "owner"].map(
    (name) => elementText(xml, name) ?? elementText(xml, `cluster:${name}`),
  );
  if (organization === undefined || project === undefined || stack === undefined || owner === undefined)
    return undefined;
  return { organization, project, stack, owner };
}

/** The UUID that marks an owner's pool: the owner's 32 hex digits in UUID form. */
export const ownerUuid = (owner: string): string =>
  owner.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
