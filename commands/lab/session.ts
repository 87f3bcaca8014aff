/** A lab that is up, and how programs run in it: with its tools, its Pulumi settings and inside its namespaces. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { contentIdentity } from "../../images/identity.ts";
import type { LabContext, LabPaths } from "../../lab/shared/context.ts";
import { run } from "../../lab/shared/process.ts";
import { enterCommand, temporaryFolder, type LabHost } from "../../lab/libvirt/index.ts";
import { preparePulumi, type Toolchain } from "../../lab/toolchain/index.ts";
import type { LabImage } from "../../lab/image/index.ts";
import { keyVariables, type LabKey } from "../hosts/login.ts";
import { labConfig, mergeStackConfig, type ConfigValues, type StackFile } from "./stackConfig.ts";

/** The stack that `npm start` brings up. */
export const devStack = "dev";

/** How to run a program in the lab: `[...enter, program, ...]` with `env` added to the environment. */
export interface LabSession {
  readonly context: LabContext;
  readonly stack: string;
  readonly enter: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The lab's ssh key pair, made on first use. */
export function sshKey(paths: LabPaths): LabKey {
  return {
    identity: join(paths.lab, "ssh", "id_ed25519"),
    knownHosts: join(paths.lab, "ssh", "known_hosts"),
  };
}

async function ensureSshKey(context: LabContext): Promise<string> {
  const { identity } = sshKey(context.paths);
  if (!existsSync(`${identity}.pub`)) {
    await mkdir(dirname(identity), { recursive: true, mode: 0o700 });
    const args = ["-q", "-t", "ed25519", "-N", "", "-C", "coreos-cluster lab", "-f", identity];
    // ssh-keygen asks before it overwrites a private key whose public half is missing: "y" makes a new pair.
    await run("ssh-keygen", args, { log: context.paths.log, input: "y\n" });
  }
  return (await readFile(`${identity}.pub`, "utf8")).trim();
}

const stackFile = (paths: LabPaths, stack: string): string => join(paths.lab, `Pulumi.${stack}.yaml`);

async function readYaml<T>(file: string): Promise<T | undefined> {
  return existsSync(file) ? ((parse(await readFile(file, "utf8")) ?? undefined) as T | undefined) : undefined;
}

async function writeIfChanged(file: string, text: string): Promise<void> {
  if (existsSync(file) && (await readFile(file, "utf8")) === text) return;
  await mkdir(dirname(file), { recursive: true });
  // Renamed into place: a run that is killed here leaves no half file for the next one to read.
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Writes the stack's config copy into the lab's folder; see stackConfig.ts. */
async function writeStackConfig(paths: LabPaths, stack: string, lab: ConfigValues): Promise<void> {
  const copyFile = stackFile(paths, stack);
  const generatedFile = join(paths.lab, "config", `${stack}.generated.yaml`);
  const tracked = await readYaml<StackFile>(join(paths.checkout, `Pulumi.${stack}.yaml`));
  const { file, generated } = mergeStackConfig(
    tracked ?? {},
    lab,
    await readYaml<ConfigValues>(generatedFile),
    await readYaml<StackFile>(copyFile),
  );
  await writeIfChanged(copyFile, stringify(file));
  await writeIfChanged(generatedFile, stringify(generated));
}

/** Prepares a session on stacks that are there: Pulumi's home, plugins and settings. Quick when all is there. */
export async function openSession(
  context: LabContext,
  stack: string,
  parts: { readonly toolchain: Toolchain; readonly host: LabHost },
): Promise<LabSession> {
  const { toolchain, host } = parts;
  return {
    context,
    stack,
    enter: enterCommand(context),
    env: {
      ...(await preparePulumi(context, toolchain)),
      PATH: `${toolchain.bin}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
      LIBVIRT_DEFAULT_URI: host.uri,
      // Pulumi's plugins leave their sockets there when they are killed.
      TMPDIR: temporaryFolder,
      ...keyVariables(sshKey(context.paths)),
      ...stackEnv(context.paths, stack),
    },
  };
}

const stackEnv = (paths: LabPaths, stack: string): Record<string, string> => ({
  PULUMI_STACK: stack,
  PULUMI_OPTION_CONFIG_FILE: stackFile(paths, stack),
  // So that what the program's messages tell to type works when it is typed outside the lab.
  CLUSTER_COMMAND_PREFIX: `npm run cluster -- exec${stack === devStack ? "" : ` --stack ${stack}`}`,
});

/** The same session for another stack. */
export const onStack = (session: LabSession, stack: string): LabSession => ({
  ...session,
  stack,
  env: { ...session.env, ...stackEnv(session.context.paths, stack) },
});

/** A session in which the program can run: with the ssh key and the stack's config copy besides. */
export async function openProgramSession(
  context: LabContext,
  stack: string,
  parts: { readonly toolchain: Toolchain; readonly image: LabImage; readonly host: LabHost },
): Promise<LabSession> {
  const { image, host } = parts;
  const values = labConfig({
    libvirtUri: host.uri,
    bridge: host.bridge,
    domainType: host.domainType,
    // Built on this machine and signed by nobody: what is in the cache now is what the program is to find there.
    image: { source: image.path, sha256: contentIdentity(image.path) },
    registry: host.registry,
    sshAuthorizedKey: await ensureSshKey(context),
  });
  await writeStackConfig(context.paths, stack, values);
  return await openSession(context, stack, parts);
}

/** Runs a program in the lab to its end, its output in the log. */
export async function runInLab(
  session: LabSession,
  command: readonly [string, ...string[]],
  options: {
    readonly onLine?: (line: string) => void;
    readonly timeout?: number;
    readonly input?: string;
    /** Nothing of it goes to the log. */
    readonly secret?: boolean;
  } = {},
): Promise<{ stdout: string; stderr: string }> {
  const [file, ...args] = [...session.enter, ...command] as [string, ...string[]];
  const { paths } = session.context;
  const { secret = false, ...rest } = options;
  const log = secret ? {} : { log: paths.log };
  return await run(file, args, { cwd: paths.checkout, env: session.env, ...log, ...rest });
}
