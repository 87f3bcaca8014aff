/** A volume on the host that is somebody else's and that disks are to lie over. It is looked at, never changed. */
import { elementText } from "./xml.ts";
import { lines, type Virsh, VirshError } from "./virsh.ts";
import { volumeNames } from "./objects.ts";

export interface WantedVolume {
  readonly pool: string;
  readonly name: string;
  /** Bytes of the smallest disk that is to lie over it. */
  readonly leastDisk: number;
}

const GIB = 2 ** 30;

/**
 * @returns the volume's absolute path on the host.
 * @throws VirshError that says what is there instead, and how to make it right.
 */
export async function checkBaseVolume(virsh: Virsh, uri: string, wanted: WantedVolume): Promise<string> {
  const { pool, name } = wanted;
  const at = `virsh --connect ${uri}`;
  const pools = lines(await virsh("pool-list", "--all", "--name"));
  if (!pools.includes(pool))
    throw new VirshError(
      `baseVolume is in the storage pool "${pool}", which ${uri} does not have. ` +
        `There: ${pools.join(", ") || "no pool at all"}.`,
    );
  if (!lines(await virsh("pool-list", "--name")).includes(pool))
    throw new VirshError(
      `baseVolume is in the storage pool "${pool}" on ${uri}, which is not started: ${at} pool-start ${pool}`,
    );
  const volumes = await volumeNames(virsh, pool);
  if (!volumes.includes(name))
    throw new VirshError(
      `The storage pool "${pool}" on ${uri} has no volume "${name}" (baseVolume). There: ` +
        `${volumes.slice(0, 20).join(", ") || "none"}. A file that was put there by hand is seen after ` +
        `${at} pool-refresh ${pool}`,
    );
  const xml = await virsh("vol-dumpxml", name, "--pool", pool);
  const capacity = Number(elementText(xml, "capacity"));
  if (capacity > wanted.leastDisk)
    throw new VirshError(
      `The volume "${name}" in the storage pool "${pool}" on ${uri} (baseVolume) is a disk of ${capacity} bytes, and ` +
        `diskSize is only ${wanted.leastDisk}: a disk can't be smaller than what it lies over. ` +
        `Set diskSize to ${Math.ceil(capacity / GIB)}GiB or more.`,
    );
  return (await virsh("vol-path", name, "--pool", pool)).trim();
}
