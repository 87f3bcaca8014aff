/**
 * Members that run and can't become one cluster, each of them a real machine: `pulumi up` fails well before its time-out, names a
 * member and says in its own words what is in the way. A discovery URL that is no use is told before any machine is made.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Picture, pictureOfLab } from "../support/leaks.ts";
import { cluster, context, describeLong, endLab, inside, npm, removeLab } from "./guests.ts";
import { describeFault, type Recover } from "./record.ts";

const minutes = 60_000;
/** Seconds: what `up` would wait for. None of the failures may take as long. */
const TIMEOUT = 1500;
const { lab } = context.paths;
const TOKENS = "http://10.77.0.1:2379/v2/keys/discovery";

interface Failure {
  /** The stack's, too. */
  readonly name: string;
  /** As documented. */
  readonly fault: string;
  readonly nodes: number;
  readonly config: Readonly<Record<string, string>>;
  /** Shell commands in the lab before `up`, and whatever happened. */
  readonly before?: string;
  readonly after?: string;
  /** On the first member, as the text of a Container Linux Config. */
  readonly snippet?: string;
  readonly says: RegExp;
}

const forgetToken = (name: string): string => `curl -sf -XDELETE '${TOKENS}/${name}?recursive=true'`;

/** A token that these have registered with, by their names: `SIZE name=URL ...`. */
const token = (name: string, size: number, ...members: string[]): string =>
  [
    `curl -sf -XPUT ${TOKENS}/${name}/_config/size -d value=${size}`,
    ...members.map((member, at) => `curl -sf -XPUT ${TOKENS}/${name}/abc${at} -d value=${member}`),
  ].join(" && ");

const byUrl = (name: string): Readonly<Record<string, string>> => ({
  "discovery.mode": "url",
  "discovery.url": `${TOKENS}/${name}`,
});

/** Set before etcd starts, on a machine that nobody tells the time. */
const CLOCK = `systemd:
  units:
    - name: wrong-clock.service
      enabled: true
      contents: |
        [Unit]
        Before=etcd-member.service
        [Service]
        Type=oneshot
        RemainAfterExit=true
        ExecStart=/bin/sh -c "systemctl mask --runtime --now systemd-timesyncd.service; date --set 2001-01-01"
        [Install]
        WantedBy=multi-user.target
`;

const FAILURES: readonly Failure[] = [
  {
    ...{ name: "wrong", fault: "a discovery URL leads to no token", nodes: 1 },
    config: byUrl("nosuch"),
    says: /The registry does not know the discovery URL \S+\/nosuch: it has no size/,
  },
  {
    ...{ name: "full", fault: "a discovery URL is used up by others", nodes: 1 },
    config: byUrl("full"),
    before: token("full", 1, "other=http://10.77.0.200:2380"),
    after: forgetToken("full"),
    says: /The discovery URL \S+\/full is used up: 1 of 1 members have registered \(other\)/,
  },
  {
    ...{ name: "taken", fault: "a member's name is registered by others", nodes: 2 },
    config: byUrl("taken"),
    before: token("taken", 2, "taken-core01=http://10.77.0.200:2380"),
    after: forgetToken("taken"),
    says: /The discovery URL \S+\/taken is used: 1 of 2 members have registered \(taken-core01\)/,
  },
  {
    ...{ name: "port", fault: "a packet filter closes the peer port", nodes: 2, config: {} },
    before:
      "echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; iptables -I FORWARD -p tcp --dport 2380 -j DROP",
    after: "iptables -F FORWARD; echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables",
    says: /port-core0[12] can't become healthy: its etcd can't join the others: .*2380.*(i\/o timeout|deadline)/,
  },
  {
    ...{ name: "clock", fault: "a clock stands before the certificates", nodes: 2 },
    config: { tls: "true" },
    snippet: CLOCK,
    says: /clock-core0[12] can't become healthy: its etcd .*x509: certificate has expired or is not yet valid/,
  },
];

describeLong("members that can't become one cluster", function () {
  this.timeout(40 * minutes);
  const files = join(lab, "fault-files");
  let asItWas: Picture;

  before(async () => {
    await removeLab();
    await npm("cluster", "lab", "up");
    mkdirSync(files, { recursive: true });
    asItWas = await pictureOfLab(context);
  });
  after(async () => {
    rmSync(files, { recursive: true, force: true });
    await endLab(asItWas);
  });

  for (const { name, fault, nodes, config, before: prepare, after: mend, snippet, says } of FAILURES) {
    const breaks = async (recover: Recover): Promise<void> => {
      const stack = ["exec", "--stack", name, "pulumi"] as const;
      const set = async (key: string, value: string): Promise<void> => {
        await npm("cluster", ...stack, "config", "set", "--path", key, value);
      };
      await set("nodes", String(nodes));
      await set("readinessTimeout", String(TIMEOUT));
      for (const [key, value] of Object.entries(config)) await set(key, value);
      if ("discovery.url" in config)
        await npm("cluster", ...stack, "config", "rm", "--path", "discovery.endpoint");
      if (snippet !== undefined) {
        const file = join(files, `${name}.yaml`);
        writeFileSync(file, snippet);
        await npm("cluster", ...stack, "config", "rm", "nodes");
        await set(`nodes["${name}-core01"].snippets`, file);
        await set(`nodes["${name}-core02"].role`, "member");
      }
      try {
        if (prepare !== undefined) await inside("sh", "-c", prepare);
        const began = Date.now();
        const up = await recover(() =>
          cluster(...stack, "up", "--yes", "--skip-preview", "--non-interactive"),
        );
        const seconds = Math.round((Date.now() - began) / 1000);
        assert.notEqual(up.exitCode, 0, up.all);
        assert.match(up.all, says);
        assert.ok(seconds < TIMEOUT / 2, `${seconds} s`);
        const machines = await inside("virsh", "--quiet", "list", "--name");
        // Before any machine, or with all of them kept to be looked at.
        assert.equal(machines.split(name).length - 1, "discovery.url" in config ? 0 : nodes, up.all);
      } finally {
        if (mend !== undefined) await inside("sh", "-c", mend);
      }
      await npm("cluster", ...stack, "destroy", "--yes", "--skip-preview", "--non-interactive");
    };
    describeFault({ fault, recovery: "nothing: `pulumi up` says why" }, (trial) => {
      trial("is told", breaks); // minutes each: not in the short selection
    });
  }
});
