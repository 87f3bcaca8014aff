import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const guestScript = join(import.meta.dirname, "../../../lab/image/build/guest.sh");

/** Copies a program of this machine, with the libraries that it needs, to the same path in a tree. */
function install(tree: string, program: string): void {
  const libraries = execFileSync("ldd", [program], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
  for (const path of [program, ...libraries]) {
    mkdirSync(dirname(tree + path), { recursive: true });
    cpSync(realpathSync(path), tree + path);
  }
}

describe("what is taken out of the package tree", () => {
  let folder: string;
  let tree: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "remove-"));
    tree = join(folder, "tree");
    install(tree, "/bin/sh");
    install(tree, "/bin/rm");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("never is anything of the building machine, wherever lists and links point", function () {
    if (process.getuid?.() !== 0) this.skip(); // chroot wants root, as building does
    const host = join(folder, "host");
    const inTree = tree + host;
    for (const path of [host, inTree]) {
      mkdirSync(path, { recursive: true });
      for (const name of ["first", "second", "third.a", "third.b", "kept"])
        writeFileSync(join(path, name), name);
    }
    symlinkSync(host, join(tree, "link"));
    const list = join(folder, "list");
    writeFileSync(
      list,
      `# a comment\n${host}/first ${host}/second # another\n\n${host}/third.*\n/link/none ../../kept\n`,
    );
    const call = `set -euo pipefail; . "$1"; remove_listed "$2" "$3"`;
    execFileSync("bash", ["-c", call, "test", guestScript, tree, list]);
    for (const name of ["first", "second", "third.a", "third.b"]) {
      assert.ok(existsSync(join(host, name)), `${name} is still on the machine`);
      assert.ok(!existsSync(join(inTree, name)), `${name} is gone from the tree`);
    }
    assert.ok(existsSync(join(host, "kept")) && existsSync(join(inTree, "kept")));
  });
});
