import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labPaths } from "../../../lab/shared/context.ts";
import { policyScript, serviceUnits, withServicesOff } from "../../../lab/shared/packageServices.ts";

describe("services that packages bring along", () => {
  let folder: string;
  let policy: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "policy-"));
    policy = join(folder, "policy-rc.d");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const context = () => ({ paths: labPaths(folder, {}), report: () => undefined });
  const ask = (): number | null => spawnSync("sh", [policy, "etcd.service", "start"]).status;

  it("may not start while packages are installed", async () => {
    await withServicesOff(
      context(),
      () => {
        assert.equal(statSync(policy).mode & 0o777, 0o755);
        assert.equal(ask(), 101);
        return Promise.resolve();
      },
      policy,
    );
    assert.equal(existsSync(policy), false);
  });

  it("may start again after an installation that failed", async () => {
    const failure = withServicesOff(context(), () => Promise.reject(new Error("no disk")), policy);
    await assert.rejects(failure, /no disk/);
    assert.equal(existsSync(policy), false);
  });

  it("may start again after a run that was killed, by a policy that takes itself away", () => {
    for (const [pid, start] of [
      [2 ** 22 + 1, "5"], // no such process
      [process.pid, "5"], // somebody else has got its number since
    ] as const) {
      writeFileSync(policy, policyScript(pid, start));
      assert.equal(ask(), 0);
      assert.equal(existsSync(policy), false);
    }
  });

  it("obey the policy that the machine's owner has set", async () => {
    writeFileSync(policy, "exit 104\n");
    await withServicesOff(context(), () => Promise.resolve(), policy);
    assert.equal(readFileSync(policy, "utf8"), "exit 104\n");
  });

  it("are known by their units' names", () => {
    const units = [
      ...[
        "etcd.service",
        "libvirtd.socket",
        "libvirt-guests.service",
        "virtqemud-ro.socket",
        "virtlogd.service",
      ],
      ...[
        "ssh.service",
        "virtual-thing.service",
        "polkit.service",
        "libvirtd.target",
        "virt-guest-shutdown.target",
      ],
    ];
    for (const unit of units) writeFileSync(join(folder, unit), "");
    assert.deepEqual([...serviceUnits([folder, join(folder, "none")])].sort(), units.slice(0, 5).sort());
  });
});
