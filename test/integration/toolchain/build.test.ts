import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../lab/shared/process.ts";
import { ToolchainError } from "../../../lab/toolchain/errors.ts";
import { buildTool, findGo, type Go } from "../../../lab/toolchain/go.ts";
import { ensureToolchain } from "../../../lab/toolchain/index.ts";
import { answersVersion, machineArch, tools, type Tool } from "../../../lab/toolchain/table.ts";
import { scratch, type Scratch } from "./support.ts";

const ct = tools.find(({ name }) => name === "ct") as Tool & { readonly go: NonNullable<Tool["go"]> };

describe("Building a tool", function () {
  this.timeout(5 * 60_000); // with cold Go caches; a second otherwise
  let place: Scratch;
  let go: Go;

  before(async function () {
    const found = await findGo();
    if (!("path" in found)) this.skip();
    go = found;
  });
  beforeEach(() => (place = scratch()));
  afterEach(() => {
    place.remove();
  });

  it("makes a program of the pinned version, once", async () => {
    const path = await buildTool(place.context, ct, machineArch(), go);
    ok(answersVersion((await run(path, ["--version"])).stdout, ct.version));
    deepEqual(place.reports.slice(0, 1), ["building ct"]);
    place.reports.length = 0;
    equal(await buildTool(place.context, ct, machineArch(), go), path);
    deepEqual(place.reports, []);
  });

  it("says what is needed when a module can't be fetched, and leaves no half entry", async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      GOPROXY: "off",
      GOMODCACHE: join(place.folder, "modules"),
      GOFLAGS: "-mod=mod",
    });
    try {
      await rejects(buildTool(place.context, ct, machineArch(), go), (error: Error) => {
        ok(error instanceof ToolchainError);
        ok(error.message.startsWith(`ct ${ct.version} could not be built with Go ${go.version}`));
        ok(error.message.includes("the Go module proxy must be reachable"));
        ok(error.message.includes(place.context.paths.log));
        return true;
      });
    } finally {
      process.env = before;
    }
    deepEqual(readdirSync(join(place.context.paths.cache, "entries")), []);
  });
});

describe("Without network and without Go", () => {
  let place: Scratch;
  beforeEach(() => (place = scratch()));
  afterEach(() => {
    place.remove();
  });

  it("the toolchain fails with one error that names all that is missing", async () => {
    mkdirSync(place.context.paths.cache);
    writeFileSync(join(place.context.paths.cache, "offline"), ""); // no download is tried
    const before = process.env["PATH"];
    process.env["PATH"] = "/usr/bin:/bin";
    try {
      await rejects(ensureToolchain(place.context, [join(place.folder, "go")]), (error: Error) => {
        ok(error instanceof ToolchainError);
        const built = tools.filter(({ go }) => go !== undefined);
        for (const { name, version } of built) ok(error.message.includes(`${name} ${version}`), name);
        ok(error.message.includes("Go 1.21 or newer is needed") && error.message.includes("no network"));
        return true;
      });
    } finally {
      process.env["PATH"] = before;
    }
  });
});
