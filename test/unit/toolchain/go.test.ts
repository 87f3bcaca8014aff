import { deepEqual, equal, ok } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labPaths } from "../../../lab/shared/context.ts";
import {
  atLeast,
  buildArguments,
  buildEnvironment,
  cacheEnvironment,
  findGo,
} from "../../../lab/toolchain/go.ts";
import type { Tool } from "../../../lab/toolchain/table.ts";

describe("A Go release", () => {
  for (const [version, oldest, expected] of [
    ["1.21", "1.21", true],
    ["1.21.0", "1.21", true],
    ["1.26.8", "1.21", true],
    ["1.22rc1", "1.21", true],
    ["2.0", "1.21", true],
    ["1.20.14", "1.21", false],
    ["1.9", "1.21", false],
    ["devel", "1.21", false],
    ["", "1.21", false],
  ] as const) {
    it(`${version || "(none)"} is ${expected ? "" : "not "}at least ${oldest}`, () => {
      equal(atLeast(version, oldest), expected);
    });
  }
});

describe("Looking for Go", () => {
  let folder: string;
  const fake = (name: string, script: string): string => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  before(() => (folder = mkdtempSync(join(tmpdir(), "go-"))));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("takes the first that is new enough", async () => {
    const [old, recent] = [fake("old", "echo go1.19.8"), fake("recent", "echo go1.24.1")];
    deepEqual(await findGo([join(folder, "none"), old, recent]), { path: recent, version: "1.24.1" });
  });
  it("says which old one it found", async () => {
    const old = fake("old", "echo go1.19.8");
    deepEqual(await findGo([join(folder, "none"), old]), { found: old, version: "1.19.8" });
  });
  it("takes nothing that fails", async () => {
    deepEqual(await findGo([fake("broken", "exit 3"), join(folder, "none")]), { found: undefined });
  });
});

describe("A build", () => {
  const tool: Tool & { go: NonNullable<Tool["go"]> } = {
    name: "x",
    kind: "program",
    version: "1.0.0",
    go: { package: "example.com/x/cmd", set: { "main.version": "1.0.0", "main.other": "y" }, minutes: 1 },
  };

  it("leaves no path of the machine in the program, and sets its version", () => {
    const args = buildArguments(tool);
    ok(args.includes("-trimpath") && args.includes("-buildvcs=false"));
    ok(args.includes("-ldflags=-s -w -X main.version=1.0.0 -X main.other=y"));
    equal(args.at(-1), "example.com/x/cmd");
  });

  it("is locked, static, and free of the user's settings", () => {
    const env = buildEnvironment("arm64");
    equal(env["GOFLAGS"], "-mod=readonly");
    equal(env["CGO_ENABLED"], "0");
    equal(env["GOARCH"], "arm64");
    equal(env["GOTOOLCHAIN"], "auto");
    for (const name of ["GOEXPERIMENT", "GOAMD64"]) ok(name in env && env[name] === undefined, name);
  });

  it("uses the user's Go caches, but leaves nothing of root's in somebody else's home", () => {
    const paths = labPaths("/checkout", { CLUSTER_CACHE_DIR: "/cache" });
    deepEqual(cacheEnvironment(paths, 1000, 1000), {});
    deepEqual(cacheEnvironment(paths, 0, 0), {});
    deepEqual(cacheEnvironment(paths, 0, 1000), { GOCACHE: "/cache/go/build", GOMODCACHE: "/cache/go/mod" });
  });
});
