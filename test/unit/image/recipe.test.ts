import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashFiles, recipeKeys } from "../../../lab/image/recipe.ts";

const recipe = join(import.meta.dirname, "../../../lab/image");

describe("the image's recipe", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "recipe-"));
    cpSync(recipe, folder, { recursive: true, verbatimSymlinks: true });
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const append = (path: string): void => {
    writeFileSync(join(folder, path), readFileSync(join(folder, path), "utf8") + "# more\n");
  };

  it("has keys that say suite and architecture, and don't depend on where the checkout is or how old it is", () => {
    const keys = recipeKeys(recipe, "amd64");
    assert.match(keys.image, /^image-bookworm-amd64-[0-9a-f]{16}$/);
    assert.match(keys.tree, /^image-tree-bookworm-amd64-[0-9a-f]{16}$/);
    utimesSync(join(folder, "packages.txt"), 1, 1);
    chmodSync(join(folder, "packages.txt"), 0o600);
    chmodSync(join(folder, "build.sh"), 0o700);
    assert.deepEqual(recipeKeys(folder, "amd64"), keys);
    assert.notEqual(recipeKeys(recipe, "arm64").recipe, keys.recipe);
  });

  for (const path of [
    "rootfs/usr/lib/coreos/etcd-wrapper",
    "initramfs/init",
    "build/disk.sh",
    "remove.txt",
  ]) {
    it(`makes a new image of the same packages when ${path} changes`, () => {
      const before = recipeKeys(folder, "amd64");
      append(path);
      const after = recipeKeys(folder, "amd64");
      assert.notEqual(after.image, before.image);
      assert.equal(after.tree, before.tree);
    });
  }

  for (const path of ["packages.txt", "build/fetch-unconfigured"]) {
    it(`makes new packages and a new image when ${path} changes`, () => {
      const before = recipeKeys(folder, "amd64");
      append(path);
      const after = recipeKeys(folder, "amd64");
      assert.notEqual(after.image, before.image);
      assert.notEqual(after.tree, before.tree);
    });
  }

  it("sees a new file, a file that became a program, and a link that points elsewhere", () => {
    const hash = (): string => hashFiles(folder, ["rootfs"]);
    const seen = new Set([hash()]);
    writeFileSync(join(folder, "rootfs/new"), "");
    seen.add(hash());
    chmodSync(join(folder, "rootfs/new"), 0o755);
    seen.add(hash());
    unlinkSync(join(folder, "rootfs/new"));
    symlinkSync("a", join(folder, "rootfs/new"));
    seen.add(hash());
    unlinkSync(join(folder, "rootfs/new"));
    symlinkSync("b", join(folder, "rootfs/new"));
    seen.add(hash());
    assert.equal(seen.size, 5);
  });

  it("can't be fooled by contents that look like the next file's name", () => {
    const hash = (first: string, second: string): string => {
      writeFileSync(join(folder, "rootfs/a"), first);
      writeFileSync(join(folder, "rootfs/b"), second);
      return hashFiles(folder, ["rootfs/a", "rootfs/b"]);
    };
    assert.notEqual(hash("x", "yz"), hash("xy", "z"));
    assert.notEqual(hash("xfile rootfs/b\0" + "1\0y", ""), hash("x", "y"));
  });
});
