/** The discovery registry is down, slow, ill, or restarted while it is asked. */
import { equal, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { enterCommand, labUp } from "../../lab/libvirt/index.ts";
import type { Config } from "../integration/program/support.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { look, makeSubject, PATIENCE, type Subject, tokens } from "./subject.ts";

const PREFIX = "d-core";
const CONFIG: Config = { prefix: PREFIX };
const PORT = 2390;

describeLeavingNothing("the discovery registry", function () {
  this.timeout(PATIENCE);
  let subject: Subject;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    subject = await makeSubject(CONFIG);
  });
  after(() => subject.place.remove());

  const whole = async (): Promise<void> => {
    await subject.sound();
    await tokens(subject.place, 1);
    await subject.end();
  };

  describeFault(
    { fault: "the registry is down when `pulumi up` begins", recovery: "`npm start`" },
    (trial) => {
      trial("up says so, and goes on from there when it is back", async (recover) => {
        await subject.kill("registry");
        await rejects(
          subject.stack.pulumi("up"),
          /The discovery registry gave no discovery URL[\s\S]*ECONNREFUSED/,
        );
        await recover(() => subject.mend());
        await whole();
      });
      trial("up says so, and destroy leaves nothing", async (recover) => {
        await subject.kill("registry");
        await rejects(subject.stack.pulumi("up"), /The discovery registry gave no discovery URL/);
        await recover(() => subject.end());
      });
    },
  );

  describeFault(
    { fault: "the registry is restarted while it is asked", recovery: "nothing: it is asked again" },
    (trial) => {
      for (const seconds of [1, 4])
        trial(`it is away for ${seconds} s`, async () => {
          await subject.kill("registry");
          const up = subject.stack.pulumi("up");
          const back = sleep(seconds * 1000).then(() => labUp(subject.place.context));
          await Promise.all([up, back]);
          await whole();
        });
      trial("when the URL is just being made", async () => {
        const { stack, place } = subject;
        const child = stack.start("up");
        let text = "";
        let restart: Promise<unknown> | undefined;
        child.stdout.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          if (restart === undefined && /machines-discovery-\w+ creating/.test(text))
            restart = subject.kill("registry").then(() => labUp(place.context));
        });
        const [code] = (await once(child, "close")) as [number | null];
        await restart;
        equal(code, 0, text);
        await whole();
      });
    },
  );

  describeFault(
    { fault: "the registry is slow, or answers 503 for a while", recovery: "nothing: it is waited for" },
    (trial) => {
      for (const { delay, failures } of [
        { delay: 3000, failures: 0 },
        { delay: 9000, failures: 0 },
        { delay: 100, failures: 3 },
      ])
        trial(`answers after ${delay / 1000} s, ${failures} times with 503`, async () => {
          const { place, stack } = subject;
          const script = join(import.meta.dirname, "sluggish.ts");
          const words = [
            "node",
            "--no-warnings",
            script,
            String(PORT),
            place.host.registry,
            String(delay),
            String(failures),
          ];
          const [file = "", ...args] = [...enterCommand(place.context), ...words];
          const proxy = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
          await once(proxy.stdout, "data");
          const endpoint = place.host.registry.replace(/:\d+$/, `:${PORT}`);
          stack.set({ ...CONFIG, plan: () => ({ discovery: { mode: "etcd", endpoint } }) });
          try {
            await stack.pulumi("up");
            await tokens(place, 1);
            await subject.destroy();
          } finally {
            proxy.kill();
            await once(proxy, "close");
            stack.set(CONFIG);
          }
          const left = (await look(place)).tokens;
          // Removing a token is not worth a long wait: a slow registry may keep it.
          if (delay < 3000) equal(left.length, 0);
          await forget(left);
          await subject.clean();
        });
    },
  );

  describeFault(
    { fault: "the registry is down during `pulumi destroy`", recovery: "nothing: its token stays there" },
    (trial) => {
      trial("destroy ends clean, and says that the token stays", async () => {
        await subject.mend();
        await subject.kill("registry");
        const { stdout, stderr } = await subject.stack.pulumi("destroy");
        equal(/The discovery token could not be removed/.test(stdout + stderr), true, stdout);
        await labUp(subject.place.context);
        const left = (await look(subject.place)).tokens;
        equal(left.length, 1);
        await forget(left);
        await subject.clean();
      });
    },
  );

  /** Takes tokens out of the registry. */
  async function forget(left: readonly string[]): Promise<void> {
    for (const token of left) {
      const url = `${subject.place.host.registry}/v2/keys/discovery/${token}?recursive=true`;
      await subject.place.inside("curl", "-sSf", "-X", "DELETE", url);
    }
  }
});
