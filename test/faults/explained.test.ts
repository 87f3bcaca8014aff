/**
 * Nodes that can't come up, each a real machine: `pulumi up` fails well before its time-out, with the node's name and its own words,
 * keeps the machine, and what it says about how to look at it works.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { network } from "../../lab/libvirt/layout.ts";
import { describeLeavingNothing, type Picture, pictureOfLab } from "../support/leaks.ts";
import { cluster, context, endLab, inside, npm, removeLab } from "./guests.ts";
import { describeFault, type Recover } from "./record.ts";

const minutes = 60_000;
/** Seconds: what `up` would wait for. None of the failures may take as long. */
const TIMEOUT = 1500;

/** A unit that runs a shell command once the system is up, and before etcd. */
const unit = (command: string): string =>
  JSON.stringify({
    systemd: {
      units: [
        {
          name: "fault.service",
          enabled: true,
          contents: [
            "[Unit]\nBefore=etcd-member.service\nAfter=systemd-networkd.service",
            `[Service]\nType=oneshot\nTimeoutStartSec=600\nExecStart=/bin/sh -c '${command}'`,
            "[Install]\nWantedBy=multi-user.target\n",
          ].join("\n"),
        },
      ],
    },
  });

/** A setting of etcd's unit, over those of the profiles. */
const etcdSetting = (setting: string): string =>
  JSON.stringify({
    systemd: {
      units: [
        {
          name: "etcd-member.service",
          dropins: [{ name: "90-fault.conf", contents: `[Service]\n${setting}\n` }],
        },
      ],
    },
  });

/** A file by Ignition, with these contents. What is wrong with it no validator sees. */
const ignitionFile = (path: string, contents: object): string =>
  JSON.stringify({ storage: { files: [{ path, filesystem: "root", mode: 420, contents }] } });

/**
 * Memory that no killed process gives back: a file in memory that grows and grows. (A program that merely wants more and more is killed at
 * once, and etcd gets healthy beside it.)
 */
const EATEN = "mount -o remount,size=8g /run; while :; do cat /dev/zero >>/run/eaten; done";

interface Failure {
  /** The stack's, too. */
  readonly name: string;
  /** As documented. */
  readonly fault: string;
  readonly snippet?: string;
  readonly bridge?: string;
  /** What `up` says after the node's name. */
  readonly reason: RegExp;
  /** None is told where nobody can log in: no address, or a system that has not begun. */
  readonly login: "works" | "told" | "none";
  /** Also in the short selection. */
  readonly short?: boolean;
}

const FAILURES: readonly Failure[] = [
  {
    name: "ignition",
    fault: "a node's Ignition fails",
    snippet: ignitionFile("/etc/passwd/below", { inline: "x" }),
    reason: /Ignition failed: .*\/etc\/passwd\/below: not a directory/,
    login: "none",
  },
  {
    name: "fetch",
    fault: "a node's Ignition can't fetch a file",
    snippet: ignitionFile("/etc/nothing", { remote: { url: `http://${network.address}:9/nothing` } }),
    reason: /Ignition can't fetch http:\S+:9\/nothing \(attempt #\d+\): dial tcp .*: connection refused/,
    login: "none",
  },
  {
    name: "initial",
    fault: "a member's etcd was told another cluster",
    snippet: etcdSetting('Environment="ETCD_OPTS=--initial-cluster=other=http://10.0.0.9:2380"'),
    reason: /its etcd ends again and again: .*(initial-cluster|bootstrap flags|discovery)/,
    login: "works",
    short: true,
  },
  {
    name: "nolease",
    fault: "a node never gets a lease",
    bridge: "nodhcp0",
    reason: /it has no address for 60 s on \w+ \(52:54:00:.*; the link is up\)/,
    login: "none",
  },
  {
    name: "panic",
    fault: "a node's kernel panics",
    snippet: unit("sleep 5; echo c >/proc/sysrq-trigger"),
    reason: /kernel panic: .*sysrq/i,
    login: "told",
  },
  {
    name: "memory",
    fault: "a node runs out of memory",
    snippet: unit(EATEN),
    reason: /(out of memory: Killed process \d+ \(\S+\)|kernel panic: System is deadlocked on memory)/,
    login: "told",
  },
];

