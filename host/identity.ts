/** Whether connections lead to one libvirt host or to several. */
import type { Virsh } from "./virsh.ts";
import { elementText } from "./xml.ts";

/**
 * libvirt's UUID of a host, by which its migration too knows one from another: the machine's own, or `host_uuid` of
 * libvirtd.conf; undefined where there is none.
 * @throws VirshError when the host doesn't answer.
 */
export async function hostUuid(virsh: Virsh): Promise<string | undefined> {
  const host = /<host>[\s\S]*?<\/host>/.exec(await virsh("capabilities"))?.[0] ?? "";
  return elementText(host, "uuid");
}
