/** A small stack on a private libvirt, what is known of its host, and what must hold of both. */
import { deepEqual, equal } from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { destroy, up } from "../../commands/lab/pulumi.ts";
import type { DaemonName } from "../../lab/libvirt/daemons.ts";
import { guestsOfHost } from "../../lab/libvirt/endHolder.ts";
import { requireHolder, type Holder } from "../../lab/libvirt/holder.ts";
import { argumentsOf, processesIn, waitUntil } from "../../lab/libvirt/processes.ts";
import { labUp } from "../../lab/libvirt/index.ts";
import { type Picture, pictureOfLab } from "../support/leaks.ts";
import { differences } from "../support/picture.ts";
import type { Recover } from "./record.ts";
import { killDaemon } from "./strikes.ts";
import { makePlace, type Config, type Place, POOLS, type Stack } from "../integration/program/support.ts";

export const minutes = 60_000;
/** Of a test that only fails by it when something hangs; the machine may be busy with other things. */
export const PATIENCE = 8 * minutes;

export interface Subject {
  readonly place: Place;
  readonly stack: Stack;
  /** `pulumi up` as `npm start` runs it, after a look at the lab host. */
  mend(): Promise<void>;
  /** `pulumi destroy` as `npm stop` runs it. */
  destroy(): Promise<void>;
  /** Fails unless all machines run, and nothing is there on the host that the stack doesn't use. */
  sound(): Promise<void>;
  /** Destroys, and fails unless the host is as it was before the stack. */
  end(): Promise<void>;
  /** Fails unless the host is as it was before the stack. */
  clean(): Promise<void>;
  /** Ends a daemon of the lab; without warning, unless another signal is given. */
  kill(name: DaemonName, signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
}

const holderOf = (place: Place): Holder => requireHolder(place.context.paths);

export const look = (place: Place): Promise<Picture> => pictureOfLab(place.context);

/** What still runs in the lab's namespaces beside the lab itself: Pulumi's plugins and programs. */
async function strays(place: Place): Promise<string[]> {
  const running = (): number[] => guestsOfHost(holderOf(place));
  await waitUntil(() => running().length === 0, 20);
  return running().map((pid) => argumentsOf(pid).join(" "));
}

/** Files that machines have open and that are deleted: what is written there is lost with their next stop. */
function deletedFiles(place: Place, prefix: string): string[] {
  const { namespaces } = holderOf(place);
  const machines = processesIn({ pid: namespaces.pid }).filter((pid) =>
    argumentsOf(pid).some((word) => word.startsWith(`guest=${prefix}`)),
  );
  return machines.flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`)
      .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
      .filter((file) => file.startsWith(POOLS) && file.endsWith(" (deleted)"))
      // The base is never written to, and the one that was made again is the same.
      .filter((file) => !file.includes("/base-")),
  );
}

/** The nodes of the config's plan. */
const count = ({ nodes = 2, clients = [] }: Config): number => nodes + clients.length;

/** @param more a stack beside others in one place. */
export async function makeSubject(
  config: Config,
  more: { readonly place?: Place; readonly name?: string } = {},
): Promise<Subject> {
  const place = more.place ?? (await makePlace());
  const stack = await place.stack(more.name ?? "fault", config);
  const before = await look(place);

  const clean = async (): Promise<void> => {
    deepEqual(await strays(place), []);
    deepEqual(differences(before, await look(place)), []);
  };
  const subject: Subject = {
    place,
    stack,
    clean,
    mend: async () => {
      await labUp(place.context);
      await up(stack.session, () => undefined);
    },
    destroy: async () => {
      await labUp(place.context);
      await destroy(stack.session, () => undefined);
    },
    end: async () => {
      await subject.destroy();
      await clean();
    },
    sound: async () => {
      await stack.pulumi("preview", "--expect-no-changes");
      deepEqual(await strays(place), []);
      const things = await look(place);
      const own = (names: readonly string[]): string[] =>
        names.filter((name) => name.includes(config.prefix));
      const size = count(config);
      const running = (await place.virsh("list", "--state-running", "--name"))
        .split("\n")
        .filter((name) => name.trim() !== "");
      equal(own(running).length, size, "machines that run");
      equal(own(things.domains).length, size, "domains");
      equal(own(things.pools).length, 1, "pools");
      deepEqual(
        (await place.virsh("list", "--all", "--transient", "--name")).trim(),
        "",
        "machines that nobody defined",
      );
      deepEqual(deletedFiles(place, config.prefix), []);
      // A disk and an Ignition file for each, over one base.
      deepEqual(own(things.volumes).length, 2 * size + 1, own(things.volumes).join(" "));
      equal(own(things.processes).length, size, "processes of machines");
    },
    kill: (name, signal) => killDaemon(place.context, name, signal),
  };
  return subject;
}

/** Brings a stack that was struck to a good end: up and sound with a token of its own and then gone, or gone at once. */
export async function endsWell(subject: Subject, repaired: boolean, recover: Recover): Promise<void> {
  if (!repaired) {
    await recover(() => subject.end());
    return;
  }
  await recover(() => subject.mend());
  await subject.sound();
  await tokens(subject.place, 1);
  await subject.end();
}

/** Fails unless each stack has one token in the registry, and nobody else has any. */
export async function tokens(place: Place, stacks: number): Promise<void> {
  equal((await look(place)).tokens.length, stacks, "discovery tokens");
}
