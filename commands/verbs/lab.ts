/** `lab up | down | status`: the lab host by itself. */
import { labStatus, type LabStatus } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { exclusively } from "../lab/exclusive.ts";
import { labContext, prepareHost, preparePackages } from "../lab/prepare.ts";
import { Phases } from "../ui/phases.ts";
import { table } from "../ui/table.ts";
import { removeHost } from "./stop.ts";

/** Starts or repairs the lab host. */
export async function up(paths: LabPaths): Promise<void> {
  const phases = new Phases();
  await preparePackages(paths, phases);
  await prepareHost(paths, phases);
  process.stdout.write(
    "Next: npm start (a cluster on it), npm run cluster -- exec virsh list, or npm run cluster -- lab down\n",
  );
}

/** Removes the lab host, the machines on it and the state of their stacks. */
export async function down(paths: LabPaths): Promise<void> {
  await exclusively(paths, () => removeHost(paths, new Phases()));
}

/** Prints what runs in the lab. */
export async function status(paths: LabPaths, json: boolean): Promise<void> {
  const found = await labStatus(labContext(paths));
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : renderStatus(found));
}

function renderStatus(found: LabStatus): string {
  if (found.state !== "up") {
    return `Lab host: ${found.state}${found.reason === undefined ? "" : ` (${found.reason})`}\n`;
  }
  const leases = new Map(found.leases.map((lease) => [lease.name, lease]));
  const rows = found.domains.map(({ name, state }) => {
    const lease = leases.get(name);
    return [name, state, lease?.mac ?? "", lease?.address ?? ""];
  });
  return [
    `Lab host: up, libvirt ${found.host.uri}, bridge ${found.host.bridge} (${found.host.network})`,
    `Guests run as ${found.host.domainType}: ${found.domainTypeReason}`,
    `Discovery registry: ${found.registry.url} ${found.registry.healthy ? "healthy" : "NOT healthy"}`,
    ...(rows.length === 0 ? ["No domains."] : ["", table(["DOMAIN", "STATE", "MAC", "ADDRESS"], rows)]),
    "",
  ].join("\n");
}
