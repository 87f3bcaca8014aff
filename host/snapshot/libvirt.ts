/** What a host's libvirt has, as names. */
import { batch } from "../batch.ts";
import { volumeNamesOf } from "../pools.ts";
import { lines, type Virsh } from "../virsh.ts";
import type { Things } from "./types.ts";

export const LIBVIRTS = ["domains", "pools", "volumes", "networks"] as const;

/** Domains, pools, volumes and networks. */
export async function libvirtThings(virsh: Virsh): Promise<Pick<Things, (typeof LIBVIRTS)[number]>> {
  const [domains = "", pools = "", networks = ""] = await batch(virsh, [
    ["list", "--all", "--name", "--uuid"],
    ["pool-list", "--all", "--uuid"],
    ["net-list", "--all", "--name"],
  ]);
  const uuids = lines(pools);
  const answers = await batch(
    virsh,
    uuids.flatMap((uuid) => [
      ["pool-name", uuid],
      ["vol-list", uuid],
    ]),
  );
  const named = uuids.map((uuid, index) => ({
    name: `${answers[2 * index] ?? ""} ${uuid}`.trim(),
    volumes: volumeNamesOf(answers[2 * index + 1] ?? "").map(
      (volume) => `${answers[2 * index] ?? uuid}/${volume}`,
    ),
  }));
  return {
    domains: lines(domains).map((line) => line.replace(/\s+/g, " ")),
    pools: named.map(({ name }) => name),
    volumes: named.flatMap(({ volumes }) => volumes),
    networks: lines(networks),
  };
}
