/** The libvirt host's disk is full while volumes are made: the pools' folder lies on a small file system. */
import { notEqual } from "node:assert/strict";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../lab/shared/process.ts";
import { POOLS } from "../integration/program/support.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { daemonPid } from "./strikes.ts";
import { makeSubject, PATIENCE, type Subject, tokens } from "./subject.ts";

/** Bytes of the image that can't be compressed or left out. */
const IMAGE = 8 * 2 ** 20;

/** Milliseconds: the provider fails at once, or hangs in its upload, which is then ended as by hand. */
const LIMIT = 60_000;

describeLeavingNothing("a disk that is full", function () {
  this.timeout(PATIENCE);
  let subject: Subject;

  /** libvirtd has a mount namespace of its own. */
  const atLibvirtd = async (...command: string[]): Promise<void> => {
    const pid = daemonPid(subject.place.context, "libvirtd");
    await run("nsenter", [`--target=${String(pid)}`, "--mount", "--pid", "--", ...command]);
  };

  /** @returns the exit code of `pulumi up`; null when it had to be ended. */
  const upWithin = async (limit: number): Promise<number | null> => {
    const child = subject.stack.start("up");
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, limit);
    const [code] = (await once(child, "close")) as [number | null];
    clearTimeout(timer);
    return code;
  };

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    subject = await makeSubject({ prefix: "f-core" });
    const { folder } = subject.place;
    const [raw, image] = [join(folder, "full.raw"), join(folder, "full.qcow2")];
    writeFileSync(raw, randomBytes(IMAGE));
    await run("truncate", ["--size=64M", raw]);
    await run("qemu-img", ["convert", "-O", "qcow2", raw, image]);
    subject.stack.set({ prefix: "f-core", image });
  });
  after(() => subject.place.remove());

  describeFault(
    {
      fault: "the host's disk is full while volumes are made",
      recovery: "more room, then `npm start` or `npm stop`",
    },
    (trial) => {
      for (const { size, what, short } of [
        { size: 256, what: "at the beginning of the base image" },
        { size: 5000, what: "in the middle of the base image", short: true },
        { size: 8640, what: "behind the base image" },
      ])
        for (const repaired of [true, false])
          trial(
            `${what}, then ${repaired ? "up" : "destroy"}`,
            async (recover) => {
              await subject.place.inside("mkdir", "-p", POOLS);
              await atLibvirtd("mount", "-n", "-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", POOLS);
              try {
                notEqual(await upWithin(LIMIT), 0, "up ended well on a full disk");
                if (repaired) {
                  await atLibvirtd("mount", "-n", "-o", "remount,size=64m", POOLS);
                  await recover(() => subject.mend());
                  await subject.sound();
                  await tokens(subject.place, 1);
                }
                await recover(() => subject.end());
              } finally {
                await atLibvirtd("umount", "-n", "--lazy", POOLS);
              }
              await subject.clean();
            },
            { short: repaired && short === true },
          );
    },
  );
});
