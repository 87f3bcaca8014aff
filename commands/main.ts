/** The CLI: `npm run cluster -- VERB`, and what is behind `npm start`, `npm stop` and `npm test`. A verb is a file. */
import { join } from "node:path";
import { Command } from "commander";
import { labPaths } from "../lab/shared/context.ts";
import { addDayTwoVerbs } from "./dayTwo/verbs.ts";
import { addDoctorVerbs } from "./doctor/verbs.ts";
import { addHostVerbs, addStatusVerb } from "./hosts/verbs.ts";
import { addSnapshotVerbs } from "./snapshot/verbs.ts";
import { describe, ExitError } from "./ui/errors.ts";
import { wasInterrupted } from "./ui/interrupt.ts";
import type { ConsoleOptions } from "./verbs/console.ts";
import type { FetchOptions } from "./verbs/image.ts";
import type { SshOptions } from "./verbs/ssh.ts";

// Whoever reads our output may go before its end (`doctor | head`): what is being done is done to its end all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

const paths = labPaths(join(import.meta.dirname, ".."));

const program = new Command("npm run cluster --")
  .description(
    "Throw-away CoreOS-family clusters on libvirt, with a lab for machines that have no libvirt host.",
  )
  .helpCommand(true)
  .enablePositionalOptions()
  .showHelpAfterError("(--help shows what there is)");

program
  .command("start")
  .description("bring up the lab and the dev stack, wait until etcd is healthy (npm start)")
  .addHelpText(
    "after",
    `
What it does, each step only when it is needed:
  1. installs missing Debian packages (QEMU, libvirt, dnsmasq, ...) with apt
  2. gets the pinned toolchain (Pulumi, its plugins, ct, ...) and the lab's guest image into ${paths.cache}
  3. starts the lab host in ${paths.lab}: a libvirtd of its own in namespaces of its own
  4. runs \`pulumi up\` for the dev stack (Pulumi.dev.yaml) and waits until every etcd member is healthy

Environment: CLUSTER_LAB_DIR and CLUSTER_CACHE_DIR move the two folders, NO_COLOR turns colours off.
It can be run again at any time; without a change it changes nothing.`,
  )
  .action(async () => {
    await (await import("./verbs/start.ts")).start(paths);
  });

program
  .command("stop")
  .description("destroy the lab's stacks and remove the lab host; caches stay (npm stop)")
  .action(async () => {
    await (await import("./verbs/stop.ts")).stop(paths);
  });

addStatusVerb(program, paths);

const lab = program.command("lab").description("the lab host: a private libvirt with its network");
lab
  .command("up")
  .description("start or repair the lab host")
  .action(async () => {
    await (await import("./verbs/lab.ts")).up(paths);
  });
lab
  .command("down")
  .description("remove the lab host with all machines on it, and forget the stacks that were there")
  .action(async () => {
    await (await import("./verbs/lab.ts")).down(paths);
  });
lab
  .command("status")
  .description("show what runs in the lab")
  .option("--json", "as JSON")
  .action(async (options: { json?: boolean }) => {
    await (await import("./verbs/lab.ts")).status(paths, options.json === true);
  });

program
  .command("exec")
  .description("run a command with the lab's tools, settings and network")
  .argument("<command...>", "the command, for example: pulumi preview")
  .option("--stack <name>", "the stack that pulumi commands are about", "dev")
  .passThroughOptions()
  .addHelpText(
    "after",
    `
Examples:
  npm run cluster -- exec pulumi preview
  npm run cluster -- exec virsh list
  npm run cluster -- exec --stack alice pulumi up`,
  )
  .action(async (command: string[], options: { stack: string }) => {
    await (await import("./verbs/exec.ts")).exec(paths, options.stack, command);
  });

