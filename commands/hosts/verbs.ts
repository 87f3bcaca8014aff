/** The verbs that are about a libvirt host, the lab or one of the user's own, as the command line has them. */
import { type Command, InvalidArgumentError } from "commander";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { CredentialsOptions } from "../verbs/credentials.ts";
import type { DestroyOptions } from "../verbs/destroy.ts";
import type { LeaksOptions } from "../verbs/leaks.ts";
import type { ListOptions } from "../verbs/list.ts";
import type { LogsOptions } from "../verbs/logs.ts";
import type { PowerOptions } from "../verbs/pause.ts";
import type { StatusOptions } from "../verbs/status.ts";

/** What follows the options of each of them. */
const WHERE = `
Which host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI.`;

const connect = [
  "--connect <uri>",
  "a libvirt host of your own, such as qemu+ssh://root@host/system",
] as const;

/** A number of lines, seconds, ...: whole, 0 or more. */
function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number, 0 or more.`);
  return Number(text);
}

/** Adds the verbs to the program. */
export function addHostVerbs(program: Command, paths: LabPaths): void {
  program
    .command("list")
    .description("show all clusters on a libvirt host: whose, how old, how large")
    .option(...connect)
    .option("--json", "as JSON")
    .addHelpText("after", WHERE)
    .action(async (options: ListOptions) => {
      await (await import("../verbs/list.ts")).list(paths, options);
    });

  program
    .command("logs")
    .description("show what the serial consoles of nodes have shown since their start")
    .argument("[node]", "the node's name; all nodes of the stack otherwise")
    .option("--stack <name>", "whose nodes: by its name (the lab: dev; elsewhere the only one there)")
    .option("--owner <id>", "whose nodes: by the owner's id that list shows, where two stacks have one name")
    .option("--follow", "go on with what comes, until Ctrl-C")
    .option("--lines <number>", "only so many of each node's last lines", count)
    .option("--raw", "with the control sequences that terminals understand")
    .option("--journal", "the systemd journal of this boot instead, read through ssh as core")
    .option(...connect)
    .addHelpText("after", WHERE)
    .action(async (node: string | undefined, options: LogsOptions) => {
      await (await import("../verbs/logs.ts")).logs(paths, node, options);
    });

  const whose = (command: Command): Command =>
    command
      .option("--stack <name>", "a stack of this checkout (the lab: dev; elsewhere the selected one)")
      .option("--owner <id>", "the owner's id that list shows, in place of a stack whose state is here")
      .option(...connect);

  whose(program.command("pause"))
    .description("shut a cluster's machines down; disks, addresses and data stay")
    .option("--timeout <seconds>", "how long machines may take before they are cut off", count, 120)
    .addHelpText("after", `\nIt can be run again at any time: what is off stays off.${WHERE}`)
    .action(async (options: PowerOptions) => {
      await (await import("../verbs/pause.ts")).pause(paths, options);
    });

  whose(program.command("resume"))
    .description("start a paused cluster's machines and wait until etcd is healthy")
    .option("--timeout <seconds>", "how long the cluster may take to be healthy", count, 600)
    .addHelpText(
      "after",
      `\nIt can be run again at any time: what runs is left alone. Exit code 1 when the cluster does not get healthy.${WHERE}`,
    )
    .action(async (options: PowerOptions) => {
      await (await import("../verbs/pause.ts")).resume(paths, options);
    });

  program
    .command("credentials")
    .description("write what members with TLS want to see of a client to files of mode 0600")
    .option("--out <dir>", "the folder; by default .credentials/STACK in the checkout")
    .option("--stack <name>", "the stack (the lab: dev; elsewhere the selected one)")
    .option(...connect)
    .addHelpText(
      "after",
      `
ca.pem, cert.pem and key.pem, as Docker's client calls them, and etcd.env, which a shell reads for etcdctl.${WHERE}`,
    )
    .action(async (options: CredentialsOptions) => {
      await (await import("../verbs/credentials.ts")).credentials(paths, options);
    });

  program
    .command("destroy")
    .description("take a cluster away, in whatever state it is; its config stays")
    .option("--stack <name>", "the stack (the lab: dev; elsewhere the selected one)")
    .option(
      "--force",
      "where its libvirt host is gone: forget it, and tell what stays there and how to remove it",
    )
    .option(
      "--owner <id>",
      "remove what carries this owner's mark on the host of --connect, without any state",
    )
    .option(...connect)
    .addHelpText(
      "after",
      `
It can be run again at any time, and asks nothing. In the lab it is \`pulumi destroy\` for one stack; npm stop removes all of them.
On a host of your own it runs your Pulumi. What it removes, it finds by the marks on the things themselves.`,
    )
    .action(async (options: DestroyOptions) => {
      await (await import("../verbs/destroy.ts")).destroy(paths, options);
    });

  program
    .command("leaks")
    .description("prove that a host is as it was: keep what is there, and compare with it later")
    .option("--save <file>", "keep what is there now")
    .option("--against <file>", "compare with what was kept")
    .option("--registry <url>", "look at the discovery tokens of this registry too")
    .option("--logs", "count the logs too that libvirt keeps of machines which are gone")
    .option("--machine", "look at this machine and not into the lab")
    .option(...connect)
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Looked at are domains, storage pools, volumes and networks of libvirt, QEMU processes, network devices with their
settings, network namespaces, addresses, permanent neighbours, routes, queues, packet filters, settings of the kernel, mounts,
the files in libvirt's folders, the content of what is in /etc, and what is right in /, /run, /opt, /srv, /mnt, /media, /var/lib,
/dev/shm and /usr/local. Exit code 1 when anything is more, less or other than it was. What only root may read is said to be not looked at, and tells no difference.
Which host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI, else this machine without its libvirt, as
npm start finds it and npm stop leaves it.`,
    )
    .action(async (options: LeaksOptions) => {
      await (await import("../verbs/leaks.ts")).leaks(paths, options);
    });
}

/** Adds `status`, which stands beside `start` and `stop`. */
export function addStatusVerb(program: Command, paths: LabPaths): void {
  program
    .command("status")
    .description("show a stack's nodes live: machines, addresses, etcd members, health")
    .option("--stack <name>", "the stack (the lab: dev; elsewhere the selected one)")
    .option("--watch", "look again every 2 seconds, until Ctrl-C")
    .option("--json", "as JSON; with --watch, one document a line")
    .option(...connect)
    .addHelpText("after", `\nExit code 1 when a node is not healthy.${WHERE}`)
    .action(async (options: StatusOptions) => {
      await (await import("../verbs/status.ts")).status(paths, options);
    });
}
