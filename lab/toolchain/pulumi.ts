/** Pulumi in the lab: its home with all plugins installed, its backend, its passphrase. */
import { randomBytes } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { chmod, link, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LabContext, LabPaths } from "../shared/context.ts";
import type { Toolchain } from "./index.ts";
import { placeLink } from "./place.ts";
import type { ResolvedTool } from "./resolve.ts";
import { machineArch, tools, type Tool } from "./table.ts";

/** The folder below PULUMI_HOME/plugins that Pulumi expects a plugin in. */
function pluginFolder(tool: Tool): string {
  return `${tool.kind === "language-plugin" ? "language" : "resource"}-${tool.plugin ?? tool.name}-v${tool.version}`;
}

/**
 * Installs the plugins as `pulumi plugin install --file` would, but by links: nothing is copied, and it takes
 * milliseconds. A language host that lies beside its Pulumi is found there.
 */
async function installPlugins(home: string, toolchain: Toolchain): Promise<void> {
  const resolved = new Map(toolchain.tools.map((tool) => [tool.name, tool]));
  const pulumi = resolved.get("pulumi");
  const beside = (tool: ResolvedTool): boolean =>
    pulumi !== undefined && dirname(realpathSync(pulumi.path)) === dirname(realpathSync(tool.path));
  const plugins = join(home, "plugins");
  await mkdir(plugins, { recursive: true });
  const present = await readdir(plugins);
  for (const tool of tools) {
    const found = resolved.get(tool.name);
    if (found === undefined || (tool.kind !== "language-plugin" && tool.kind !== "resource-plugin")) continue;
    const bundled = tool.kind === "language-plugin" && beside(found);
    const folder = pluginFolder(tool);
    if (!bundled) await placeLink(found.path, join(plugins, folder, tool.name));
    const family = folder.slice(0, -tool.version.length);
    // Of an older table, or a language host that Pulumi now brings itself.
    const stale = present.filter((name) => name.startsWith(family) && (name !== folder || bundled));
    await Promise.all(stale.map((name) => rm(join(plugins, name), { recursive: true, force: true })));
  }
}

/** Lays the Terraform provider out as the bridge's cache of downloads has it, so that it asks no registry. */
async function installTerraformProvider(cache: string, toolchain: Toolchain): Promise<void> {
  for (const tool of tools.filter(({ kind }) => kind === "terraform-provider")) {
    const path = toolchain.tools.find(({ name }) => name === tool.name)?.path;
    if (path === undefined) continue;
    const provider = join(
      "registry.opentofu.org",
      "dmacvicar",
      "libvirt",
      tool.version,
      `linux_${machineArch()}`,
    );
    await placeLink(path, join(cache, provider, tool.name));
  }
}

/** Loopback is no matter for a proxy, but the SDK's gRPC asks it unless told otherwise. */
export function proxyExceptions(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "grpc_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  if (!names.some((name) => (env[name] ?? "") !== "")) return {};
  const given = [env["no_proxy"], env["NO_PROXY"]].flatMap((list) => (list ?? "").split(","));
  const all = [...new Set([...given.map((host) => host.trim()), "127.0.0.1", "localhost"])].filter(
    (host) => host !== "",
  );
  return { no_proxy: all.join(","), NO_PROXY: all.join(",") };
}

/** Makes the file with the passphrase for secrets in the lab's state, once. */
async function ensurePassphrase(file: string): Promise<void> {
  if (existsSync(file)) {
    await chmod(file, 0o600);
    return;
  }
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, randomBytes(24).toString("base64url"), { mode: 0o600 });
  // A link fails where a run beside this one was first, whose passphrase then counts; a rename would replace it.
  await link(draft, file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  await rm(draft);
}

/** A passphrase that the user has exported for stacks of their own would win over the lab's file. */
async function overExported(file: string, env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  if (env["PULUMI_CONFIG_PASSPHRASE"] === undefined) return {};
  return { PULUMI_CONFIG_PASSPHRASE: await readFile(file, "utf8") };
}

/** Days that Pulumi's own logs are kept: it writes one for each call and removes none. */
const logDays = 1;

async function pruneLogs(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // none yet
  const eldest = Date.now() - logDays * 86_400_000;
  for (const name of names) {
    const file = join(folder, name);
    const written = (await stat(file).catch(() => undefined))?.mtimeMs; // removed by a run beside this one
    if (written !== undefined && written < eldest) await rm(file, { recursive: true, force: true });
  }
}

const pulumiFolder = (paths: LabPaths): string => join(paths.lab, "pulumi");

/** The folder of the lab's file:// backend: the state of all its stacks. */
export const stateFolder = (paths: LabPaths): string => join(pulumiFolder(paths), "state");

/**
 * Prepares Pulumi in the lab's folder and says with which environment it runs: its own home with every plugin
 * installed, a file backend, and nothing that would use the network. Takes milliseconds when all is there.
 */
export async function preparePulumi(
  context: LabContext,
  toolchain: Toolchain,
): Promise<Record<string, string>> {
  const root = pulumiFolder(context.paths);
  const home = join(root, "home");
  const backend = stateFolder(context.paths);
  const passphrase = join(root, "passphrase");
  const providers = join(root, "terraform-providers");
  await mkdir(backend, { recursive: true });
  await mkdir(home, { recursive: true });
  await chmod(root, 0o700); // the state holds the lab's keys and tokens
  await Promise.all([
    installPlugins(home, toolchain),
    installTerraformProvider(providers, toolchain),
    ensurePassphrase(passphrase),
    pruneLogs(join(home, "logs")),
  ]);
  return {
    PULUMI_HOME: home,
    // Without metadata there are no .attrs files, which are not written atomically: a killed Pulumi leaves an empty one,
    // and from then on every command fails with "failed to load checkpoint: EOF".
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR: providers,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // Only the pinned plugins count, whatever else is on PATH.
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    NODE_COMPILE_CACHE: join(root, "node-compile-cache"),
    ...proxyExceptions(process.env),
    ...(await overExported(passphrase, process.env)),
  };
}
