import { deepEqual, equal, match, throws } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { failureIn, LAB_MARKERS, plainLines, wholeLines } from "../../../commands/readiness/console.ts";
import { addressOf } from "../../../commands/readiness/machines.ts";
import { parseRegistration } from "../../../commands/readiness/registry.ts";
import { readSettings } from "../../../commands/readiness/settings.ts";

describe("readiness: reading consoles", () => {
  it("takes terminal sequences and carriage returns out", () => {
    deepEqual(
      plainLines("\u001b[0;1;31mFailed\u001b[0m to start\r\n\u001b[2J\u001b]0;title\u0007login: \n\n"),
      ["Failed to start", "login:"],
    );
  });

  it("leaves out a line that has not come to its end: a reason is told whole", () => {
    deepEqual(wholeLines("one\r\nCOREOS-CLUSTER-IGNITION-FAILED: failed to determ"), ["one"]);
    deepEqual(wholeLines("one\ntwo\r\n"), ["one", "two"]);
    deepEqual(wholeLines("log"), []);
  });

  const failures: [string, string][] = [
    ["[   12.3] COREOS-CLUSTER-IGNITION-FAILED: config is not valid", "Ignition failed: config is not valid"],
    [
      "COREOS-CLUSTER-BOOT-FAILED: the root file system on /dev/vda2 can't be mounted",
      "the system could not start: the root file system on /dev/vda2 can't be mounted",
    ],
    [
      "[    9.1] ignition[512]: Ignition failed: failed to create users",
      "Ignition failed: failed to create users",
    ],
    [
      "Ignition has failed. Please ensure your config is valid.",
      "Ignition has failed. Please ensure your config is valid.",
    ],
    ["[FAILED] Failed to start Ignition (disks).", "Ignition failed: Failed to start Ignition (disks)."],
    [
      "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs",
      "kernel panic: VFS: Unable to mount root fs",
    ],
    [
      "[99] Out of memory: Killed process 412 (etcd) total-vm:1",
      "out of memory: Killed process 412 (etcd) total-vm:1",
    ],
    [
      "[   24.7] Memory cgroup out of memory: Killed process 412 (etcd) total-vm:1",
      "out of memory: Killed process 412 (etcd) total-vm:1",
    ],
    ["You are in emergency mode. After logging in...", "stopped in emergency mode"],
  ];
  it("knows where the system does not run, so that nobody can log in", () => {
    const stuck = failures.map(([line]) => failureIn([line])?.stuckIn);
    deepEqual(stuck, [
      ...["ignition", "boot", "ignition", "ignition", "ignition"],
      ...[undefined, undefined, undefined, "boot"],
    ]);
  });

  for (const [line, reason] of failures)
    it(`understands "${line}"`, () => {
      equal(failureIn(["fine so far", line, "and on"])?.reason, reason);
    });

  for (const line of [
    "[   12.3] COREOS-CLUSTER-IGNITION-FAILED: disk full",
    "COREOS-CLUSTER-BOOT-FAILED: disk full",
  ])
    it(`takes "${line}" for the last word`, () => {
      const said = failureIn(["Kernel panic - not syncing: later", line]);
      equal(said?.final, true);
      match(said.reason, /: disk full$/);
    });

  it("does not take a warning of the lab image for a failure", () => {
    equal(failureIn(["COREOS-CLUSTER-GROW-FAILED: the root file system keeps its size: no"]), undefined);
  });

  it("knows every marker of a failure that the lab image prints", () => {
    const image = join(import.meta.dirname, "../../../lab/image");
    const texts = readdirSync(image, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    const printed = texts.flatMap((text) => text.match(/COREOS-CLUSTER-[A-Z-]+-FAILED/g) ?? []);
    deepEqual([...new Set(printed)].sort(), Object.keys(LAB_MARKERS).sort());
  });

  it("sees no failure in a boot that goes well", () => {
    const lines = [
      "[   24.7] Memory cgroup out of memory: Killed process 412 (java) total-vm:1",
      "[  OK  ] Finished Ignition (files).",
      "ignition[512]: INFO     : files: op(1): [finished] creating file",
      "Linux version 6.1 (panic=30 on the command line)",
      "systemd[1]: emergency.target: nothing to do",
    ];
    equal(failureIn(lines), undefined);
  });

  it("never throws, whatever a guest prints", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const lines = plainLines(text);
        failureIn(lines);
        return lines.every((line) => !line.includes("\u001b["));
      }),
    );
  });
});

