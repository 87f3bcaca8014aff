/** Several hosts are asked before anything is made on any of them, in previews too. */
import * as pulumi from "@pulumi/pulumi";
import { hostUuid } from "../host/identity.ts";
import { VirshError, virshOn, type Virsh } from "../host/virsh.ts";
import type { HostPlan } from "../plan/types.ts";

type Asked = Pick<HostPlan, "name" | "uri">;

const titled = ({ name, uri }: Asked): string => `${name} (${uri})`;

/**
 * A message that stays as it is: on its way through the outputs that wait for it, Pulumi's SDK would put the name of each
 * property before it, a line of them (its rpc module's serializeProperties).
 */
function plainError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  return Object.defineProperty(error, "message", { get: () => message, set: () => undefined });
}

/**
 * Ends when all hosts have answered. Two entries that lead to one host would each clear away what the other has made there.
 * @throws RunError that names the hosts which don't answer, with libvirt's own words, or those which are one.
 */
export async function requireHosts(
  hosts: readonly Asked[],
  ask: (uri: string) => Virsh = virshOn,
): Promise<void> {
  const silent: string[] = [];
  const known = new Map<string, Asked>();
  const answers = await Promise.all(
    hosts.map(async (host) => {
      try {
        return { host, uuid: await hostUuid(ask(host.uri)) };
      } catch (error) {
        if (!(error instanceof VirshError)) throw error;
        silent.push(`  ${titled(host)}: ${error.message}`);
        return { host, uuid: undefined };
      }
    }),
  );
  if (silent.length > 0)
    throw plainError(
      `${silent.length} of the ${hosts.length} libvirt hosts that have machines of this cluster ` +
        `${silent.length === 1 ? "does" : "do"} not answer; nothing was changed on any of them:\n${silent.sort().join("\n")}\n` +
        "Bring them back, or take them out of the config key hosts: then their machines go to the others.",
    );
  for (const { host, uuid } of answers) {
    const other = uuid === undefined ? undefined : known.get(uuid);
    if (other !== undefined)
      throw plainError(
        `The hosts ${titled(other)} and ${titled(host)} are one and the same: both have the UUID ${uuid ?? ""}. ` +
          "Take one of them out of the config key hosts. If they are two machines whose makers gave both the same UUID, " +
          "set host_uuid in libvirtd.conf of one of them, which libvirt's migration asks for too.",
      );
    if (uuid !== undefined) known.set(uuid, host);
  }
}
