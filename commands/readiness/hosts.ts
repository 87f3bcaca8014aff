/** A cluster whose machines are on several libvirt hosts: each machine is asked about where it is. */
import type { Way, WayTo } from "../way.ts";
import type { Consoles } from "./console.ts";
import type { Machines } from "./machines.ts";
import { type ReadinessSettings, uriOf } from "./settings.ts";

type Where = Pick<ReadinessSettings, "nodes" | "uri">;

/** By machine's name, what is made once for each connection. */
function perHost<T>(settings: Where, make: (uri: string) => T): { readonly of: (name: string) => T } {
  const made = new Map<string, T>();
  const at = (uri: string): T => {
    const known = made.get(uri) ?? make(uri);
    made.set(uri, known);
    return known;
  };
  return { of: (name) => at(uriOf(settings, name)) };
}

/** @param read what asks one host. */
export function machinesOnHosts(settings: Where, read: (uri: string) => Machines): Machines {
  const hosts = perHost(settings, read);
  return {
    running: async () => {
      const asked = new Set(settings.nodes.map(({ name }) => hosts.of(name)));
      const answers = new Map(
        await Promise.all([...asked].map(async (host) => [host, await host.running()] as const)),
      );
      // A host that does not answer says nothing about machines on others.
      return (name) => answers.get(hosts.of(name))?.(name);
    },
    locate: (name, mac) => hosts.of(name).locate(name, mac),
  };
}

/** @param read what reads the logs of one host. */
export function consolesOnHosts(settings: Where, read: (uri: string) => Consoles): Consoles {
  const hosts = perHost(settings, read);
  return {
    tail: (name) => hosts.of(name).tail(name),
    path: (name) => hosts.of(name).path(name),
  };
}

/** @param make the way to machines of one host's networks. */
export function waysOnHosts(settings: Where, make: (uri: string) => Way): WayTo {
  const hosts = perHost(settings, make);
  return ({ name }) => hosts.of(name);
}