describe("readiness: reading other things", () => {
  it("reads the registrations of classic and of new members", () => {
    deepEqual(parseRegistration("n1=http://10.0.0.1:2380,n1=http://10.0.0.1:7001"), {
      name: "n1",
      host: "10.0.0.1",
    });
    deepEqual(parseRegistration("n1=https://n1.example:2380"), { name: "n1", host: "n1.example" });
    deepEqual(parseRegistration("n1=http://[fd00::1]:2380"), { name: "n1", host: "[fd00::1]" });
    for (const broken of ["", "n1", "n1=", "=http://10.0.0.1:2380", "n1=nothing"])
      equal(parseRegistration(broken), undefined);
  });

  it("finds the address of the node's own interface among those that the guest agent tells", () => {
    const answer = [
      " lo         00:00:00:00:00:00    ipv4         127.0.0.1/8",
      " -          -                    ipv6         ::1/128",
      " docker0    02:42:00:00:00:01    ipv4         172.17.0.1/16",
      " ens2       52:54:00:03:58:D3    ipv4         10.77.0.72/24",
      " -          -                    ipv6         fe80::5054:ff:fe03:58d3/64",
    ].join("\n");
    equal(addressOf(answer, "52:54:00:03:58:d3"), "10.77.0.72");
    equal(addressOf(answer, "52:54:00:00:00:00"), undefined);
    equal(addressOf("", "52:54:00:03:58:d3"), undefined);
  });

  const env = {
    NODES: "a01=52:54:00:00:00:01 a02=52:54:00:00:00:02",
    MODE: "etcd",
    DISCOVERY_URL: "http://r.example/t",
    LIBVIRT_URI: "qemu:///system",
    TIMEOUT: "600",
  };

  it("reads its settings", () => {
    const member = { role: "member", machine: "" };
    deepEqual(readSettings(env), {
      nodes: [
        { name: "a01", mac: "52:54:00:00:00:01", ...member },
        { name: "a02", mac: "52:54:00:00:00:02", ...member },
      ],
      mode: "etcd",
      discoveryUrl: "http://r.example/t",
      endpoints: [],
      uri: "qemu:///system",
      timeout: 600,
      clientPort: 2379,
    });
  });

  it("reads clients, given addresses, machines and the servers of a registry", () => {
    const { nodes, endpoints } = readSettings({
      ...env,
      NODES: "a01=52:54:00:00:00:01=10.0.0.11",
      CLIENTS: "b01=52:54:00:00:00:02",
      MACHINES: "a01=id-1 b01=id-2",
      MODE: "v3",
      ENDPOINTS: "http://r1.example:2379 http://r2.example:2379",
    });
    deepEqual(nodes, [
      { name: "a01", mac: "52:54:00:00:00:01", role: "member", machine: "id-1", address: "10.0.0.11" },
      { name: "b01", mac: "52:54:00:00:00:02", role: "client", machine: "id-2" },
    ]);
    deepEqual(endpoints, ["http://r1.example:2379", "http://r2.example:2379"]);
  });

  it("reads what stands before commands in messages", () => {
    equal(readSettings({ ...env, CLUSTER_COMMAND_PREFIX: "x exec" }).commandPrefix, "x exec");
  });

  it("names a setting that is missing or wrong", () => {
    throws(() => readSettings({ ...env, NODES: "" }), /NODES and CLIENTS name no machine/);
    throws(() => readSettings({ ...env, MODE: "dns" }), /MODE is "dns"; it must be one of service, etcd/);
    throws(
      () => readSettings({ ...env, TIMEOUT: "soon" }),
      /TIMEOUT is "soon"; it must be a positive whole number/,
    );
  });
});
