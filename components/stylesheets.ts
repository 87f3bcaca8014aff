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
 * aarch64.xsl, ppc64le.xsl, s390x.xsl: added to it on these (components/architectures.ts). A UEFI without Secure Boot keys, since
 * not all systems are signed; a 64-bit CPU for the emulator; features of a PC go, or libvirt refuses the machine. They are files
 * of their own, so that a change for one architecture doesn't replace the machines of another.
 * ignition-disk.xsl: makes the second disk the one that Ignition looks for.
 * pool.xsl: gives the pool the owner's UUID, and its folder a mode and an owner.
 */
import { readFileSync } from "node:fs";
import type { Mark } from "../host/mark.ts";
import { ownerUuid } from "../host/mark.ts";
import { escapeXml } from "../host/xml.ts";
import type { Architecture } from "../plan/types.ts";
import { ARCHITECTURES } from "./architectures.ts";

const read = (name: string): string => readFileSync(new URL(`xslt/${name}`, import.meta.url), "utf8");

/** A stylesheet with the templates of others at its end; XSLT's own `import` would need files where the provider runs. */
const joined = (name: string, others: readonly string[]): string =>
  others.reduce((whole, other) => {
    const templates = read(other).replace(/^<xsl:stylesheet[^>]*>\n|<\/xsl:stylesheet>\s*$/g, "");
    return whole.replace(/<\/xsl:stylesheet>\s*$/, () => `\n${templates}</xsl:stylesheet>\n`);
  }, read(name));

/** Puts values, escaped, in place of `__NAME__`; they stand only where XSLT takes text as it is. */
function fill(stylesheet: string, text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z]+(?:_[A-Z]+)*)__/g, (placeholder, name: string) => {
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

/** @param poolPath the pool's folder on the libvirt host, where all that the machine reads lies. */
export const domainStylesheet = (mark: Mark, poolPath: string, arch: Architecture): string => {
  const fragments = ARCHITECTURES[arch].fragments.map((name) => `${name}.xsl`);
  return fill("domain.xsl", joined("domain.xsl", fragments), {
    ORGANIZATION: mark.organization,
    PROJECT: mark.project,
    STACK: mark.stack,
    OWNER: mark.owner,
    POOL_PATH: poolPath,
  });
};

export const poolStylesheet = (owner: string, access: FolderAccess): string =>
  fill("pool.xsl", read("pool.xsl"), {
    UUID: ownerUuid(owner),
    MODE: access.mode,
    OWNER: String(access.uid),
    GROUP: String(access.gid),
  });

/** Where a domain's serial console is logged, on the libvirt host; domain.xsl says the same. */
export const consoleLog = (domain: string): string => `/var/log/libvirt/qemu/${domain}-console.log`;
