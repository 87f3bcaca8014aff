import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import { installedPackages, pulumiPackages } from "../../../../lab/toolchain/standins/language/packages.ts";
import { programArguments, programEnvironment } from "../../../../lab/toolchain/standins/language/program.ts";
import { engineAddress } from "../../../../lab/toolchain/standins/plugin/serve.ts";

describe("The language host stand-in", () => {
  it("finds the engine's address behind flags", () => {
    equal(engineAddress(["127.0.0.1:4711"]), "127.0.0.1:4711");
    equal(
      engineAddress(["--tracing", "http://127.0.0.1:9411/api", "-v=9", "127.0.0.1:4711"]),
      "127.0.0.1:4711",
    );
    equal(engineAddress([]), undefined);
  });

  it("tells the SDK config, secret keys and whether to use ts-node, which is the default", () => {
    const env = programEnvironment({}, { "p:a": "1" }, ["p:b"]);
    deepEqual(JSON.parse(env["PULUMI_CONFIG"] ?? ""), { "p:a": "1" });
    deepEqual(JSON.parse(env["PULUMI_CONFIG_SECRET_KEYS"] ?? ""), ["p:b"]);
    equal(env["PULUMI_NODEJS_TYPESCRIPT"], "true");
    equal(programEnvironment({ typescript: false }, {}, [])["PULUMI_NODEJS_TYPESCRIPT"], "false");
    equal(programEnvironment({ tsconfig: "t.json" }, {}, [])["PULUMI_NODEJS_TSCONFIG_PATH"], "t.json");
  });

  it("hands the whole request to the SDK's runner", () => {
    const info = new messages.ProgramInfo();
    info.setRootDirectory("/project").setEntryPoint("main.ts").setProgramDirectory("/project/src");
    info.setOptions(structMessages.Struct.fromJavaScript({}));
    const request = new messages.RunRequest();
    request
      .setMonitorAddress("m:1")
      .setProject("p")
      .setStack("s")
      .setOrganization("o")
      .setPwd("/project/src");
    request.setParallel(4).setDryrun(true).setArgsList(["one", "two"]).setInfo(info);
    const args = programArguments(request, "e:2", "/run.js", { nodeargs: "--a  --b=c" });
    deepEqual(args.slice(0, 3), ["--a", "--b=c", "/run.js"]);
    deepEqual(args.slice(-4), ["--dry-run", "main.ts", "one", "two"]);
    const flags = {
      monitor: "m:1",
      engine: "e:2",
      organization: "o",
      project: "p",
      "root-directory": "/project",
      stack: "s",
      parallel: "4",
    };
    for (const [name, value] of Object.entries(flags))
      equal(args[args.indexOf(`--${name}`) + 1], value, name);
    request.setDryrun(false);
    ok(!programArguments(request, "e:2", "/run.js", {}).includes("--dry-run"));
  });
});

describe("The plugins that a program wants", () => {
  let folder: string;
  const write = (path: string, content: object): void => {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, "package.json"), JSON.stringify(content));
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "packages-"));
    const dependencies = {
      "@pulumi/command": "1",
      "@pulumi/libvirt": "1",
      "@other/cloud": "1",
      plain: "1",
      absent: "1",
    };
    write(".", { name: "program", dependencies, devDependencies: { "@pulumi/random": "1" } });
    write("node_modules/@pulumi/command", {
      name: "@pulumi/command",
      version: "1.2.1",
      pulumi: { resource: true, name: "command" },
    });
    const parameterization = { name: "libvirt", version: "0.8.3", value: "eyJ4IjoxfQ==" };
    const pulumi = { resource: true, name: "terraform-provider", version: "1.1.3", parameterization };
    write("node_modules/@pulumi/libvirt", { name: "@pulumi/libvirt", version: "0.8.3", pulumi });
    write("node_modules/@other/cloud", {
      name: "@other/cloud",
      version: "v2.0.0",
      pulumi: { resource: true, server: "https://x" },
    });
    write("node_modules/plain", { name: "plain", version: "3.0.0" });
    write("node_modules/@pulumi/random", {
      name: "@pulumi/random",
      version: "4.21.2",
      pulumi: { resource: true },
    });
    mkdirSync(join(folder, "src/deep"), { recursive: true });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("are named by its direct dependencies, from anywhere in the project", () => {
    const found = pulumiPackages(join(folder, "src/deep"));
    deepEqual(
      found.map(({ name, version, server }) => [name, version, server]),
      [
        ["other/cloud", "v2.0.0", "https://x"],
        ["command", "v1.2.1", ""],
        ["terraform-provider", "v1.1.3", ""],
        ["random", "v4.21.2", ""],
      ],
    );
    equal(found[2]?.parameterization?.value, "eyJ4IjoxfQ==");
  });

  it("are among the installed packages", () => {
    ok(installedPackages(folder).some(({ name, version }) => name === "plain" && version === "3.0.0"));
    equal(installedPackages(folder).length, 5);
  });
});
