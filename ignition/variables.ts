/** The variables of a node's profiles. */
import { RenderError } from "./errors.ts";
import { etcdVersionOf, memberHosts, membersOf } from "./families.ts";
import type { Variables } from "./render/substitute.ts";
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
  const url = discoveryUrl(plan, bootstrap.discoveryUrl);
  // A variable of ct's etcd section becomes a word of ExecStart, and so does Environment= in a Podman quadlet.
  return {
    discoveryUrl: unitWord(url),
    discoveryToken: environmentWord(url.slice(url.lastIndexOf("/") + 1)),
    discoveryEndpoints:
      plan.discovery.mode === "v3" ? environmentWord(plan.discovery.endpoints.join(",")) : "",
    clusterToken: unitWord(bootstrap.clusterToken ?? "stand-in"),
    initialCluster: [...hosts].map(([name, host]) => `${name}=http://${host}:2380`).join(","),
    memberHost: hosts.get(node.name) ?? node.name,
    memberEndpoints: [...hosts.values()].map((host) => `http://${host}:2379`).join(","),
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
