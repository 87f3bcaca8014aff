/** `lab up | down | status`: the lab host by itself. */
import { join } from "node:path";
import { labStatus } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { withLock } from "../../lab/shared/lock.ts";
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
  await withLock(join(paths.lab, "start-stop.lock"), () => removeHost(paths, new Phases()));
}

/** Prints what runs in the lab. */
export async function status(paths: LabPaths, json: boolean): Promise<void> {
  const found = await labStatus(labContext(paths));
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : renderStatus(found));
}

function renderStatus(found: Awaited<ReturnType<typeof labStatus>>): string {
  const head = `Lab host: ${found.state}${"reason" in found && found.reason !== undefined ? ` (${found.reason})` : ""}\n`;
  if (found.state !== "up") return head;
  return (
    head +
    table(
      ["domain", "state"],
      found.domains.map((domain) => [domain.name, domain.state]),
    ) +
    "\n"
  );
}
