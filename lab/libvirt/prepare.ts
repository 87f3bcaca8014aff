/** The folders and the configuration that the lab's daemons start from. */
import { chown, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { dnsmasqConf, libvirtdConf, qemuConf, virtlogdConf } from "./config.ts";
import { dnsmasqUser, registryUser } from "./daemons.ts";
import { layout } from "./layout.ts";
import { lookUpUser } from "./users.ts";

/**
 * Makes what is missing of the folders, and writes the configuration.
 * @throws Error when the file system keeps no owners, as shared folders of virtual machines do: QEMU and the registry
 *   run as users of their own.
 */
export async function prepare(context: LabContext): Promise<void> {
  const folders = layout(context.paths);
  const dnsmasq = join(folders.lib, "dnsmasq");
  const console = join(folders.log, "qemu"); // virtlogd makes files there, but not the folder
  for (const folder of [folders.etc, folders.lib, folders.cache, console, folders.registry, dnsmasq]) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  }
  const owner = lookUpUser(registryUser());
  try {
    if (owner !== undefined) await chown(folders.registry, owner.id, owner.group);
  } catch (error) {
    throw new Error(
      `The file system of ${folders.root} keeps no owners of files, which the lab needs: ` +
        "set CLUSTER_LAB_DIR to a folder on a local disk.",
      { cause: error },
    );
  }
  await keep(join(folders.etc, "libvirtd.conf"), libvirtdConf(folders.root));
  await keep(join(folders.etc, "virtlogd.conf"), virtlogdConf());
  await keep(join(folders.etc, "qemu.conf"), qemuConf());
  await keep(join(dnsmasq, "lab.conf"), dnsmasqConf(dnsmasqUser()));
}

/** Writes a file where it is not there with this text: what a second run finds as it should be, it leaves as it is. */
async function keep(file: string, text: string): Promise<void> {
  if ((await readFile(file, "utf8").catch(() => undefined)) !== text) await writeFile(file, text);
}

/** Empties the registry. It holds only the tokens of clusters: of those that have come up already, nobody asks again. */
export async function clearRegistry(context: LabContext): Promise<void> {
  const folder = layout(context.paths).registry;
  // The folder itself stays: it is mounted inside the lab.
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}
