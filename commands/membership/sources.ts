/** Where the membership program learns what it must know. */
import { lines, virshOn } from "../../host/virsh.ts";
import { readConsoles } from "../readiness/console.ts";
import { readEtcd } from "../readiness/etcd.ts";
import { consolesOnHosts, machinesOnHosts, waysOnHosts } from "../readiness/hosts.ts";
import { readMachines } from "../readiness/machines.ts";
import { readReach } from "../readiness/reach.ts";
import { readRegistry } from "../readiness/registry.ts";
import { uriOf } from "../readiness/settings.ts";
import { wayOf } from "../readiness/way.ts";
import { say } from "../program.ts";
import { wayVia } from "../through.ts";
import type { WayTo } from "../way.ts";
import { membersApi } from "./api.ts";
import type { MembershipSources } from "./join.ts";
import type { LeaveSources } from "./leave.ts";
import { restoresOn } from "./restores.ts";
import type { MembershipSettings } from "./settings.ts";

export function sourcesOf(settings: MembershipSettings): MembershipSources & LeaveSources {
  const { member, nodes, others, clientPort } = settings;
  const all = { ...settings, nodes: [member, ...nodes, ...others] };
  const uris = new Set(all.nodes.map(({ name }) => uriOf(all, name)));
  const through = waysOnHosts(all, (uri) =>
    wayVia(uri, (host) => {
      say(`The machines can't be reached from here: they are asked through ${host}.`);
    }),
  );
  const way: WayTo = (place) => ({ ...through(place), ...wayOf(settings)(place) });
  const [machines, reach] = [machinesOnHosts(all, readMachines), readReach(through)];
  return {
    api: membersApi(clientPort, way),
    etcd: readEtcd(clientPort, way),
    ...{ machines, reach },
    restores: () => restoresOn(all, all.nodes, { machines, reach }),
    consoles: consolesOnHosts(all, readConsoles),
    registry: readRegistry(settings, through({ name: "", host: "" })),
    domains: async () => {
      try {
        const answers = await Promise.all([...uris].map((uri) => virshOn(uri)("list", "--all", "--uuid")));
        return new Set(answers.flatMap(lines));
      } catch {
        return undefined; // libvirtd may be restarting
      }
    },
  };
}
