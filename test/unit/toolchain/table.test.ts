import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { buildKey } from "../../../lab/toolchain/go.ts";
import {
  answersVersion,
  machineArch,
  nodeVersion,
  tools,
  urlFor,
  type Tool,
} from "../../../lab/toolchain/table.ts";

const checkout = join(import.meta.dirname, "../../..");
const toolchain = join(checkout, "lab/toolchain");
const json = (path: string): Record<string, Record<string, never>> =>
  JSON.parse(readFileSync(join(checkout, path), "utf8")) as Record<string, Record<string, never>>;
const tool = (name: string): Tool => {
  const found = tools.find((candidate) => candidate.name === name);
  ok(found, `${name} is in the table`);
  return found;
};

describe("The table of tools", () => {
  it("names each tool once", () => {
    equal(new Set(tools.map(({ name }) => name)).size, tools.length);
  });

  for (const { name, version, kind, plugin, download, go, standIn } of tools) {
    describe(name, () => {
      it("can be had: by a build, or by a download with a stand-in behind it", () => {
        ok(go !== undefined || (download !== undefined && standIn !== undefined));
      });

      it("is named as Pulumi expects it, if it is a plugin", () => {
        if (kind === "resource-plugin") equal(name, `pulumi-resource-${plugin ?? ""}`);
        else if (kind === "language-plugin") equal(name, `pulumi-language-${plugin ?? ""}`);
        else equal(plugin, undefined);
      });

      if (download !== undefined) {
        it("is downloaded over https, in this version, for each architecture, and verified", () => {
          const urls = (["amd64", "arm64"] as const).map((arch) => urlFor(download.url, arch));
          equal(new Set(urls).size, 2);
          for (const url of urls) {
            ok(url.startsWith(`https://github.com/`) && url.includes(`/releases/download/v${version}/`), url);
            ok(!/[{}]/.test(url), url);
          }
          const sums = Object.values(download.sha256 ?? {});
          if (download.checksums === undefined) equal(sums.length, 2);
          else
            equal(
              download.checksums.split("/").slice(0, 8).join("/"),
              download.url.split("/").slice(0, 8).join("/"),
            );
          for (const sum of sums) match(sum, /^[0-9a-f]{64}$/);
          equal(new Set(sums).size, sums.length);
        });
      }

      if (go !== undefined) {
        it("is built from a module that is locked to this version", () => {
          const folder = join(toolchain, "go", name);
          const modules = readFileSync(join(folder, "go.mod"), "utf8");
          const required = [...modules.matchAll(/^\s*(?:require )?([\w./-]+) (v\S+)$/gm)];
          const own = required.filter(
            ([, path]) => go.package === path || go.package.startsWith(`${path ?? ""}/`),
          );
          equal(own.length, 1, "go.mod requires the package's module");
          if (name !== "pulumi-resource-terraform-provider") equal(own[0]?.[2], `v${version}`);
          ok(readFileSync(join(folder, "tools.go"), "utf8").includes(`_ "${go.package}"`));
          const sums = readFileSync(join(folder, "go.sum"), "utf8");
          for (const [, path = "", pinned = ""] of required)
            ok(sums.includes(`${path} ${pinned} h1:`), `${path} ${pinned}`);
        });

        it("is kept under a key that tells its architecture", () => {
          match(buildKey({ ...tool(name), go }, "amd64"), /^[\w.-]+-amd64-[0-9a-f]{16}$/);
          ok(buildKey({ ...tool(name), go }, "amd64") !== buildKey({ ...tool(name), go }, "arm64"));
        });
      }

      if (standIn !== undefined) {
        it("has a stand-in that says so in its first lines", () => {
          const program = join(toolchain, "standins", standIn, "main.ts");
          const head = readFileSync(program, "utf8").slice(0, 200);
          match(head, /OFFLINE STAND-IN/);
          ok(head.includes(version), "and for which release");
        });
      }
    });
  }

  it("builds all modules with one Go release, so that an older Go fetches one toolchain", () => {
    const releases = tools
      .filter(({ go }) => go !== undefined)
      .map(
        ({ name }) => /^go (\S+)$/m.exec(readFileSync(join(toolchain, "go", name, "go.mod"), "utf8"))?.[1],
      );
    equal(new Set(releases).size, 1, releases.join(" "));
  });

  it("gives a changed recipe another key", () => {
    const pulumi = tool("pulumi");
    ok(pulumi.go);
    const changed = { ...pulumi, go: { ...pulumi.go, set: { "main.other": "1" } } };
    ok(buildKey({ ...pulumi, go: pulumi.go }, "amd64") !== buildKey(changed, "amd64"));
  });

  it("agrees with the npm packages of the program", () => {
    const { dependencies } = json("package.json");
    equal(tool("pulumi").version, dependencies?.["@pulumi/pulumi"]);
    equal(tool("pulumi-language-nodejs").version, dependencies?.["@pulumi/pulumi"]);
    equal(tool("pulumi-resource-command").version, dependencies?.["@pulumi/command"]);
    equal(tool("pulumi-resource-random").version, dependencies?.["@pulumi/random"]);
  });

  it("agrees with the generated SDK of the libvirt provider", () => {
    const { pulumi } = json("sdks/libvirt/package.json") as unknown as {
      pulumi: { name: string; version: string; parameterization: { name: string; version: string } };
    };
    deepEqual(
      [pulumi.name, pulumi.version],
      ["terraform-provider", tool("pulumi-resource-terraform-provider").version],
    );
    deepEqual(pulumi.parameterization.version, tool("terraform-provider-libvirt").version);
  });
});

