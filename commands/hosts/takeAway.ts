/** A stack taken away, where all of its libvirt hosts answer; forgotten, where some don't and the user says so. */
import { clearOwnDomains, clearOwnPool } from "../../host/leftovers.ts";
import type { Virsh } from "../../host/virsh.ts";
import { shellCommand } from "../../host/shell.ts";
import { messageOf, UserError } from "../ui/errors.ts";
import {
  type KnownToken,
  type LeftBehind,
  leftBehind,
  type OnHost,
  renderLeft,
  sweepCommand,
  titleOf,
} from "./leftBehind.ts";

/** Where the stack's Pulumi and its hosts are asked: from here, or from inside the lab. */
export interface Ground {
  /** The words that say which stack, for Pulumi and for the verb alike. */
  readonly which: readonly string[];
  /** Runs Pulumi. @throws Error in its own words. */
  readonly pulumi: (...words: string[]) => Promise<string>;
  readonly virsh: (uri: string) => Virsh;
  /** `pulumi destroy` of the stack; returns what is to be told of it. */
  readonly destroy: () => Promise<string>;
  /** Makes the state fit to be changed, after a Pulumi that was killed. */
  readonly settle: () => Promise<void>;
  /** Takes a discovery token out of its registry, as far as that is possible. */
  readonly release: (token: KnownToken) => Promise<void>;
}

export interface Swept {
  readonly domains: readonly string[];
  readonly pool: string | undefined;
}

/** Removes everything of one owner on a host. */
export async function sweep(uri: string, owner: string, virsh: Virsh): Promise<Swept> {
  const host = { uri, virsh, owner };
  const domains = await clearOwnDomains(host);
  return { domains, pool: await clearOwnPool(host) };
}

export const summaryOf = ({ domains, pool }: Swept, uri: string): string =>
  domains.length === 0 && pool === undefined
    ? `There is nothing of that owner on ${uri}.`
    : `Removed on ${uri}: machines ${domains.join(", ") || "none"}; pool ${pool ?? "none"}.`;

/** Why a host does not answer; undefined where it does. @param unread why its connection is not known. */
async function silence(
  { virsh }: Pick<Ground, "virsh">,
  { uri }: OnHost,
  unread: string | undefined,
): Promise<string | undefined> {
  if (uri === undefined) return unread ?? "the stack's state does not tell its connection";
  try {
    await virsh(uri)("list", "--name");
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

interface Asked {
  readonly host: OnHost;
  /** Why it does not answer; undefined where it does. */
  readonly why: string | undefined;
}

const silentWords = (host: OnHost): string =>
  host.uri === undefined
    ? `${titleOf(host)}, can't be asked`
    : `the libvirt host ${host.uri} does not answer`;

const unreachable = (silent: readonly Asked[], which: readonly string[]): string =>
  [
    ...silent.map(({ host, why }) => `${silentWords(host)}: ${why ?? ""}`),
    "Nothing has been destroyed. If the host is gone, for good or for long, forget the cluster, and be told what stays there:",
    `  npm run cluster -- ${shellCommand(["destroy", ...which, "--force"])}`,
  ].join("\n");

/** What the state tells, with its secrets where some host's connection is one; `unread` says why those can't be had. */
async function knownOf({
  which,
  pulumi,
}: Pick<Ground, "which" | "pulumi">): Promise<LeftBehind & { readonly unread?: string }> {
  const known = leftBehind(await pulumi("stack", "export", ...which));
  if (known.hosts.every(({ uri }) => uri !== undefined)) return known;
  try {
    return leftBehind(await pulumi("stack", "export", "--show-secrets", ...which));
  } catch (error) {
    return { ...known, unread: messageOf(error) }; // no passphrase: nobody is taken for that host
  }
}

/**
 * Destroys the stack that the ground is about.
 * @param force also where a host does not answer, or Pulumi can't: what answers is swept, and the state is forgotten.
 * @param tell what stays, and other results, line by line.
 * @throws UserError where a host does not answer, with what can be done about it
 */
export async function takeAway(
  ground: Ground,
  { force, tell, warn }: { force: boolean; tell: (text: string) => void; warn: (text: string) => void },
): Promise<void> {
  const { which } = ground;
  const { hosts, tokens, unread } = await knownOf(ground);
  const asked = await Promise.all(
    hosts.map(async (host) => ({ host, why: await silence(ground, host, unread) })),
  );
  const silent = asked.filter(({ why }) => why !== undefined);
  if (silent.length > 0 && !force) throw new UserError(unreachable(silent, which));
  if (silent.length === 0) {
    try {
      tell(await ground.destroy());
      return;
    } catch (error) {
      if (!force) throw error;
      warn(
        `${messageOf(error)}\nPulumi can't destroy it; what answers is swept, and the state is forgotten.`,
      );
    }
  }
  await forget(ground, asked, tokens, { tell, warn });
}

/** Removes what can be reached, forgets the state, and tells what stays. */
async function forget(
  ground: Ground,
  asked: readonly Asked[],
  tokens: readonly KnownToken[],
  { tell, warn }: { tell: (text: string) => void; warn: (text: string) => void },
): Promise<void> {
  const { which, pulumi, settle, release } = ground;
  await settle();
  const left: OnHost[] = [];
  for (const { host, why } of asked) {
    const { uri, owner } = host;
    if (why === undefined && uri !== undefined)
      try {
        tell(summaryOf(await sweep(uri, owner, ground.virsh(uri)), uri));
        continue;
      } catch (error) {
        warn(messageOf(error));
      }
    left.push(host);
  }
  for (const token of tokens) await release(token);
  const resources = await pulumi("stack", "export", ...which);
  if (/"urn":/.test(resources)) await pulumi("state", "delete", "--all", "--force", "--yes", ...which);
  tell("The stack's state holds nothing any more; its config stays.");
  tell(left.length === 0 ? "Nothing of it is left on its hosts." : renderLeft(left));
  if (left.length > 0) tell(`Keep this, or at least: ${left.map(sweepCommand).join("; ")}`);
}
