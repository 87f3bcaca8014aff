import { equal } from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { labPaths } from "../../../lab/shared/context.ts";
import { findInstalled } from "../../../lab/toolchain/installed.ts";
import { launcher } from "../../../lab/toolchain/standIn.ts";
import type { Tool } from "../../../lab/toolchain/table.ts";

const tool: Tool = { name: "ct", kind: "program", version: "0.9.4", ask: { args: ["--version"] } };
const plugin: Tool & { standIn: string } = {
  name: "pulumi-resource-command",
  kind: "resource-plugin",
  plugin: "command",
  version: "1.2.1",
  ask: "plugin",
  standIn: "command",
};

describe("Finding an installed tool", () => {
  let root: string;
  const fake = (path: string, text: string): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    return file;
  };
  const says = (path: string, answer: string): string => fake(path, `#!/bin/sh\necho '${answer}'\n`);
  const find = (wanted: Tool, env: NodeJS.ProcessEnv): Promise<string | undefined> =>
    findInstalled(wanted, labPaths(join(root, "checkout"), {}), { PULUMI_HOME: join(root, "home"), ...env });
  const path = (...folders: string[]): NodeJS.ProcessEnv => ({
    PATH: [...folders.map((folder) => join(root, folder)), "/usr/bin", "/bin"].join(":"),
  });

  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "installed-"))));
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("takes the right version on PATH, and passes wrong and broken ones by", async () => {
    says("a/ct", "ct v0.9.3");
    fake("b/ct", "#!/bin/sh\nexit 1\n");
    const right = says("c/ct", "ct v0.9.4");
    equal(await find(tool, path("none", "a", "b", "c")), right);
    equal(await find(tool, path("a", "b")), undefined);
  });

  it("leaves nothing in the home of a Pulumi that it asks", async () => {
    const home = join(root, "users");
    const ask = '#!/bin/sh\n(mkdir -p "${PULUMI_HOME-$HOME}/logs") 2>/dev/null\necho v0.9.4\n';
    const right = fake("a/ct", ask);
    const before = process.env["HOME"];
    process.env["HOME"] = home;
    try {
      equal(await find(tool, path("a")), right);
    } finally {
      if (before === undefined) delete process.env["HOME"];
      else process.env["HOME"] = before;
    }
    equal(existsSync(home), false);
  });

  it("takes nothing from relative entries of PATH, nor what can't be run", async () => {
    chmodSync(says("a/ct", "ct v0.9.4"), 0o644);
    equal(await find(tool, { PATH: `${join(root, "a")}:bin::.` }), undefined);
  });

  it("takes nothing that the lab has put on PATH itself", async () => {
    says("checkout/.lab/toolchain/bin/ct", "ct v0.9.4");
    equal(await find(tool, path("checkout/.lab/toolchain/bin")), undefined);
  });

  it("never trusts a tool that can't say its version", async () => {
    says("a/ct", "ct v0.9.4");
    equal(await find({ name: "ct", kind: "program", version: "0.9.4" }, path("a")), undefined);
  });

  it("takes a plugin that the user's Pulumi has installed in this version", async () => {
    fake("home/plugins/resource-command-v1.2.0/pulumi-resource-command", "\x7fELF");
    equal(await find(plugin, path()), undefined);
    const right = fake("home/plugins/resource-command-v1.2.1/pulumi-resource-command", "\x7fELF");
    equal(await find(plugin, path()), right);
    equal(await find(plugin, { ...path(), PULUMI_HOME: join(root, "checkout/.lab/pulumi/home") }), undefined);
  });

  it("never takes a stand-in for the official plugin", async () => {
    fake("home/plugins/resource-command-v1.2.1/pulumi-resource-command", launcher(plugin));
    fake("a/pulumi-resource-command", launcher(plugin));
    equal(await find(plugin, path("a")), undefined);
  });

  it("looks for a plugin beside the Pulumi that is on PATH, also behind links", async () => {
    says("opt/pulumi/pulumi", "v3.259.0");
    mkdirSync(join(root, "bin"));
    symlinkSync(join(root, "opt/pulumi/pulumi"), join(root, "bin/pulumi"));
    const beside = says("opt/pulumi/pulumi-language-nodejs", "3.259.0");
    const language: Tool = {
      name: "pulumi-language-nodejs",
      kind: "language-plugin",
      version: "3.259.0",
      ask: { args: [] },
    };
    equal(await find(language, path("bin")), beside);
  });
});
