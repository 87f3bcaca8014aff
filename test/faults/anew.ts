/** Machines of a cluster that runs are made anew, under a load of writes: what must be so before and after. */
import assert from "node:assert/strict";
import { accessInside } from "../../host/access.ts";
import { takeSnapshot } from "../../host/snapshot.ts";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { becomesHealthy, context, type Member, npm } from "./guests.ts";
import { Load } from "./underLoad.ts";
import { domainIds, leader, others } from "./machines.ts";
import type { Recover } from "./record.ts";

export const pulumi = (...words: string[]): Promise<string> => npm("cluster", "exec", "pulumi", ...words);
export const unchanged = (): Promise<string> => pulumi("preview", "--expect-no-changes");
export const replaced = (name: string, ...words: string[]): Promise<string> =>
  npm("cluster", "replace", name, ...words);

/** What a replacement must leave as many of as there were, each, and the names of the volumes, to be shown where it does not. */
async function counts(): Promise<{ readonly counted: Record<string, number>; readonly volumes: string }> {
  const access = accessInside("the lab", "qemu:///system", enterCommand(context));
  const { things } = await takeSnapshot(access, { libvirt: true });
  const { domains, pools, volumes, processes, links } = things;
  const taps = links.filter((link) => link.startsWith("vnet"));
  const counted = Object.fromEntries(
    Object.entries({ domains, pools, volumes, processes, taps }).map(([what, all]) => [what, all.length]),
  );
  return { counted, volumes: volumes.join("\n") };
}

export interface Struck {
  readonly load: Load;
  readonly recover: Recover;
}

/** What is done to a cluster, and which of its machines are others then. */
export type Work = (struck: Struck) => Promise<readonly string[]>;

export class Anew {
  readonly all: readonly Member[];
  readonly #prefix: string;
  #runs = 0;

  /** @param prefix of the keys that are written. */
  constructor(all: readonly Member[], prefix: string) {
    this.all = all;
    this.#prefix = prefix;
  }

  async followers(): Promise<Member[]> {
    return others(this.all, await leader(this.all));
  }

  async follower(): Promise<Member> {
    return (await this.followers())[0] ?? assert.fail();
  }

  /**
   * Works under load, between two looks at health, host and program.
   * @param work returns the names of those that must be other machines then; all others must be the same.
   */
  async under(recover: Recover, work: Work): Promise<void> {
    const { all } = this;
    await becomesHealthy(all, 180);
    const [machines, there] = [await domainIds(all), await counts()];
    const load = new Load(all, `/${this.#prefix}/${(this.#runs += 1)}`);
    try {
      await load.goesOn(20, 60);
      const anew = await work({ load, recover });
      await load.goesOn(20, 90);
      const now = await domainIds(all);
      const changed = Object.keys(now).filter((name) => now[name] !== machines[name]);
      assert.deepEqual(changed.toSorted(), [...anew].toSorted(), "other machines than before");
      await becomesHealthy(all, 180);
      const { acknowledged, unknown, read } = await load.endsWell("together");
      console.log(
        `        ${acknowledged} acknowledged, ${unknown} without an answer, ${read} reads: all there`,
      );
    } finally {
      load.kill();
    }
    const left = await counts();
    assert.deepEqual(
      left.counted,
      there.counted,
      `${JSON.stringify(left.counted)}\n${left.volumes}\nbefore: ${JSON.stringify(there.counted)}\n${there.volumes}`,
    );
    await unchanged();
  }

  /** `replace` of one that is chosen, after something was done to it. */
  async replacing(
    recover: Recover,
    which: () => Promise<Member>,
    before?: (name: string) => Promise<unknown>,
  ): Promise<void> {
    await this.under(recover, async ({ load }) => {
      const { name } = await which();
      await before?.(name);
      await load.goesOn(20, 90);
      await recover(() => replaced(name));
      return [name];
    });
  }
}
