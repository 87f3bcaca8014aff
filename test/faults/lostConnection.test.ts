/** libvirtd ends while the base image is uploaded, where the provider waits for ever: a plain `pulumi up` ends all the same, and says why. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../lab/shared/process.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { daemonPid } from "./strikes.ts";
import { makeSubject, type Subject } from "./subject.ts";

const MIB = 2 ** 20;
/** Bytes of the image that can't be left out: an upload that takes seconds. */
const IMAGE = 768 * MIB;

describeLeavingNothing("libvirtd ends in the middle of an upload", function () {
  this.timeout(30 * 60_000); // on a machine where the toolchain must be built
  let subject: Subject;

  before(async () => {
    subject = await makeSubject({ prefix: "l-core", nodes: 1 });
    const { folder } = subject.place;
    const [raw, image] = [join(folder, "large.raw"), join(folder, "large.qcow2")];
    const file = createWriteStream(raw);
    for (let written = 0; written < IMAGE; written += 16 * MIB)
      if (!file.write(randomBytes(16 * MIB))) await once(file, "drain");
    file.end();
    await once(file, "finish");
    await run("qemu-img", ["convert", "-O", "qcow2", raw, image]);
    subject.stack.set({
      ...{ prefix: "l-core", nodes: 1, image },
      plan: ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, diskSize: 2 * IMAGE })) }),
    });
  });
  after(() => subject.place.remove());

  it("pulumi up ends within a minute and says why, and npm start goes on", async () => {
    const child = subject.stack.start("up");
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const closed = once(child, "close");
    while (!/Volume machines-base-\S+ creating/.test(text)) {
      assert.equal(child.exitCode, null, text);
      await sleep(20);
    }
    await sleep(300); // in the middle of it
    const pid = daemonPid(subject.place.context, "libvirtd");
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    const began = Date.now();
    // Were it to hang, it would be ended here, and the test fail.
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, 180_000);
    const [code] = (await closed) as [number | null];
    clearTimeout(timer);
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(`      up ended ${seconds} s after libvirtd`);
    assert.ok(code !== null && code !== 0, `exit code ${String(code)}:\n${text}`);
    assert.match(text, /connection to libvirt at .* was lost in the middle of the run/, text);
    await subject.mend();
    await subject.sound();
    await subject.end();
  });
});
