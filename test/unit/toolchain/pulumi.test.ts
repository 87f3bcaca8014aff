import { deepEqual, equal, ok } from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { labPaths } from "../../../lab/shared/context.ts";
import type { Toolchain } from "../../../lab/toolchain/index.ts";
import { preparePulumi, proxyExceptions } from "../../../lab/toolchain/pulumi.ts";
import { tools } from "../../../lab/toolchain/table.ts";

describe("Preparing Pulumi", () => {
  let folder: string;
  const place = (path: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
    return join(folder, path);
  };
  const prepare = async (paths: Record<string, string>): Promise<string> => {
    const resolved = Object.entries(paths).map(([name, path]) => {
      const version = tools.find((tool) => tool.name === name)?.version ?? "";
      return { name, version, origin: "download" as const, path };
    });
    const toolchain: Toolchain = { bin: join(folder, "bin"), notes: [], tools: resolved };
    const context = { paths: labPaths(folder, { CLUSTER_LAB_DIR: "lab" }), report: () => undefined };
    return (await preparePulumi(context, toolchain))["PULUMI_HOME"] ?? "";
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "pulumi-"))));
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("installs a language host of its own, and leaves one that lies beside Pulumi to Pulumi", async () => {
    const pulumi = place("official/pulumi");
    const version = tools.find(({ name }) => name === "pulumi-language-nodejs")?.version ?? "";
    const own = place("own/pulumi-language-nodejs");
    const home = await prepare({ pulumi, "pulumi-language-nodejs": own });
    const plugin = join(home, "plugins", `language-nodejs-v${version}`);
    equal(readlinkSync(join(plugin, "pulumi-language-nodejs")), own);
    await prepare({ pulumi, "pulumi-language-nodejs": place("official/pulumi-language-nodejs") });
    ok(!existsSync(plugin), "the one of before would win over Pulumi's own");
  });

  it("counts its own passphrase, also where the user has exported another one", async () => {
    const context = { paths: labPaths(folder, { CLUSTER_LAB_DIR: "lab" }), report: () => undefined };
    const environment = (): Promise<Record<string, string>> =>
      preparePulumi(context, { bin: folder, notes: [], tools: [] });
    const before = process.env["PULUMI_CONFIG_PASSPHRASE"];
    try {
      delete process.env["PULUMI_CONFIG_PASSPHRASE"];
      const env = await environment();
      ok(!("PULUMI_CONFIG_PASSPHRASE" in env));
      process.env["PULUMI_CONFIG_PASSPHRASE"] = "the user's";
      const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "";
      equal((await environment())["PULUMI_CONFIG_PASSPHRASE"], readFileSync(file, "utf8"));
    } finally {
      if (before === undefined) delete process.env["PULUMI_CONFIG_PASSPHRASE"];
      else process.env["PULUMI_CONFIG_PASSPHRASE"] = before;
    }
  });

  it("replaces a stand-in once the official plugin is there", async () => {
    const [standIn, official] = [place("stand-in"), place("official/pulumi-resource-command")];
    const version = tools.find(({ name }) => name === "pulumi-resource-command")?.version ?? "";
    for (const path of [standIn, official]) {
      const home = await prepare({ "pulumi-resource-command": path });
      const plugin = join(home, "plugins", `resource-command-v${version}`, "pulumi-resource-command");
      equal(readlinkSync(plugin), path);
    }
  });
});

describe("Proxies", () => {
  it("are left alone where there are none", () => {
    deepEqual(proxyExceptions({ no_proxy: "x" }), {});
    deepEqual(proxyExceptions({ http_proxy: "" }), {});
  });
  it("are never asked for loopback", () => {
    const all = "a,b,127.0.0.1,localhost";
    deepEqual(proxyExceptions({ HTTPS_PROXY: "http://p", no_proxy: "a, b", NO_PROXY: "b,localhost" }), {
      no_proxy: "a,b,localhost,127.0.0.1",
      NO_PROXY: "a,b,localhost,127.0.0.1",
    });
    deepEqual(proxyExceptions({ http_proxy: "http://p", NO_PROXY: "a,b" }), { no_proxy: all, NO_PROXY: all });
  });
});
