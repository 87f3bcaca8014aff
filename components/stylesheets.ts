/**
 * The stylesheets that finish libvirt's XML where the provider's schema ends.
 *
 * They are files of frozen text: the provider compares them as text, so a changed comment or blank in domain.xsl
 * replaces every machine. What they are for is therefore said here, not there.
 *
 * domain.xsl: puts the stack's mark into the metadata; turns volumes into files and the `-fw_cfg` command line into
 * `<sysinfo type='fwcfg'>`, so that AppArmor and SELinux labelling and file ownership know what the guest reads;
 * takes graphics away; adds a serial console with a log on the host; bounds QEMU's translation cache where there is
 * no KVM (by default it may take 1 GiB per guest).
 * pool.xsl: gives the pool the owner's UUID, and its folder a mode and an owner.
 */
import { readFileSync } from "node:fs";
import type { Mark } from "../host/mark.ts";
import { ownerUuid } from "../host/mark.ts";
import { escapeXml } from "../host/xml.ts";

const read = (name: string): string => readFileSync(new URL(`xslt/${name}`, import.meta.url), "utf8");

/** Puts values, escaped, in place of `__NAME__`; they stand only where XSLT takes text as it is. */
function fill(stylesheet: string, values: Readonly<Record<string, string>>): string {
  return read(stylesheet).replace(/__([A-Z]+(?:_[A-Z]+)*)__/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${stylesheet}: nothing to put in place of ${placeholder}`);
    return escapeXml(value);
  });
}

/** Mode and numeric owner of a pool's folder; -1 leaves the owner as libvirt makes it. */
export interface FolderAccess {
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

export const domainStylesheet = (mark: Mark, poolPath: string): string =>
  fill("domain.xsl", {
    ORGANIZATION: mark.organization,
    PROJECT: mark.project,
    STACK: mark.stack,
    OWNER: mark.owner,
    POOL_PATH: poolPath,
  });

export const poolStylesheet = (owner: string, access: FolderAccess): string =>
  fill("pool.xsl", {
    UUID: ownerUuid(owner),
    MODE: access.mode,
    OWNER: String(access.uid),
    GROUP: String(access.gid),
  });

/** Where a domain's serial console is logged, on the libvirt host; domain.xsl says the same. */
export const consoleLog = (domain: string): string => `/var/log/libvirt/qemu/${domain}-console.log`;
