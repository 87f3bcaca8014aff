/** Pulumi and the CLI on one machine, libvirt on another one behind a real sshd. */
import { join } from "node:path";
import { execa } from "execa";
import { accessInside, type HostAccess } from "../../../host/access.ts";
import { enterCommand } from "../../../lab/libvirt/index.ts";
import { makeOtherMachine, type OtherMachine } from "../../support/otherMachine.ts";
import { makePlace, type Place } from "../program/support.ts";

const checkout = join(import.meta.dirname, "../../..");

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly all: string;
  /** Seconds. */
  readonly took: number;
}

export interface RemotePlace extends Place {
  readonly other: OtherMachine;
  /** The other machine as it sees itself, for looking at what is left there. */
  readonly access: HostAccess;
  /** `npm run cluster -- ARGUMENTS` where Pulumi runs; no lab is up there. */
  cluster(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Answer>;
  /** A command where Pulumi runs. */
  near(env: Readonly<Record<string, string>>, ...command: string[]): Promise<Answer>;
}

/** Takes minutes only where the toolchain must be built first. */
export async function makeRemotePlace(): Promise<RemotePlace> {
  let other: OtherMachine | undefined;
  const place = await makePlace(async (context, folder) => {
    other = await makeOtherMachine(context, folder);
    return { enter: other.here, uri: other.uri };
  });
  if (other === undefined) throw new Error("there is no other machine");
  const machine = other;
  const near: RemotePlace["near"] = async (env, ...command) => {
    const [file = "", ...args] = [...machine.here, ...command];
    const began = performance.now();
    const result = await execa(file, args, {
      ...{ cwd: checkout, all: true, reject: false, stdin: "ignore", timeout: 240_000 },
      env: { ...env, NO_COLOR: "1", CLUSTER_LAB_DIR: join(place.folder, "no-lab") },
    });
    const took = (performance.now() - began) / 1000;
    return { exitCode: result.exitCode, stdout: result.stdout, all: result.all, took };
  };
  return {
    ...place,
    other: machine,
    access: accessInside("the other machine", "qemu:///system", enterCommand(place.context)),
    near,
    cluster: (env, ...args) => near(env, process.execPath, "commands/main.ts", ...args),
    remove: async () => {
      await machine.remove();
      await place.remove();
    },
  };
}