describe("The pinned Node.js", () => {
  const lock = json("lab/toolchain/node/package-lock.json") as unknown as {
    packages: Record<string, { version?: string; integrity?: string; resolved?: string; cpu?: string }>;
  };
  const binaries = Object.entries(lock.packages).filter(([path]) => path !== "");

  it("is one release for both architectures", () => {
    deepEqual(binaries.map(([, { version, cpu }]) => [version, cpu]).sort(), [
      [nodeVersion, "arm64"],
      [nodeVersion, "x64"],
    ]);
  });

  it("is locked by its integrity and names no registry", () => {
    for (const [, { integrity, resolved }] of binaries) {
      match(integrity ?? "", /^sha512-/);
      equal(resolved, undefined);
    }
    ok(existsSync(join(toolchain, "node/.npmrc")));
  });
});

describe("A program's answer to the question for its version", () => {
  for (const [answer, version, expected] of [
    ["v3.259.0", "3.259.0", true],
    ["3.259.0\n", "3.259.0", true],
    ["ct v0.9.4", "0.9.4", true],
    ["Butane v0.26.0\n", "0.26.0", true],
    ["Butane v0.26.0-dirty", "0.26.0", false],
    ["3.259.0-alpha.1+dev", "3.259.0", false],
    ["13.259.0", "3.259.0", false],
    ["3.259.01", "3.259.0", false],
    ["3.259.0.1", "3.259.0", false],
    ["v3.258.0\nnewer: v3.259.0", "3.259.0", false],
    ["todo: add version", "0.0.0", false],
    ["", "1.0.0", false],
  ] as const) {
    it(`${JSON.stringify(answer)} is ${expected ? "" : "not "}${version}`, () => {
      equal(answersVersion(answer, version), expected);
    });
  }

  it("matches its own version only", () => {
    const version = fc.tuple(fc.nat(99), fc.nat(999), fc.nat(99)).map((parts) => parts.join("."));
    fc.assert(
      fc.property(version, version, (says, wanted) => {
        equal(answersVersion(`tool v${says} linux/amd64`, wanted), says === wanted);
      }),
    );
  });
});

describe("The machine's architecture", () => {
  it("is named as Go names it", () => {
    equal(machineArch("x64"), "amd64");
    equal(machineArch("arm64"), "arm64");
  });
  it("is refused where nothing is pinned for it", () => {
    throws(() => machineArch("riscv64"), /x86_64 and arm64 machines only, and this one is riscv64/);
  });
});
