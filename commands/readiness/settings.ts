/** What the readiness program is told by its environment. */
import { prefixIn } from "../../plan/typed.ts";
import type { DiscoveryPlan, Role } from "../../plan/types.ts";
import type { Credentials } from "../http.ts";
import { ProgramError, required, requiredNumber, words } from "../program.ts";

export interface NodeSettings {
  readonly name: string;
  readonly mac: string;
  readonly role: Role;
  /** The address that the config gives. */
  readonly address?: string;
  /** libvirt's UUID of the domain: tells whether a report of an earlier run is about this very machine. */
  readonly machine: string;
  /** The libvirt connection of the host that its machine is on, where that is not the cluster's one host. */
  readonly uri?: string;
}

export interface ReadinessSettings {
  /** Members, then clients. */
  readonly nodes: readonly NodeSettings[];
  readonly mode: DiscoveryPlan["mode"];
  /** Where members register; empty where they don't. */
  readonly discoveryUrl: string;
  /** The registry's servers in mode v3; else empty. */
  readonly endpoints: readonly string[];
  /** The libvirt connection of machines that have none of their own. */
  readonly uri: string;
  /** Seconds that all may take. */
  readonly timeout: number;
  /** What members want to see; undefined where they serve without TLS. */
  readonly tls?: Credentials;
  /** The port on which members serve clients. */
  readonly clientPort: number;
  /** What has to stand before the commands in messages (plan/typed.ts). */
  readonly commandPrefix?: string;
}

const MODES: readonly string[] = [
  "service",
  "etcd",
  "url",
  "static",
  "v3",
] satisfies readonly DiscoveryPlan["mode"][];

const isMode = (text: string): text is DiscoveryPlan["mode"] => MODES.includes(text);

/** What is known of machines beside their MAC, each by the machine's name. */
interface Known {
  readonly machines: ReadonlyMap<string, string>;
  readonly uris: ReadonlyMap<string, string>;
}

/** `name=MAC` or `name=MAC=ADDRESS`, with blanks between. */
const nodesOf = (text: string, role: Role, { machines, uris }: Known): NodeSettings[] =>
  words(text).map((word) => {
    const [name = "", mac = "", address] = word.split("=");
    const uri = uris.get(name);
    return {
      ...{ name, mac, role, machine: machines.get(name) ?? "" },
      ...(address === undefined ? {} : { address }),
      ...(uri === undefined ? {} : { uri }),
    };
  });

/** `name=VALUE`, with blanks between; a value may hold more of `=`, as connection URIs do. */
const byName = (text: string): Map<string, string> =>
  new Map(
    words(text).map((word) => {
      const [, name = "", value = ""] = /^([^=]*)=?(.*)$/.exec(word) ?? [];
      return [name, value];
    }),
  );

/** The libvirt connection of the host that a machine is on. */
export const uriOf = ({ nodes, uri }: Pick<ReadinessSettings, "nodes" | "uri">, name: string): string =>
  nodes.find((node) => node.name === name)?.uri ?? uri;

/**
 * NODES are the members and CLIENTS the other machines, both lists of `name=MAC` or `name=MAC=ADDRESS`; MACHINES is a list
 * of `name=UUID` on all of them, LIBVIRT_URIS one of `name=URI` on those that are not on the host of LIBVIRT_URI. MODE is the discovery mode, DISCOVERY_URL and ENDPOINTS where members register.
 * TLS_CA, TLS_CERT and TLS_KEY, each PEM, are what members with TLS want to see. CLIENT_PORT may be left out.
 * @throws ProgramError naming the variable that is missing or wrong.
 */
export function readSettings(env: NodeJS.ProcessEnv): ReadinessSettings {
  const known = { machines: byName(env["MACHINES"] ?? ""), uris: byName(env["LIBVIRT_URIS"] ?? "") };
  const nodes = [
    ...nodesOf(env["NODES"] ?? "", "member", known),
    ...nodesOf(env["CLIENTS"] ?? "", "client", known),
  ];
  if (nodes.length === 0)
    throw new ProgramError("The environment variables NODES and CLIENTS name no machine.");
  const mode = required(env, "MODE");
  if (!isMode(mode)) throw new ProgramError(`MODE is "${mode}"; it must be one of ${MODES.join(", ")}.`);
  const commandPrefix = prefixIn(env);
  return {
    ...{ nodes, mode },
    discoveryUrl: env["DISCOVERY_URL"] ?? "",
    endpoints: words(env["ENDPOINTS"] ?? ""),
    uri: required(env, "LIBVIRT_URI"),
    timeout: requiredNumber(env, "TIMEOUT"),
    clientPort: env["CLIENT_PORT"] === undefined ? 2379 : requiredNumber(env, "CLIENT_PORT"),
    ...(commandPrefix === undefined ? {} : { commandPrefix }),
    ...(env["TLS_CA"] === undefined
      ? {}
      : { tls: { ca: env["TLS_CA"], cert: required(env, "TLS_CERT"), key: required(env, "TLS_KEY") } }),
  };
}
