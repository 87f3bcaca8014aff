/**
 * Every finding of the doctor, on a libvirt host whose faults are real: a lab of the test's own, in whose namespaces they are made. What
 * it says is read as a user reads it, and the remedy is pasted into a shell as it is printed; then the doctor is asked again.
 *
 * What can't be had on any machine of the tests stands in as a program in front of the real one, and says so (`double`).
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { Finding, Level } from "../../../commands/doctor/types.ts";
import { enterCommand } from "../../../lab/libvirt/index.ts";
import { labPaths, type LabContext } from "../../../lab/shared/context.ts";

const checkout = join(import.meta.dirname, "../../..");

interface Row {
  readonly id: string;
  readonly level: Exclude<Level, "ok">;
  readonly found: RegExp;
  /** Why it matters: names what of this plan. */
  readonly why: RegExp;
  /** What is printed behind the arrow. */
  readonly remedy?: RegExp;
  /** Why the remedy is not pasted here, or that there is none. */
  readonly notPasted?: string;
  /** Why the fault is made by a stand-in for a program. */
  readonly double?: string;
}

/** Faults that don't hide each other, so that one look finds all of them. */
interface Scenario {
  readonly what: string;
  /** Run in the lab. */
  readonly fault: string;
  /** Run in the lab, whatever happened. */
  readonly after?: string;
  readonly config?: Readonly<Record<string, string>>;
  /** Programs that stand before the real ones: shell scripts, by name. `$REAL` is the real one. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly exit: 0 | 1;
  readonly rows: readonly Row[];
  /** The last row's remedy is not the end: what remains, and why. */
  readonly remains?: readonly string[];
}

const INSTALL = "installs a package of the machine itself";

const STRANGER =
  "<domain type='qemu'><name>dev-core02</name><memory>1024</memory><os><type>hvm</type></os></domain>";

const SCENARIOS: readonly Scenario[] = [
  {
    what: "a host whose network holds everything up",
    fault: `echo 0 >/proc/sys/net/ipv4/ip_forward
      for file in /proc/sys/net/bridge/bridge-nf-call-iptables; do if [ -e "$file" ]; then echo 1 >"$file"; fi; done
      iptables -P FORWARD DROP; ip6tables -P FORWARD DROP
      echo 0 >/tmp/ksm; mount --bind /tmp/ksm /sys/kernel/mm/ksm/run`,
    after: `iptables -F FORWARD; iptables -P FORWARD ACCEPT; ip6tables -F FORWARD; ip6tables -P FORWARD ACCEPT; umount /sys/kernel/mm/ksm/run`,
    exit: 1,
    rows: [
      {
        ...{ id: "sysctls", level: "warning", found: /^net\.bridge\.bridge-nf-call-iptables = 1/ },
        why: /^Frames between machines on br0 go through the host's packet filters/,
        remedy: /exec sysctl -w net\.bridge\.bridge-nf-call-iptables=0/,
      },
      {
        ...{ id: "sysctls", level: "warning", found: /^net\.ipv4\.ip_forward = 0$/ },
        why: /^br0 has no port that leads out, so this host routes for its machines/,
        remedy: /exec sysctl -w net\.ipv4\.ip_forward=1$/,
      },
      {
        ...{
          id: "forward",
          level: "problem",
          found: /^iptables drops what machines on the bridge send to each other: FORWARD: policy drop$/,
        },
        why: /^Members on br0 talk to each other/,
        remedy: /exec sh -c 'iptables -I FORWARD -i br0 -j ACCEPT && iptables -I FORWARD -o br0 -j ACCEPT'$/,
      },
      {
        ...{ id: "ksm", level: "note", found: /^equal pages of machines are not merged$/ },
        why: /^3 machines of one image/,
        remedy: /exec sh -c 'echo 1 \| tee \/sys\/kernel\/mm\/ksm\/run'$/,
      },
    ],
  },
  {
    what: "a host without room, whose registry is off and whose names are taken",
    fault: `mkdir -p /var/lib/libvirt/coreos-cluster; mount -t tmpfs -o size=8m tmpfs /var/lib/libvirt/coreos-cluster
      printf %s "${STRANGER}" >/tmp/stranger.xml; virsh -q define /tmp/stranger.xml`,
    after: `umount /var/lib/libvirt/coreos-cluster; virsh -q undefine dev-core02`,
    config: { memory: "4096GiB", "discovery.endpoint": "http://10.77.0.9:2379" },
    exit: 1,
    rows: [
      {
        ...{
          id: "disk",
          level: "problem",
          found: /^8 MiB free at \/var\/lib\/libvirt\/coreos-cluster, where .*\/dev-core lies$/,
        },
        why: /^3 disks over a base image of \d+ MiB need .* to begin with and grow to/,
        remedy: /exec pulumi config set poolPath \S+\/coreos-cluster$/,
      },
      {
        ...{ id: "memory", level: "problem", found: /of memory.*, and one machine is to have 4096 GiB$/ },
        why: /that machine does not start/,
        remedy: /exec pulumi config set memory \d+MiB$/,
      },
      {
        ...{
          id: "discovery",
          level: "problem",
          found: /10\.77\.0\.9:2379.*(timed out|no answer|EHOSTUNREACH|unreachable|not reached)/i,
        },
        why: /^New members find each other there; without it no cluster forms/,
        remedy: /exec pulumi config rm discovery && .*exec pulumi config set --path discovery\.mode static$/,
      },
      {
        ...{
          id: "names",
          level: "problem",
          found: /^there is a machine dev-core02 already, and it carries no mark of a cluster$/,
        },
        why: /^What is somebody else's is never touched/,
        remedy: /exec pulumi config set prefix dev-2-core$/,
      },
    ],
  },
];

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
    const [file = "", ...args] = [...enterCommand(context), "sh", "-c", script];
    await execa(file, args);
  };

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    const { exitCode, all } = await cluster("lab up");
    assert.equal(exitCode, 0, all);
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
    findings.map(({ id, level, found, remedy = "" }) => `${id} ${level}: ${found} → ${remedy}`).join("\n");

  for (const { what, fault, after: mend, config = {}, programs = {}, exit, rows } of SCENARIOS)
    it(`${what}: ${rows.map(({ id }) => id).join(", ")}`, async () => {
      const more = standIns(programs);
      for (const [key, value] of Object.entries(config)) {
        const set = await cluster(`exec pulumi config set --path ${key} ${value}`);
        assert.equal(set.exitCode, 0, set.all);
      }
      try {
        await inside(fault);
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
        for (const { finding } of pasted) {
          const { exitCode, all } = await type(finding?.remedy ?? "", more);
          assert.equal(exitCode, 0, `${finding?.remedy ?? ""}:\n${all}`);
        }
        const then = await look(more);
        const left = then.findings.filter(({ id, found }) =>
          pasted.some(({ row }) => row.id === id && row.found.test(found)),
        );
        assert.equal(texts(left), "", "is there still after its remedy");
      } finally {
        await inside(mend ?? "true").catch(() => undefined);
      }
    });
});
