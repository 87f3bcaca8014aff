import { deepEqual } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LabProcess, orphansAmong } from "../../../commands/lab/orphans.ts";

const FOLDER = "/lab/pulumi";
const PLUGINS = `${FOLDER}/home/plugins`;
const process = (pid: number, parent: number, ...command: string[]): LabProcess => ({ pid, parent, command });
const pids = (...all: LabProcess[]): number[] => orphansAmong(all, FOLDER).map(({ pid }) => pid);

const pulumi = process(10, 5, "pulumi", "up");
const libvirt = process(11, 10, `${PLUGINS}/resource-libvirt/pulumi-resource-libvirt`, "127.0.0.1:1");
const command = process(12, 10, "node", `${PLUGINS}/resource-command/main.ts`);
const readiness = process(13, 12, "node", "../commands/readiness.ts", "wait");

describe("what a killed Pulumi leaves running", () => {
  it("nothing, while it runs", () => {
    deepEqual(pids(pulumi, libvirt, command, readiness), []);
  });

  it("its plugins, and then what they started", () => {
    const left = [process(11, 1, ...libvirt.command), process(12, 1, ...command.command)];
    deepEqual(pids(...left, readiness), [11, 12]);
    deepEqual(pids(process(13, 1, ...readiness.command)), [13]);
  });

  it("the provider that a plugin ran, once the plugin is gone", () => {
    const provider = `${FOLDER}/terraform-providers/libvirt/0.8.3/terraform-provider-libvirt`;
    deepEqual(pids(process(14, 11, provider), process(11, 1, ...libvirt.command)), [11]);
    deepEqual(pids(process(14, 1, provider)), [14]);
  });

  const components = join(import.meta.dirname, "../../../components");
  const programs = readdirSync(components)
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...readFileSync(join(components, name), "utf8").matchAll(/\bprogram\("([a-z]+)"\)/g)])
    .map(([, name = ""]) => name);
  for (const name of new Set(programs))
    it(`the program ${name}, which a Command resource runs`, () => {
      deepEqual(pids(process(15, 1, "node", "--no-warnings", `/checkout/commands/${name}.ts`)), [15]);
    });

  it("is none of what people run in the lab", () => {
    deepEqual(
      pids(
        process(20, 1, "bash"),
        process(21, 1, "node", "load.ts"),
        process(22, 1, "vim", "-R", "notes", "commands/host.ts"),
        process(23, 5, "pulumi", "preview"),
        process(24, 1, "/lab/pulumi-of-mine/plugin"),
      ),
      [],
    );
  });
});
