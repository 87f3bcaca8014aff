/** What is done to a cluster of real machines whose members speak TLS alone: paused, restored, with other certificates. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeysIn } from "../support/keyMaterial.ts";
import { stepsIn } from "../support/steps.ts";
import { describeLong, endLab, inside, npm, removeLab } from "./guests.ts";
import { describeFault } from "./record.ts";

const minutes = 60_000;
const NAMES = ["dev-core01", "dev-core02"];
const ENDPOINTS = NAMES.map((name) => `https://${name}:2379`).join(",");

describeLong("a cluster of real machines with TLS", function () {
  this.timeout(30 * minutes);
  let folder: string;

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    folder = mkdtempSync(join(tmpdir(), "faults-tls-"));
    await removeLab();
    await npm("cluster", "lab", "up");
    await pulumi("config", "set", "tls", "true");
    await pulumi("config", "set", "nodes", String(NAMES.length));
    await pulumi("config", "set", "bootstrapSize", "1"); // the second one joins
    await npm("start");
    await newCredentials("first");
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await endLab();
  });

  const pulumi = (...args: string[]): Promise<string> =>
    npm("cluster", "exec", "env", "PULUMI_DEBUG_COMMANDS=1", "pulumi", ...args, "--non-interactive");
  const newCredentials = (name: string): Promise<string> =>
    npm("cluster", "credentials", "--out", join(folder, name));
  /** etcdctl with the credentials of that name. */
  const etcdctl = (name: string, ...args: string[]): Promise<string> => {
    const at = join(folder, name);
    const files = [`--cacert=${at}/ca.pem`, `--cert=${at}/cert.pem`, `--key=${at}/key.pem`];
    const time = ["--dial-timeout=5s", "--command-timeout=20s"];
    return inside("env", "ETCDCTL_API=3", "etcdctl", `--endpoints=${ENDPOINTS}`, ...time, ...files, ...args);
  };
  const put = (key: string, value: string): Promise<string> => etcdctl("first", "put", key, value);
  const valuesBy = async (name: string): Promise<string> =>
    (await etcdctl(name, "get", "--prefix", "/tls/")).trim().replaceAll("\n", " ");
  const unchanged = (): Promise<string> => pulumi("preview", "--expect-no-changes");

  describeFault({ fault: "a cluster with TLS is paused", recovery: "`resume`" }, (trial) => {
    trial("and has its data again, the member that joined too", async (recover) => {
      await put("/tls/paused", "kept");
      await npm("cluster", "pause");
      await recover(() => npm("cluster", "resume"));
      assert.equal(await valuesBy("first"), "/tls/paused kept");
      await unchanged();
    });
  });

  describeFault({ fault: "etcd's data are spoilt in a cluster with TLS", recovery: "`restore`" }, (trial) => {
    trial("and those of the snapshot are there again, on the same keys and certificates", async (recover) => {
      const file = join(folder, "spoilt.db");
      await npm("cluster", "snapshot", "save", file);
      await put("/tls/paused", "spoilt");
      await recover(() => npm("cluster", "restore", file, "--yes"));
      assert.equal(await valuesBy("first"), "/tls/paused kept");
      await unchanged();
    });
  });

  describeFault({ fault: "a member of a cluster with TLS is replaced", recovery: "`replace`" }, (trial) => {
    trial("the one that began it: on the same keys and certificates, the data are there", async (recover) => {
      const [began = "", joined = ""] = NAMES;
      const keys = async (): Promise<string[]> =>
        privateKeysIn(await pulumi("stack", "export", "--show-secrets"));
      const machines = (): Promise<string[]> =>
        Promise.all([began, joined].map((name) => inside("virsh", "domuuid", name)));
      const [before, first] = [await keys(), await machines()];
      await recover(() => npm("cluster", "replace", began));
      assert.equal(await valuesBy("first"), "/tls/paused kept");
      assert.deepEqual((await keys()).toSorted(), before.toSorted());
      const now = await machines();
      assert.notEqual(now[0], first[0]);
      assert.equal(now[1], first[1]);
      await unchanged();
    });
  });

  describeFault(
    { fault: "a key of a cluster with TLS has become known", recovery: "`tlsRotation`, and `restore`" },
    (trial) => {
      trial("all keys are others, the old ones open nothing, the data are there", async (recover) => {
        const file = join(folder, "rotation.db");
        const keys = async (): Promise<string[]> =>
          privateKeysIn(await pulumi("stack", "export", "--show-secrets"));
        const before = await keys();
        await npm("cluster", "snapshot", "save", file);
        await pulumi("config", "set", "tlsRotation", "2");
        // The preview announces all of it: certificates, machines, and another discovery URL; no pool, no base image.
        const log = join(folder, "preview.json");
        await pulumi("preview", "--event-log", log);
        const announced = stepsIn(readFileSync(log, "utf8")).map(({ name, op }) => `${op} ${name}`);
        for (const name of ["cluster-ca", "cluster-client-certificate"])
          assert.ok(announced.includes(`replace ${name}`), name);
        for (const name of NAMES)
          for (const part of ["certificate", "ignition", "disk", "domain"])
            assert.ok(announced.includes(`replace ${name}-${part}`), announced.join("\n"));
        assert.ok(!announced.some((step) => /pool|base|host|owner/.test(step)), announced.join("\n"));
        await recover(async () => {
          await npm("start");
          await npm("cluster", "restore", file, "--yes");
        });
        await newCredentials("second");
        assert.equal(await valuesBy("second"), "/tls/paused kept");
        await assert.rejects(valuesBy("first"));
        const now = await keys();
        assert.equal(now.length, before.length);
        assert.deepEqual(
          now.filter((key) => before.includes(key)),
          [],
        );
        await unchanged();
      });
    },
  );
});
