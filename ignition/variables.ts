/** The variables of a node's profiles. */
import { RenderError } from "./errors.ts";
import type { Variables } from "./render/substitute.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";

/** What is known of a cluster only when it comes into being. */
export interface Bootstrap {
  /** Where the members of the new cluster find each other. */
  readonly discoveryUrl: string;
}

/**
 * A text for a double-quoted word of a unit's ExecStart, where ct puts the values of a config's etcd section as they are:
 * `%`, `$` and `\` mean something to systemd (systemd.service(5), systemd.unit(5)).
 */
export const unitWord = (text: string): string => text.replace(/[%$]/g, "$&$&").replace(/["\\]/g, "\\$&");

function discoveryUrl(text: string): string {
  const url = /[\s\0-\x1f\x7f]/.test(text) ? null : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RenderError(
      `The discovery URL must be an http or https URL, not ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return url.href;
}

/** All variables that profiles can use; docs/configuration.md lists them. */
export function variablesOf(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): Variables {
  return {
    nodeName: node.name,
    mac: node.mac,
    sshAuthorizedKeys: plan.sshAuthorizedKeys,
    discoveryUrl: unitWord(discoveryUrl(bootstrap.discoveryUrl)),
  };
}