program
  .command("tools")
  .description("run a command with the pinned tools on a host of your own, without the lab")
  .argument("[command...]", "the command, for example: pulumi up; without one, the tools are only made ready")
  .passThroughOptions()
  .addHelpText(
    "after",
    `
The tools are Pulumi, its libvirt plugin, ct, ign-converter, ignition-validate and butane, in the versions that the program was
made with: what is on PATH in that version is used, else it is downloaded, else built from source (which needs Go).
Login, stacks and settings are Pulumi's own, as without this verb. Needs no root.

Examples:
  npm run cluster -- tools pulumi stack init alice
  npm run cluster -- tools pulumi up --stack alice`,
  )
  .action(async (command: string[]) => {
    await (await import("./verbs/tools.ts")).tools(paths, command);
  });

program
  .command("ssh")
  .description("log in to a node as core, or run a command there")
  .argument("<node>", "the node's name")
  .argument("[command...]", "a command to run instead of a shell")
  .option("--stack <name>", "the stack that the node belongs to (the lab: dev; elsewhere the selected one)")
  .option("--connect <uri>", "a libvirt host of your own, such as qemu+ssh://root@host/system")
  .passThroughOptions()
  .addHelpText(
    "after",
    `
On a host of your own the login is with your own keys, and through the host where the node is reached only there.
Which host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI.`,
  )
  .action(async (node: string, command: string[], options: SshOptions) => {
    await (await import("./verbs/ssh.ts")).ssh(paths, options, node, command);
  });

program
  .command("console")
  .description("attach to a node's serial console (Ctrl-] leaves it)")
  .argument("<node>", "the node's name")
  .option("--log", "print what the console has shown since boot, and end")
  .option("--connect <uri>", "a libvirt host of your own, such as qemu+ssh://root@host/system")
  .addHelpText("after", "\nWhich host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI.")
  .action(async (node: string, options: ConsoleOptions) => {
    await (await import("./verbs/console.ts")).console(paths, node, options);
  });

const image = program.command("image").description("base images of the official streams, and their cache");
image
  .command("fetch")
  .description("download, verify and unpack the newest image of a stream, or a URL's content anew")
  .argument("<stream>", "a stream's name, or the URL of an image")
  .option("--arch <architecture>", "x86_64, aarch64, s390x or ppc64le", "x86_64")
  .option("--os <family>", "for a URL: the OS family whose key has signed it", "flatcar")
  .option("--sha256 <digest>", "for a URL: what its publisher gives; no signature is asked for then")
  .option("--sha512 <digest>", "for a URL: the same")
  .addHelpText(
    "after",
    `
Streams: flatcar-stable, -beta, -alpha, -lts; fedora-coreos-stable, -testing, -next.
Prints the commands that make a stack use the image. Needs no root and no libvirt.
Environment: CLUSTER_IMAGE_MIRROR=URL looks for https://HOST/PATH at URL/HOST/PATH; CLUSTER_CACHE_DIR moves the cache.`,
  )
  .action(async (stream: string, options: FetchOptions) => {
    await (await import("./verbs/image.ts")).fetchImage(stream, options);
  });
image
  .command("list")
  .description("show the images in the cache")
  .action(async () => {
    (await import("./verbs/image.ts")).listImages();
  });
image
  .command("clean")
  .description("remove all images from the cache")
  .action(async () => {
    (await import("./verbs/image.ts")).cleanImages();
  });

addHostVerbs(program, paths);

addSnapshotVerbs(program, paths);
addDayTwoVerbs(program, paths);

addDoctorVerbs(program, paths);

program
  .command("clean")
  .description("drop this checkout's share of the caches, and its lab folder")
  .action(async () => {
    await (await import("./verbs/clean.ts")).clean(paths);
  });

program
  .command("test")
  .description("run all suites: checks, unit, integration, faults (a short selection), e2e (npm test)")
  .argument("[suites...]", "only these: checks, unit, integration, faults (all of them), e2e")
  .action(async (suites: string[]) => {
    await (await import("./verbs/test.ts")).test(paths, suites);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (wasInterrupted()) process.exitCode = 130;
  else if (error instanceof ExitError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`${describe(error, paths.log)}\n`);
    process.exitCode = 1;
  }
}