describeLeavingNothing("a node that can't come up", function () {
  this.timeout(40 * minutes);
  const files = join(context.paths.lab, "fault-files");
  let asItWas: Picture;

  before(async () => {
    await removeLab();
    await npm("cluster", "lab", "up");
    mkdirSync(files, { recursive: true });
    await inside("sh", "-c", "ip link add nodhcp0 type bridge && ip link set nodhcp0 up");
    asItWas = await pictureOfLab(context);
  });
  after(async () => {
    rmSync(files, { recursive: true, force: true });
    await endLab(asItWas);
  });

  for (const { name, fault, snippet, bridge, reason, login, short = false } of FAILURES) {
    const breaks = async (recover: Recover): Promise<void> => {
      const stack = ["exec", "--stack", name, "pulumi"] as const;
      const set = async (key: string, value: string): Promise<void> => {
        await npm("cluster", ...stack, "config", "set", key, value);
      };
      await set("nodes", "1");
      await set("readinessTimeout", String(TIMEOUT));
      if (bridge !== undefined) await set("bridge", bridge);
      if (snippet !== undefined) {
        const file = join(files, `${name}.yaml`);
        writeFileSync(file, snippet);
        await set("snippets", file);
      }
      const node = `${name}-core01`;
      const began = Date.now();
      const { exitCode, all } = await recover(() =>
        cluster(...stack, "up", "--yes", "--skip-preview", "--non-interactive"),
      );
      const seconds = Math.round((Date.now() - began) / 1000);
      assert.notEqual(exitCode, 0, all);
      assert.match(all, new RegExp(`${node} can't become healthy: ${reason.source}`, reason.flags), all);
      assert.ok(seconds < TIMEOUT / 2, `${seconds} s`);
      // Nothing that tells others how to join.
      const [, token = "none"] = /discovery\/([0-9a-f]{32})/.exec(all) ?? [];
      assert.equal(token, "none", "the discovery token");
      assert.match(all, /The end of its console .*:\n(\s+\|.*\n)+/);

      // The machine is kept, and the ways to look at it that were told work as they were told.
      assert.match(await inside("virsh", "--quiet", "list", "--name"), new RegExp(node));
      const told = [...all.matchAll(/^\s+npm run cluster -- ((?:console|logs|ssh) .*)$/gm)].map(
        ([, one]) => one ?? "",
      );
      const ways = [
        `console ${node}`,
        `logs --stack ${name} ${node}`,
        `ssh --stack ${name} ${node}`,
        `logs --stack ${name} --journal ${node}`,
      ];
      // A machine that had an address before it failed may not let anybody in any more.
      assert.deepEqual(told, login === "none" ? ways.slice(0, 2) : ways);
      for (const line of told.filter(
        (one) => one.startsWith("logs") && (login === "works" || !one.includes("journal")),
      )) {
        const shown = await cluster(...line.split(" "));
        assert.equal(shown.exitCode, 0, shown.all);
        assert.ok(shown.all.length > 100, shown.all);
      }
      if (login === "works") {
        const shown = await cluster(
          "ssh",
          "--stack",
          name,
          node,
          "systemctl",
          "is-enabled",
          "etcd-member.service",
        );
        assert.match(shown.all, /enabled/);
      }
      const status = await cluster("status", "--stack", name);
      assert.equal(status.exitCode, 1);
      assert.match(status.all, new RegExp(`${node} .*running`));
      await npm("cluster", ...stack, "destroy", "--yes", "--skip-preview", "--non-interactive");
    };
    describeFault({ fault, recovery: "nothing: `pulumi up` names it, and says why" }, (trial) => {
      trial("is named, and says why", breaks, { short });
    });
  }
});
