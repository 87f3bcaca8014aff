/** The variables of a node's profiles. */
import { RenderError } from "./errors.ts";
import { etcdVersionOf, memberHosts, memberUrls, peerUrl, schemeOf } from "./families.ts";
import { CLIENT_FILES, MEMBER_FILES, type NodeTls } from "./holders.ts";
import type { Variables } from "./render/substitute.ts";
import { founders, membersOf } from "../plan/members.ts";
import { CONSOLES, ETCD_WITH_V2, OS_TRAITS } from "../plan/os.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";

/** What is known of a cluster only when it comes into being. */
export interface Bootstrap {
  /**
   * Where the members of the new cluster find each other; for v3 discovery `<endpoint>/_etcd/registry/<token>`, empty for static
   * clusters and where there are no members.
   */
  readonly discoveryUrl: string;
  /** The initial-cluster-token of static clusters, a text that tells one from another; absent where there is none yet. */
  readonly clusterToken?: string;
  /** The node's certificates; absent where the plan has no TLS. */
  readonly tls?: NodeTls;
  /**
   * For a member that joins a cluster which is there: all members and itself, as `name=peerURL` with commas between, at the time of
   * its joining. Absent for one that begins a cluster.
   */
  readonly initialCluster?: string;
}

/** etcd's official container image; a manifest for all architectures of Fedora CoreOS. */
const ETCD_IMAGE = "quay.io/coreos/etcd";

/**
 * A text for a double-quoted word of a unit's ExecStart, where ct puts the values of a config's etcd section as they are:
 * `%`, `$` and `\` mean something to systemd (systemd.service(5), systemd.unit(5)).
 */
export const unitWord = (text: string): string => text.replace(/[%$]/g, "$&$&").replace(/["\\]/g, "\\$&");

/** A text for a double-quoted Environment= of a unit, where `$` is a plain letter (systemd.exec(5)). */
export const environmentWord = (text: string): string => text.replace(/%/g, "%%").replace(/["\\]/g, "\\$&");

function discoveryUrl(plan: ClusterPlan, text: string): string {
  if (plan.discovery.mode === "static" || membersOf(plan).length === 0) return "";
  const url = /[\s\0-\x1f\x7f]/.test(text) ? null : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RenderError(
      `The discovery URL must be an http or https URL, not ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return url.href;
}

/** Where a node asks for its addresses: `{name}` and `{mac}` in the URL are its own; where neither is there, both are asked for. */
export function metadataUrl(template: string, node: Pick<NodePlan, "name" | "mac">): string {
  const filled = template
    .replace(/(?:\{|%7B)name(?:\}|%7D)/gi, encodeURIComponent(node.name))
    .replace(/(?:\{|%7B)mac(?:\}|%7D)/gi, encodeURIComponent(node.mac));
  const url = new URL(filled);
  if (filled === template) {
    url.searchParams.append("name", node.name);
    url.searchParams.append("mac", node.mac);
  }
  return url.href;
}

/** What tells a member how to find the others. */
function bootstrapVariables(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): Variables {
  const hosts = memberHosts(plan);
  // Who joins later changes nothing for a machine that is there.
  const first = founders(plan)
    .map(({ name }) => `${name}=${peerUrl(plan, name)}`)
    .join(",");
  const url = discoveryUrl(plan, bootstrap.discoveryUrl);
  // A variable of ct's etcd section becomes a word of ExecStart, and so does Environment= in a Podman quadlet.
  return {
    discoveryUrl: unitWord(url),
    discoveryToken: environmentWord(url.slice(url.lastIndexOf("/") + 1)),
    discoveryEndpoints:
      plan.discovery.mode === "v3" ? environmentWord(plan.discovery.endpoints.join(",")) : "",
    clusterToken: unitWord(bootstrap.clusterToken ?? "stand-in"),
    initialCluster: bootstrap.initialCluster === undefined ? first : unitWord(bootstrap.initialCluster),
    etcdScheme: schemeOf(plan),
    memberHost: hosts.get(node.name) ?? node.name,
    advertisedHost: advertisedHost(plan, hosts.get(node.name) ?? node.name),
    memberEndpoints: memberUrls(plan).join(","),
  };
}

/** Where a member says that it is: as it is filled in on the node, or, since certificates speak of names, as others know it. */
function advertisedHost(plan: ClusterPlan, memberHost: string): string {
  if (plan.tls !== undefined) return memberHost;
  return OS_TRAITS[plan.os].etcd === "quadlet" ? "${COREOS_CUSTOM_PRIVATE_IPV4}" : "{PRIVATE_IPV4}";
}

/** What the profiles with TLS, and a user's files beside them, are filled in with. */
function tlsVariables(plan: ClusterPlan, node: NodePlan, tls: NodeTls | undefined): Variables {
  if (plan.tls === undefined) return { etcdctlCredentials: "", etcdctlOptions: "" };
  if (tls === undefined) throw new RenderError("The plan has TLS, and no certificates were given");
  const files = Object.entries({ CACERT: "ca", CERT: "cert", KEY: "key" });
  return {
    tlsAuthority: tls.authority,
    tlsCertificate: tls.certificate,
    tlsKey: tls.key,
    ...(tls.docker === undefined
      ? {}
      : {
          dockerAuthority: tls.docker.authority,
          dockerCertificate: tls.docker.certificate,
          dockerKey: tls.docker.key,
        }),
    memberFiles: MEMBER_FILES[plan.os],
    clientFiles: CLIENT_FILES,
    etcdctlCredentials: files.map(([name, file]) => `\nETCDCTL_${name}=${CLIENT_FILES}/${file}.pem`).join(""),
    // Labels keep containers from files in /etc (SELinux); this one is to read what its user may read.
    etcdctlOptions: [
      ...(node.profiles.includes("etcd") ? [MEMBER_FILES[plan.os]] : []),
      ...(node.profiles.includes("etcd-client") ? [CLIENT_FILES] : []),
    ]
      .map((folder) => ` --volume ${folder}:${folder}:ro`)
      .join("")
      .concat(" --security-opt label=disable"),
  };
}

/** All variables that profiles can use; docs/profiles.md lists them. @throws RenderError for a discovery URL that is none. */
export function variablesOf(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): Variables {
  const traits = OS_TRAITS[plan.os];
  const version = etcdVersionOf(plan) ?? ETCD_WITH_V2;
  return {
    nodeName: node.name,
    mac: node.mac,
    sshAuthorizedKeys: plan.sshAuthorizedKeys,
    ...bootstrapVariables(plan, node, bootstrap),
    ...tlsVariables(plan, node, bootstrap.tls),
    etcdVersion: version,
    etcdImage: `${ETCD_IMAGE}:v${version}`,
    programs: traits.programs,
    metadataFile: traits.metadataFile,
    metadataPrefixes: traits.metadataPrefixes.join(" "),
    metadataUrl: plan.metadataUrl === undefined ? "" : unitWord(metadataUrl(plan.metadataUrl, node)),
    dockerListen: plan.dockerListen,
    ntpServers: plan.ntpServers.join(" "),
    chronyServers: plan.ntpServers.map((server) => `server ${server} iburst`).join("\n"),
    console: CONSOLES[plan.arch],
  };
}
