/** The lab's guest image: made from Debian packages by build.sh, kept in the cache. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../shared/cache.ts";
import type { LabContext } from "../shared/context.ts";
import { ProcessError, run } from "../shared/process.ts";
import { recipeKeys } from "./recipe.ts";
import { chooseMirrors, sourcesList } from "./sources.ts";

export interface LabImage {
  /** The image, in qcow2 format, in the cache: not to be written to. */
  readonly path: string;
  /** The hash of the recipe that it was made by. */
  readonly recipe: string;
}

/** Debian's names of the packages that building the image needs on this machine. */
export const imageRequirements: readonly string[] = [
  "debian-archive-keyring",
  "fdisk",
  "mmdebstrap",
  "qemu-utils",
];

const folder = import.meta.dirname;

function debianArchitecture(): string {
  if (process.arch === "x64") return "amd64";
  throw new Error(
    `the lab's guest image is made for amd64 only, and this machine is ${process.arch}: ` +
      "use an image of your own (config keys image and os) on a libvirt host of your own",
  );
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    "building the lab's guest image wants root (it installs packages into a tree of their own): use sudo",
  );
}

/** Runs build.sh so that nothing of it outlives us, however we die: no process, and no mount of its package tree. */
async function build(
  context: LabContext,
  args: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const contained = [
    "--pdeathsig",
    "KILL",
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
  ];
  const building = run("setpriv", [...contained, "bash", join(folder, "build.sh"), ...args], {
    log: context.paths.log,
    env,
    onLine: (line) => {
      if (/^(I: )?[a-z][a-z ]+(\.\.\.)?$/.test(line))
        context.report(`guest image: ${line.replace(/^I: /, "")}`);
    },
  });
  await building.catch((error: unknown) => {
    if (!(error instanceof ProcessError)) throw error;
    // The chain of programs that contains the build is of no interest to the reader; its last words are.
    const words = error.output.trimEnd().split("\n").slice(-12).join("\n");
    throw new Error(`building the lab's guest image failed:\n${words}`, { cause: error });
  });
}

async function buildTree(context: LabContext, part: string, architecture: string): Promise<void> {
  const format = "$(REPO_URI) $(RELEASE)";
  const targets = await run("apt-get", ["indextargets", "--no-release-info", "--format", format]).catch(
    () => ({
      stdout: "",
    }),
  );
  const osRelease = await readFile("/etc/os-release", "utf8");
  const mirrors = chooseMirrors(targets.stdout, osRelease, process.env);
  const sources = join(part, "sources.list");
  await writeFile(sources, sourcesList(mirrors));
  try {
    await build(context, ["tree", sources, join(part, "tree.tar")], { ARCHITECTURE: architecture });
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\nThe packages come from ${mirrors.main}; CLUSTER_DEBIAN_MIRROR in the environment ` +
        "names another mirror.",
      { cause: error },
    );
  }
  await rm(sources);
}

/**
 * The guest image for this checkout's recipe, from the cache or built now (a minute on two cores; seconds where only
 * the overlay has changed). Wants root and the packages of {@link imageRequirements}.
 * @throws Error where the machine's architecture has no image, or the build fails.
 */
export async function ensureImage(context: LabContext): Promise<LabImage> {
  const architecture = debianArchitecture();
  const keys = recipeKeys(folder, architecture);
  const image = await cached(context, keys.image, async (part) => {
    requireRoot();
    const tree = await cached(context, keys.tree, (treePart) => buildTree(context, treePart, architecture));
    await build(context, ["disk", join(tree, "tree.tar"), join(part, "image.qcow2")], {
      ARCHITECTURE: architecture,
      IMAGE_VERSION: keys.recipe,
    });
  });
  return { path: join(image, "image.qcow2"), recipe: keys.recipe };
}
