/** Discovery URLs in a stack's state that no machine knows any more. */
import { field, list, parsed } from "../http.ts";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/**
 * The URNs of discovery Commands whose cluster has no Ignition file left, in what `pulumi stack export` prints. A destroy deletes
 * the machines' things first, then takes the token out of its registry: when it is killed behind that, the state has a URL that leads
 * nowhere, and fresh machines would wait there for ever. Pure.
 */
export function unusedDiscoveries(exported: string): string[] {
  const resources = list(field(field(parsed(exported), "deployment"), "resources"));
  const parents = new Map(resources.map((each) => [text(field(each, "urn")), text(field(each, "parent"))]));
  // An Ignition file is a node's, and the node is a cluster's.
  const used = new Set(
    resources
      .filter((each) => field(each, "type") === "libvirt:index/ignition:Ignition")
      .map((each) => parents.get(text(field(each, "parent")))),
  );
  return resources
    .filter((each) => field(each, "type") === "command:local:Command")
    .filter((each) => /::[^:]*-discovery-[0-9a-f]+$/.test(text(field(each, "urn"))))
    .filter((each) => !used.has(text(field(each, "parent"))))
    .map((each) => text(field(each, "urn")));
}
