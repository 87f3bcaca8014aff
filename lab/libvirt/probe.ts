/**
 * Asks a service of the lab for a sign of health: run inside the lab's network, exit code 0 is health.
 *
 * usage: node probe.ts dns|registry ADDRESS
 */
import { Resolver } from "node:dns/promises";
import { network, registryUrl } from "./layout.ts";

async function healthy(service: string, address: string): Promise<boolean> {
  if (service === "dns") {
    const resolver = new Resolver({ timeout: 1500, tries: 2 });
    resolver.setServers([address]);
    return (await resolver.resolve4(`registry.${network.domain}`)).includes(network.address);
  }
  const answer = await fetch(`${registryUrl}/health`, { signal: AbortSignal.timeout(3000) });
  return answer.ok && ((await answer.json()) as { health?: unknown }).health === "true";
}

const [service = "", address = ""] = process.argv.slice(2);
try {
  process.exitCode = (await healthy(service, address)) ? 0 : 1;
} catch (error) {
  console.error(`${service}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
