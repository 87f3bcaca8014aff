/** Hosts that the state knows and the plan has no machines on any more: all that is there goes in the same run. */
import * as pulumi from "@pulumi/pulumi";

/** A host as the state knows it. */
export interface KnownHost {
  /** As it was called; undefined where there was one host, and nobody had to name it. */
  readonly host: string | undefined;
  readonly uri: string;
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/**
 * The hosts of a cluster, by their checks (components/pool.ts), which are the last that goes from a host. Pure.
 * @param name the cluster's, which all that it has one of begins with.
 * @param resources outputs and type of each resource of a state, by its URN.
 */
export function knownHosts(name: string, resources: unknown): KnownHost[] {
  const all = Object.entries(typeof resources === "object" && resources !== null ? resources : {});
  return all.flatMap(([urn, resource]): KnownHost[] => {
    const own = urn.split("::").at(-1) ?? "";
    const uri = fieldOf(fieldOf(fieldOf(resource, "outputs"), "environment"), "LIBVIRT_URI");
    if (fieldOf(resource, "type") !== "command:local:Command" || typeof uri !== "string") return [];
    if (own === `${name}-host`) return [{ host: undefined, uri }];
    return own.startsWith(`${name}-host@`) ? [{ host: own.slice(`${name}-host@`.length), uri }] : [];
  });
}

/** What the engine is asked for the state of a stack, this one's too; its answer holds what is secret there as plain text. */
export const READ_STATE = "pulumi:pulumi:readStackResourceOutputs";

/** @param staying names of the hosts that the plan has machines on. */
export async function leavingHosts(
  name: string,
  staying: readonly (string | undefined)[],
): Promise<KnownHost[]> {
  const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const answer: unknown = await pulumi.runtime.invoke(READ_STATE, { stackName });
  return knownHosts(name, fieldOf(answer, "outputs")).filter(({ host }) => !staying.includes(host));
}
