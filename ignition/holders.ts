/** Whose certificates a cluster with TLS has: what they say, and where a node keeps its own. Pure. */
import type { NodePlan, OsFamily, TlsPlan } from "../plan/types.ts";

/** What a certificate says of its holder. */
export interface Holder {
  /** Its common name. */
  readonly name: string;
  /** Names and addresses under which it serves; none for a mere client. */
  readonly hosts: readonly string[];
  /** Whether it is for servers alone, in place of both. */
  readonly serverOnly?: true;
}

/** What one server has of a public-key infrastructure, each PEM. */
export interface ServerTls {
  /** The authority's certificate. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** What one node has: of etcd's authority, and of Docker's where Docker listens on a network (docs/adr/0021-authorities.md). */
export interface NodeTls extends ServerTls {
  readonly docker?: ServerTls;
}

/**
 * A node is known by its name, by its address where the config gives one, and to itself. An address that a DHCP server will
 * choose is not known when the certificate is made, so whoever goes there by address verifies the name.
 */
export const holderOf = ({ name, address }: Pick<NodePlan, "name" | "address">): Holder => ({
  name,
  hosts: [name, ...(address === undefined ? [] : [address]), "localhost", "127.0.0.1", "::1"],
});

/** Docker is nobody's client. */
export const dockerHolderOf = (node: Pick<NodePlan, "name" | "address">): Holder => ({
  ...holderOf(node),
  serverOnly: true,
});

/** Whether a node's Docker listens on a network, where with TLS it shows a certificate and asks for one. */
export const hasRemoteDocker = ({ profiles }: Pick<NodePlan, "profiles">): boolean =>
  profiles.includes("docker-remote");

/** Stands for a node's certificates wherever a configuration is made before there are any: other ones are other text. */
export function standInTls(
  { rotation }: TlsPlan,
  node: Pick<NodePlan, "name" | "address" | "profiles">,
): NodeTls {
  const { name, hosts } = holderOf(node);
  const about = `rotation ${rotation}`;
  const server = (of: string): ServerTls => ({
    authority: `${of}authority, ${about}\n`,
    certificate: `${of}certificate of ${name} for ${hosts.join(", ")}, ${about}\n`,
    key: `${of}key of ${name}, ${about}\n`,
  });
  return { ...server(""), ...(hasRemoteDocker(node) ? { docker: server("Docker's ") } : {}) };
}

/**
 * The folder of a member's own certificate. On Container Linux and Flatcar etcd runs in a container that sees the host's
 * /etc/ssl/certs under the same name, beside its data and little else; what makes the system's bundle of authorities out of
 * that folder leaves folders in it alone.
 */
export const MEMBER_FILES: Readonly<Record<OsFamily, string>> = {
  "container-linux": "/etc/ssl/certs/etcd",
  flatcar: "/etc/ssl/certs/etcd",
  lab: "/etc/ssl/certs/etcd",
  "fedora-coreos": "/etc/etcd/tls",
};

/** The folder of what the profile etcd-client gives to user core. */
export const CLIENT_FILES = "/etc/coreos-cluster/tls";
