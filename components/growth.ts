/**
 * The look at a host before machines are added to those that are there. The Command of the host looks once, before the first thing
 * is made (pool.ts); what comes later is looked at by hooks of what is made for it, since they run only then and change no input.
 */
import { execFile } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { programFile } from "./programs.ts";

/** What a look is told beside its own environment: as the host's Command is. */
export interface GrowthArgs {
  readonly uri: string;
  /** Of hostFacts.ts. */
  readonly facts: string;
}

/** `commands/host.ts grown`: its warnings, a text each. @throws Error with what it says where it fails. */
export const lookAtGrowth = ({ uri, facts }: GrowthArgs): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, LIBVIRT_URI: uri, FACTS: facts };
    execFile(process.execPath, [programFile("host"), "grown"], { env }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as string[]);
      else reject(new Error(stderr.trim() || error.message));
    });
  });

/** The looks at one host in one run. */
export class GrowthWatch {
  readonly #args: () => Promise<GrowthArgs>;
  readonly #look: (args: GrowthArgs) => Promise<string[]>;
  #once: Promise<void> | undefined;

  constructor(args: () => Promise<GrowthArgs>, look: (args: GrowthArgs) => Promise<string[]> = lookAtGrowth) {
    this.#args = args;
    this.#look = look;
  }

  /** The pool is made in this run: the host has just been looked at for all. */
  isNew(): void {
    this.#once ??= Promise.resolve();
  }

  /**
   * Before the first thing of a machine is made. Looks once; everything waits for it, and fails by it.
   * @throws Error with all that stops the machines that are added
   */
  async passed(): Promise<void> {
    this.#once ??= this.#args()
      .then(this.#look)
      .then(async (warnings) => {
        for (const warning of warnings) await pulumi.log.warn(warning);
      });
    await this.#once;
  }
}
