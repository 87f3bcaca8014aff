/**
 * Members as a restore sees them: real etcds on loopback, node.sh as it is, and stand-ins for the two things of a node that this machine
 * may not have: systemctl, which knows the one unit, and sudo.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StackState } from "../../../commands/hosts/stackState.ts";
import { RestoreNode } from "../../../commands/restore/node.ts";
import type { Work } from "../../../commands/restore/run.ts";
import { memberStates } from "../../../commands/snapshot/reached.ts";
import { clusterTrouble } from "../../../commands/restore/plan.ts";
import { labPaths } from "../../../lab/shared/context.ts";
import { Phases } from "../../../commands/ui/phases.ts";
import { checkout, ETCD_34, Etcds, freePorts } from "../discovery/etcds.ts";

const paths = labPaths(checkout);

/** What systemd is asked and told of etcd-member.service. Started etcds have a session of their own, and live on as units do. */
const systemctl = (folder: string, etcd: string, flags: readonly string[]): string => `#!/bin/sh
cd ${folder}
running() { [ -s pid ] && kill -0 "$(cat pid)" 2>/dev/null; }
case "$*" in
  *--property=ExecStart*) echo 'ExecStart={ path=/usr/bin/etcd ; argv[]=/usr/bin/etcd ${flags.join(" ")} ; ignore_errors=no }' ;;
  *--property=Environment*) echo Environment=ETCD_DATA_DIR=/nowhere ;;
  *--property=FragmentPath*) echo /etcd-member.service ;;
  is-active*) if running; then echo active; else echo inactive; exit 3; fi ;;
  stop*)
    if running; then
      kill "$(cat pid)"
      while running; do sleep 0.05; done
    fi ;;
  start*)
    [ -e broken ] && [ -e data/coreos-cluster-restore/old ] && exit 0
    running && exit 0
    setsid ${etcd} ${flags.join(" ")} >>log 2>&1 </dev/null &
    echo $! >pid ;;
  reset-failed*) ;;
  *) echo "not known here: $*" >&2; exit 1 ;;
esac
`;

export class Members {
  readonly etcds = new Etcds();
  readonly names: readonly string[];
  readonly #nodes = new Map<string, RestoreNode>();
  readonly #endpoints: string[] = [];

  constructor(prefix: string, count: number) {
    this.names = Array.from({ length: count }, (_, index) => `${prefix}-core0${index + 1}`);
  }

  /** @param finding flags by which the members find each other; without, each has a list of all. */
  async start(finding: readonly string[] = []): Promise<void> {
    const ports = await freePorts(this.names.length * 2);
    const at = (index: number, which: number): string => `http://127.0.0.1:${ports[index * 2 + which] ?? 0}`;
    const cluster = this.names.map((name, index) => `${name}=${at(index, 1)}`).join(",");
    for (const [index, name] of this.names.entries()) {
      const folder = this.folder(name);
      mkdirSync(join(folder, "bin"), { recursive: true });
      const flags = [
        ...[`--name=${name}`, `--data-dir=${folder}/data`, "--enable-v2=true"],
        ...[`--listen-client-urls=${at(index, 0)}`, `--advertise-client-urls=${at(index, 0)}`],
        ...[`--listen-peer-urls=${at(index, 1)}`, `--initial-advertise-peer-urls=${at(index, 1)}`],
        ...(finding.length > 0 ? finding : [`--initial-cluster=${cluster}`]),
      ];
      const program = (what: string, text: string): void => {
        writeFileSync(join(folder, "bin", what), text, { mode: 0o755 });
      };
      program("systemctl", systemctl(folder, ETCD_34, flags));
      program("sudo", `#!/bin/sh\nshift\nexec "$@"\n`);
      const path = `${folder}/bin:${process.env["PATH"] ?? ""}`;
      this.#nodes.set(
        name,
        new RestoreNode(name, (words) => ["env", `PATH=${path}`, "sh", "-c", words.join(" ")]),
      );
      this.#endpoints.push(at(index, 0));
    }
    await Promise.all(this.nodes.map((node) => node.step("start")));
    await this.healthy();
  }

  folder(name: string): string {
    return join(this.etcds.folder, name);
  }

  get nodes(): readonly RestoreNode[] {
    return [...this.#nodes.values()];
  }

  get endpoint(): string {
    return this.#endpoints[0] ?? "";
  }

  get state(): StackState {
    return { owners: [], hosts: [], outputs: { etcdEndpoints: this.#endpoints }, session: undefined };
  }

  /** @param limit milliseconds that they may take to be healthy */
  work(limit = 60_000): Work {
    return { paths, state: this.state, nodes: this.nodes, phases: new Phases(), limit };
  }

  async healthy(): Promise<void> {
    for (let tries = 0; ; tries++) {
      const trouble = clusterTrouble(await memberStates(paths, this.state), this.names);
      if (trouble === undefined) return;
      if (tries > 60)
        throw new Error(
          `${trouble}\n${readFileSync(join(this.folder(this.names[0] ?? ""), "log"), "utf8").slice(-2000)}`,
        );
      await sleep(500);
    }
  }

  async remove(): Promise<void> {
    for (const name of this.names) {
      try {
        process.kill(Number(readFileSync(join(this.folder(name), "pid"), "utf8")), "SIGKILL");
      } catch {
        // it does not run
      }
    }
    await this.etcds.remove();
    rmSync(this.etcds.folder, { recursive: true, force: true });
  }
}
