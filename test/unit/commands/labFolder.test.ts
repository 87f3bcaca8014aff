import { equal, match, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireFolder, requireRoom } from "../../../commands/lab/folder.ts";
import { bringUp, knownStacks, missingStack, requireStackName } from "../../../commands/lab/known.ts";
import { describe as inWords, UserError } from "../../../commands/ui/errors.ts";
import { labPaths } from "../../../lab/shared/context.ts";
import { stateFolder } from "../../../lab/toolchain/index.ts";

describe("the folder of a lab", () => {
  const folder = mkdtempSync(join(tmpdir(), "folder-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is made where it can be", () => {
    requireFolder({ lab: join(folder, "a", "b") });
    requireRoom({ lab: join(folder, "a", "b") }, 1);
    requireRoom({ lab: join(folder, "never", "before") }, 1);
  });

  it("is told by its name where it can't, with the variable that puts it elsewhere", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    throws(() => {
      requireFolder({ lab: join(file, "lab") });
    }, /^UserError: the lab's folder \S+\/file\/lab can't be written to: ENOTDIR\. CLUSTER_LAB_DIR=/);
  });

  it("is told where it has too little room", () => {
    throws(() => {
      requireRoom({ lab: folder }, 2 ** 60);
    }, /^UserError: .*are free on the disk of the lab's folder .*a lab takes .* before its first machine\. Make room/);
  });

  it("is where a disk that is full is looked for", () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    match(
      inWords(full, "/checkout/.lab/log/cluster.log"),
      /error: a disk is full: ENOSPC: no space left on device, write\. `df -h \/checkout\/\.lab` shows/,
    );
    equal(inWords(new UserError("so"), "/x/y/z").replace(/^.*error:\S* /, ""), "so");
  });
});

describe("a stack of the lab", () => {
  const folder = mkdtempSync(join(tmpdir(), "stacks-"));
  const paths = labPaths(folder, {});
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is known by the backend's own file", () => {
    equal(knownStacks(paths).join(), "");
    const stacks = join(stateFolder(paths), ".pulumi", "stacks", "coreos-cluster");
    mkdirSync(stacks, { recursive: true });
    for (const name of ["dev.json", "dev.json.bak", "alice.json", "dev.json.attrs"])
      writeFileSync(join(stacks, name), "{}");
    equal(knownStacks(paths).join(), "alice,dev");
  });

  const rows: readonly [string, readonly string[], string | undefined][] = [
    ["dev", ["alice", "dev"], undefined],
    ["dev", [], "there is no cluster in the lab yet. Next: npm start"],
    ["alice", [], "there is no cluster in the lab yet. Next: npm start"],
    ["dve", ["dev"], "there is no stack dve in the lab (did you mean dev?); there are: dev"],
    ["dev", ["alice"], "there is no stack dev in the lab; there are: alice; npm start makes it"],
  ];
  for (const [stack, known, said] of rows)
    it(`${stack} among [${known.join()}]: ${said ?? "is there"}`, () => {
      equal(missingStack(stack, known), said);
    });

  it("is brought up by what can be typed", () => {
    equal(bringUp("dev"), "npm start");
    equal(bringUp("alice"), "npm run cluster -- exec --stack alice pulumi up");
    equal(bringUp(undefined), "pulumi up");
  });
});

describe("a stack's name", () => {
  for (const name of ["dev", "alice-2", "a.b_c"])
    it(`may be ${name}`, () => {
      requireStackName(name);
    });
  for (const name of ["", "..", "x/../../Pulumi", "a b", "$(id)", "a\n", "a".repeat(101)])
    it(`is not ${JSON.stringify(name.slice(0, 20))}: it becomes a part of files' names`, () => {
      throws(() => {
        requireStackName(name);
      }, /can't be a stack's name/);
    });
});
