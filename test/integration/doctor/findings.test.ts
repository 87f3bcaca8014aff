/**
 * Every finding of the doctor, on a libvirt host whose faults are real: a lab of the test's own, in whose namespaces they are made. What
 * it says is read as a user reads it, and the remedy is pasted into a shell as it is printed; then the doctor is asked again.
 *
 * What can't be had on any machine of the tests stands in as a program in front of the real one, and says so (`double`).
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { Finding } from "../../../commands/doctor/types.ts";
import { enterCommand } from "../../../lab/libvirt/index.ts";
import { labPaths, type LabContext } from "../../../lab/shared/context.ts";
import { SCENARIOS } from "./scenarios.ts";

const checkout = join(import.meta.dirname, "../../..");

describe("what the doctor finds", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "doctor-findings-"));
  const env = { CLUSTER_LAB_DIR: join(folder, "lab"), NO_COLOR: "1" };
  const context: LabContext = {
    paths: labPaths(checkout, { ...process.env, ...env }),
    report: () => undefined,
  };

  /** A line as it is typed into a shell in the checkout. */
  const type = async (line: string, more: Readonly<Record<string, string>> = {}) =>
    await execa("sh", ["-c", line], {
      ...{ cwd: checkout, env: { ...env, ...more }, all: true, reject: false, stdin: "ignore" },
    });
  const cluster = (words: string, more?: Readonly<Record<string, string>>) =>
    type(`npm run --silent cluster -- ${words}`, more);
  const inside = async (script: string): Promise<void> => {
    await execa("env", [...enterCommand(context), "sh", "-c", script]);
  };

  /** The stack's config, as the lab has it. */
  const file = join(env.CLUSTER_LAB_DIR, "Pulumi.dev.yaml");

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    for (const words of ["lab up", "exec true"]) {
      const { exitCode, all } = await cluster(words);
      assert.equal(exitCode, 0, all);
    }
    // A device that opens, and is no KVM.
    await inside("umount /dev/kvm 2>/dev/null; mount --bind /dev/null /dev/kvm").catch(() => undefined);
  });
  after(async () => {
    await cluster("lab down");
    rmSync(folder, { recursive: true, force: true });
  });

  /** A folder with programs that stand before the real ones on PATH. */
  function standIns(programs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const bin = join(folder, "bin");
    rmSync(bin, { recursive: true, force: true });
    mkdirSync(bin);
    for (const [name, script] of Object.entries(programs)) {
      const file = join(bin, name);
      writeFileSync(file, `#!/bin/sh\nREAL=$(PATH=\${PATH#*${bin}:} command -v ${name})\n${script}\n`);
      chmodSync(file, 0o755);
    }
    return { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  }

  interface Answer {
    readonly exitCode: number | undefined;
    readonly ok: boolean;
    readonly findings: readonly Finding[];
  }
  async function look(more: Readonly<Record<string, string>>): Promise<Answer> {
    const { exitCode, stdout, all } = await cluster("doctor --json", more);
    assert.match(stdout, /^\{/, all);
    return { exitCode, ...(JSON.parse(stdout) as Omit<Answer, "exitCode">) };
  }
  const texts = (findings: readonly Finding[]): string =>
    findings.map(({ id, level, found, remedy }) => `${id} ${level}: ${found} → ${remedy ?? ""}`).join("\n");

  for (const { what, fault, after: mend, config, programs, exit, preview, rows } of SCENARIOS)
    it(`${what}: ${rows.map(({ id }) => id).join(", ")}`, async () => {
      const more = standIns(programs ?? {});
      const before = readFileSync(file);
      for (const [key, value] of Object.entries(config ?? {})) {
        const set = await cluster(`exec pulumi config set --path ${key} ${value}`);
        assert.equal(set.exitCode, 0, set.all);
      }
      try {
        await inside(fault ?? "true");
        const seen = await look(more);
        assert.deepEqual([seen.exitCode, seen.ok], [exit, exit === 0], texts(seen.findings));
        const matching = rows.map((row) => ({
          row,
          finding: seen.findings.find(({ id, found }) => id === row.id && row.found.test(found)),
        }));
        for (const { row, finding } of matching) {
          assert.ok(finding !== undefined, `${row.id} ${String(row.found)}:\n${texts(seen.findings)}`);
          assert.equal(finding.level, row.level, texts([finding]));
          assert.match(finding.why, row.why);
          if (row.remedy === undefined) assert.equal(finding.remedy, undefined);
          else assert.match(finding.remedy ?? "", row.remedy);
        }
        const pasted = matching.filter(({ row }) => row.remedy !== undefined && row.notPasted === undefined);
        for (const remedy of new Set(pasted.map(({ finding }) => finding?.remedy ?? ""))) {
          const { exitCode, all } = await type(remedy, more);
          assert.equal(exitCode, 0, `${remedy}:\n${all}`);
        }
        if (pasted.length === 0) return;
        const then = await look(more);
        const left = then.findings.filter(({ id, found }) =>
          pasted.some(({ row }) => row.id === id && row.found.test(found)),
        );
        assert.equal(texts(left), "", "is there still after its remedy");
        // What was set is what the program takes.
        if (preview === true) {
          const { exitCode, all } = await cluster("exec pulumi preview --non-interactive");
          assert.equal(exitCode, 0, all);
        }
      } finally {
        await inside(mend ?? "true").catch(() => undefined);
        writeFileSync(file, before);
      }
    });
});
