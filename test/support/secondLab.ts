/**
 * A second libvirt host beside a lab: a lab of its own, whose bridge is joined to the first one's by a link, so that both are
 * one network with the first one's DHCP server. It is reached as a host of its own is: by its connection URI.
 */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type HostAccess, accessInside } from "../../host/access.ts";
import { endHolder } from "../../lab/libvirt/endHolder.ts";
import { findHolders, requireHolder } from "../../lab/libvirt/holder.ts";
import { enterCommand, labDown, labUp } from "../../lab/libvirt/index.ts";
import { network } from "../../lab/libvirt/layout.ts";
import { argumentsOf, processesIn } from "../../lab/libvirt/processes.ts";
import type { LabContext } from "../../lab/shared/context.ts";
import { run } from "../../lab/shared/process.ts";

export interface SecondLab {
  readonly context: LabContext;
  /** The connection, as it is called in the first lab. */
  readonly uri: string;
  readonly access: HostAccess;
  virsh(...args: string[]): Promise<string>;
  inside(...command: string[]): Promise<string>;
  /** Ends it as a power cut would, for good. */
  die(): Promise<void>;
  remove(): Promise<void>;
}

/** Addresses on the joined bridge are the first lab's to give. */
const ADDRESS = "10.77.0.2";
const MAC = "02:00:0a:4d:00:02";

/**
 * @param first a lab that is up.
 * @param folder where the second one's own folder is made.
 */
export async function joinSecondLab(first: LabContext, folder: string): Promise<SecondLab> {
  const lab = join(folder, "second");
  const context: LabContext = {
    ...first,
    paths: { ...first.paths, lab, log: join(folder, "second.log") },
  };
  mkdirSync(lab, { recursive: true });
  const finding = join(first.paths.lab, "kvm.json");
  if (existsSync(finding)) copyFileSync(finding, join(lab, "kvm.json")); // one machine, one answer
  await labUp(context);
  const inside = async (...command: string[]): Promise<string> => {
    const [file = "", ...args] = [...enterCommand(context), ...command];
    return (await run(file, args, { timeout: 60, log: context.paths.log })).stdout;
  };

  const holder = requireHolder(context.paths);
  for (const pid of processesIn({ pid: holder.namespaces.pid }))
    if (["dnsmasq", "etcd"].includes(basename(argumentsOf(pid)[0] ?? ""))) process.kill(pid, "SIGKILL");
  const { bridge, address, prefixLength } = network;
  await inside("ip", "address", "delete", `${address}/${prefixLength}`, "dev", bridge);
  await inside("ip", "link", "set", bridge, "address", MAC);
  await inside("ip", "address", "add", `${ADDRESS}/${prefixLength}`, "dev", bridge);

  const [enter = "", ...rest] = enterCommand(first);
  const inFirst = (...words: string[]) => run(enter, [...rest, "ip", "link", ...words], { timeout: 30 });
  await inFirst(
    ...["add", "to-second", "type", "veth", "peer", "name", "to-first", "netns", String(holder.pid)],
  );
  await inFirst("set", "to-second", "master", bridge, "up");
  await inside("ip", "link", "set", "to-first", "master", bridge, "up");

  return {
    context,
    // Its /run is in a mount namespace of its own: seen through the process that holds it.
    uri: `qemu:///system?socket=/proc/${holder.pid}/root/run/libvirt/libvirt-sock`,
    access: accessInside("the second lab", "qemu:///system", enterCommand(context)),
    inside,
    virsh: (...args) => inside("virsh", "--quiet", ...args),
    die: async () => {
      for (const one of findHolders(context.paths)) await endHolder(context, one);
    },
    remove: () => labDown(context),
  };
}
