import { deepEqual, equal } from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMachines } from "../../../commands/readiness/machines.ts";

const MAC = "52:54:00:00:00:01";

/** A double of virsh that answers `domifaddr` by source, and fails for sources that it has no answer for. */
describe("readiness: asking libvirt", () => {
  const path = process.env["PATH"];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "virsh-"));
    process.env["PATH"] = `${folder}:${path ?? ""}`;
  });
  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  function answers(bySource: Readonly<Record<string, string>>): void {
    const cases = Object.entries(bySource).map(
      ([source, mac]) => `*"--source ${source}") echo " eth0  ${mac}  ipv4  10.0.0.${source.length}/24" ;;`,
    );
    const text = `#!/bin/sh\necho "$*" >>${folder}/asked\ncase $* in\n*"list --name") echo a01 ;;\n${cases.join("\n")}\n*) exit 1 ;;\nesac\n`;
    writeFileSync(join(folder, "virsh"), text);
    chmodSync(join(folder, "virsh"), 0o755);
  }
  const asked = (): string[] =>
    readFileSync(join(folder, "asked"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ").at(-1) ?? "");
  const locate = () => readMachines("test:///default").locate("a01", MAC);

  it("believes the guest agent first", async () => {
    answers({ agent: MAC, lease: MAC, arp: MAC });
    deepEqual(await locate(), { address: "10.0.0.5", agent: true });
    deepEqual(asked(), ["agent"]);
  });

  it("takes leases of libvirt's own networks next, then the host's neighbours", async () => {
    answers({ lease: MAC, arp: MAC });
    deepEqual(await locate(), { address: "10.0.0.5", agent: false });
    answers({ arp: MAC });
    deepEqual(await locate(), { address: "10.0.0.3", agent: false });
    deepEqual(asked(), ["agent", "lease", "agent", "lease", "arp"]);
  });

  it("knows nothing where all fail or tell of other machines only", async () => {
    answers({ agent: "52:54:00:00:00:99", arp: "52:54:00:00:00:98" });
    equal(await locate(), undefined);
  });

  it("tells an unreachable host from one on which nothing runs", async () => {
    answers({});
    const running = await readMachines("test:///default").running();
    deepEqual([running("a01"), running("a02")], [true, false]);
    rmSync(join(folder, "virsh"));
    process.env["PATH"] = folder;
    equal((await readMachines("test:///default").running())("a01"), undefined);
  });
});
