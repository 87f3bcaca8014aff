/** What the guest image is made of, and the names that follow from it in the cache. */
import { createHash, type Hash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** The Debian release that the guest consists of. */
export const suite = "bookworm";

/** Files and folders, relative to lab/image, that shape the tree of packages. */
const treeInputs = ["packages.txt", "settings.sh", "build/tree.sh", "build/fetch-unconfigured"];

/** The same for the whole image. */
const imageInputs = [...treeInputs, "build.sh", "build", "remove.txt", "rootfs", "initramfs", "boot"];

function addTo(hash: Hash, root: string, path: string): void {
  const file = join(root, path);
  const info = lstatSync(file);
  if (info.isDirectory()) {
    for (const name of readdirSync(file).sort()) addTo(hash, root, `${path}/${name}`);
    return;
  }
  const kind = info.isSymbolicLink() ? "link" : (info.mode & 0o100) !== 0 ? "program" : "file";
  const content = kind === "link" ? Buffer.from(readlinkSync(file)) : readFileSync(file);
  // Lengths go in too, so that no content can pass for the next file's name.
  hash.update(`${kind} ${path}\0${content.length}\0`).update(content);
}

/**
 * The hash of files and folders: their paths, contents, link targets, and which of them are programs; other modes,
 * owners and times don't count, since checkouts differ in them.
 * @returns 16 hex digits.
 */
export function hashFiles(root: string, paths: readonly string[], ...more: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of more) hash.update(`text\0${text.length}\0${text}`);
  for (const path of [...paths].sort()) addTo(hash, root, path);
  return hash.digest("hex").slice(0, 16);
}

/** Names of the cache entries that a recipe makes. */
export interface RecipeKeys {
  /** The hash of everything that shapes the image. */
  readonly recipe: string;
  readonly tree: string;
  readonly image: string;
}

/**
 * @param folder where the recipe's files are: lab/image.
 * @param architecture as Debian calls it.
 */
export function recipeKeys(folder: string, architecture: string): RecipeKeys {
  const recipe = hashFiles(folder, imageInputs, suite, architecture);
  const tree = hashFiles(folder, treeInputs, suite, architecture);
  return {
    recipe,
    tree: `image-tree-${suite}-${architecture}-${tree}`,
    image: `image-${suite}-${architecture}-${recipe}`,
  };
}
