/** The lab's daemons: how each is started, recognised, and known to be ready. */
import { createConnection } from "node:net";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { ProcessError, run } from "../shared/process.ts";
import { enterArguments, type Holder } from "./holder.ts";
import { libvirtUri, network, registryUrl } from "./layout.ts";
import { lookUpUser } from "./users.ts";

export type DaemonName = "virtlogd" | "libvirtd" | "dnsmasq" | "registry";

export interface Daemon {
  readonly name: DaemonName;
  /** The program with its arguments. A process of the lab with exactly these is this daemon. */
  readonly command: readonly string[];
  /** The user to run as; root when there is none (dnsmasq drops its rights by itself). */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it answers. */
  readonly ready: (context: LabContext, holder: Holder) => Promise<boolean>;
}

/** Whether a unix socket inside the lab accepts; reached through the holder's root, whatever that is mounted on. */
const accepts = async (holder: Holder, path: string): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = createConnection(`/proc/${holder.pid}/root${path}`);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => {
      settle(false);
    });
    socket.once("connect", () => {
      settle(true);
    });
    socket.once("error", () => {
      settle(false);
    });
  });

/** Runs a program inside the lab; false when it fails or takes too long. */
const succeeds = async (holder: Holder, command: readonly string[], seconds: number): Promise<boolean> => {
  const [file = "", ...args] = [...enterArguments(holder, "/"), ...command];
  try {
    await run(file, args, { timeout: seconds });
    return true;
  } catch (error) {
    if (error instanceof ProcessError) return false;
    throw error;
  }
};

const probe =
  (service: "dns" | "registry") =>
  async (_: LabContext, holder: Holder): Promise<boolean> => {
    const script = join(import.meta.dirname, "probe.ts");
    return await succeeds(holder, [process.execPath, "--no-warnings", script, service, network.address], 15);
  };

/** The user that the registry runs as. */
export const registryUser = (): string => (lookUpUser("etcd") === undefined ? "nobody" : "etcd");

/** The user that dnsmasq drops to. */
export const dnsmasqUser = (): string => (lookUpUser("dnsmasq") === undefined ? "nobody" : "dnsmasq");

/** All daemons, in the order in which they are to be started. */
export const daemons = (): readonly Daemon[] => [
  {
    name: "dnsmasq",
    command: ["dnsmasq", "--keep-in-foreground", "--conf-file=/var/lib/libvirt/dnsmasq/lab.conf"],
    ready: probe("dns"),
  },
  {
    name: "registry",
    user: registryUser(),
    command: [
      "etcd",
      "--name=registry",
      "--data-dir=/run/coreos-cluster/registry",
      "--enable-v2=true",
      `--listen-client-urls=${registryUrl}`,
      `--advertise-client-urls=${registryUrl}`,
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--initial-advertise-peer-urls=http://127.0.0.1:2380",
      "--initial-cluster=registry=http://127.0.0.1:2380",
    ],
    // etcd refuses to start on arm64 without it, though Debian builds and tests it there.
    ...(process.arch === "arm64" ? { env: { ETCD_UNSUPPORTED_ARCH: "arm64" } } : {}),
    ready: probe("registry"),
  },
  {
    name: "virtlogd",
    command: ["virtlogd", "--config", "/etc/libvirt/virtlogd.conf"],
    ready: async (_, holder) => await accepts(holder, "/run/libvirt/virtlogd-sock"),
  },
  {
    name: "libvirtd",
    command: ["libvirtd", "--config", "/etc/libvirt/libvirtd.conf"],
    ready: async (_, holder) =>
      (await accepts(holder, "/run/libvirt/libvirt-sock")) &&
      (await succeeds(holder, ["virsh", "-c", libvirtUri, "-q", "list"], 20)),
  },
];
