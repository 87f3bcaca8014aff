/** What a registry knows of a token, and whether a new cluster can use it. */
import { DiscoveryError } from "./registry.ts";

export interface TokenState {
  /** How many members the token is for, as the registry has it; undefined where it doesn't know the token. */
  readonly size: string | undefined;
  /** Names of the members that have registered. */
  readonly members: readonly string[];
}

/** Member names in a registration: `n1=http://10.0.0.1:2380,n1=http://10.0.0.1:7001`. */
export const nameIn = (registration: unknown): string[] => {
  const name = typeof registration === "string" ? /^([^=]+)=/.exec(registration)?.[1] : undefined;
  return name === undefined ? [] : [name];
};

/**
 * Whether members of a new cluster can bootstrap with a token: it is for as many as there will be, and nobody has
 * registered there. A registration that is there counts as a member, and stays there when its machine is gone.
 * @param about the token in messages.
 * @param remedies what to do about a token that is not known, that is for another size, that is used: a sentence each.
 * @throws DiscoveryError saying which.
 */
export function checkToken(
  about: string,
  { size, members }: TokenState,
  wanted: number,
  remedies: { readonly unknown: string; readonly size: string; readonly used: string },
): void {
  if (size === undefined)
    throw new DiscoveryError(`The registry does not know ${about}: it has no size.\n${remedies.unknown}`);
  if (size !== String(wanted))
    throw new DiscoveryError(
      `${upper(about)} is for a cluster of ${size}, and this one begins with ${wanted}.\n${remedies.size}`,
    );
  if (members.length > 0)
    throw new DiscoveryError(
      `${upper(about)} is used${members.length >= wanted ? " up" : ""}: ${members.length} of ${size} members have ` +
        `registered (${members.toSorted().join(", ")}). A token serves one bootstrap of one cluster.\n${remedies.used}`,
    );
}

const upper = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
