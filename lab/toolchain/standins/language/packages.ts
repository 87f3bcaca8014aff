/** Which npm packages a program depends on, and which Pulumi plugins those want. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
    readonly parameterization?: { readonly name: string; readonly version: string; readonly value: string };
  };
}

/** A plugin that a package of the program wants. */
export interface PulumiPackage {
  readonly name: string;
  /** With a leading `v`. */
  readonly version: string;
  /** Where the plugin is downloaded from; empty for Pulumi's own place. */
  readonly server: string;
  /** Of a plugin that serves many packages: which one; the value is base64. */
  readonly parameterization: Manifest["pulumi"] extends infer P | undefined
    ? P extends { readonly parameterization?: infer V }
      ? V | undefined
      : never
    : never;
}

const readManifest = (folder: string): Manifest | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
};

/** The nearest folder from `start` upwards that has a package.json. */
function packageRoot(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (readManifest(folder) !== undefined) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** A dependency's manifest: in the nearest node_modules that has it, as Node looks for it. */
function installed(name: string, start: string): Manifest | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, "node_modules", name));
    if (manifest !== undefined || dirname(folder) === folder) return manifest;
  }
}

function manifests(programDirectory: string): (Manifest & { readonly name: string })[] {
  const root = packageRoot(programDirectory);
  if (root === undefined) return [];
  const own = readManifest(root);
  const names = Object.keys({ ...own?.devDependencies, ...own?.dependencies }).sort();
  return names.flatMap((name) => {
    const manifest = installed(name, root);
    return manifest === undefined ? [] : [{ ...manifest, name: manifest.name ?? name }];
  });
}

/** The program's direct dependencies, as installed. */
export const installedPackages = (programDirectory: string): { name: string; version: string }[] =>
  manifests(programDirectory).map(({ name, version }) => ({ name, version: version ?? "" }));

/** The plugins that the program's direct dependencies name in their `pulumi` section. */
export function pulumiPackages(programDirectory: string): PulumiPackage[] {
  return manifests(programDirectory).flatMap(({ name, version = "", pulumi }) => {
    if (pulumi?.resource !== true) return [];
    const plugin = pulumi.version ?? version;
    return [
      {
        name: pulumi.name ?? name.replace(/^@pulumi\//, "").replace(/^@/, ""),
        version: plugin.startsWith("v") ? plugin : `v${plugin}`,
        server: pulumi.server ?? "",
        parameterization: pulumi.parameterization,
      },
    ];
  });
}
