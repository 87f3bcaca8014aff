/** Where the private keys of a cluster with TLS go, with the real engine and the real provider: into the state, encrypted, and into what machines boot from. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClusterPlan } from "../../../plan/types.ts";
import { layout } from "../../../lab/libvirt/layout.ts";
import {
  filesBelow,
  filesWith,
  namesOfThoseWith,
  privateKeysIn,
  spellingsOf,
} from "../../support/keyMaterial.ts";
import { Watcher } from "../../support/watcher.ts";
import { type Config, makePlace, type Place, type Stack } from "../program/support.ts";

describe("the private keys of a cluster with TLS", function () {
  this.timeout(8 * 60_000);
  let place: Place;
  let stack: Stack;
  let temporary: string;
  const config = (plan: Partial<ClusterPlan>, nodes = 1): Config => ({
    ...{ prefix: "keys", nodes, clients: ["reader"], generation: "profiles" },
    plan: () => ({ tls: { rotation: "1" }, bootstrapSize: 1, ...plan }),
  });
  const exported = async (...args: string[]): Promise<string> =>
    (await stack.pulumi("stack", "export", ...args)).stdout;
  /** As only who has the passphrase can read it; it goes to no log. */
  const withSecrets = async (): Promise<string> => {
    const [file, ...args] = [...stack.session.enter, "pulumi", "stack", "export"];
    const env = { ...process.env, ...stack.session.env };
    return (await promisify(execFile)(file, [...args, "--show-secrets"], { env, maxBuffer: 2 ** 26 })).stdout;
  };
  /** All that could give away the keys that the stack has now. */
  const spellings = async (): Promise<string[]> => privateKeysIn(await withSecrets()).flatMap(spellingsOf);
  const events = (): string => join(place.folder, "events.json");

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace(undefined, (folder) => {
      temporary = join(folder, "tmp");
      mkdirSync(temporary);
      return temporary;
    });
    stack = await place.stack("keys", config({}));
  });
  after(() => place.remove());

  it("are on no command line, in nobody else's reach, and in no temporary file that stays or that others read", async () => {
    const watcher = new Watcher(temporary, "PRIVATE KEY");
    // At 9 the engine traces all values that go between its processes (docs/tls.md).
    const { stdout, stderr } = await stack.pulumi(
      "up",
      "--debug",
      "-v=8",
      "--logtostderr",
      "--event-log",
      events(),
    );
    watcher.end();
    const secret = await spellings();
    const has = (text: string): boolean => namesOfThoseWith({ text }, secret).length > 0;
    ok(secret.length > 0 && watcher.arguments.size > 10);
    deepEqual([...watcher.arguments].filter(has), []);
    const environments = [...watcher.environments].filter(([text]) => has(text));
    ok(environments.length > 0, "the programs that make certificates were seen at work");
    for (const [, { user, mode }] of environments)
      deepEqual([user, mode & 0o777], [process.getuid?.(), 0o400]);
    const files = [...watcher.files].filter(([, { content }]) => has(content));
    ok(watcher.files.size > 0, "temporary files were seen");
    for (const [name, { mode }] of files) equal(mode & 0o077, 0, name);
    deepEqual(filesWith(filesBelow(temporary), secret), []);
    deepEqual(namesOfThoseWith({ stdout, stderr, events: readFileSync(events(), "utf8") }, secret), []);
  });

  it("are encrypted in the state, and on the host in what machines boot from alone", async () => {
    const secret = await spellings();
    equal(privateKeysIn(await withSecrets()).length, 4, "authority, clients, two machines");
    match(await exported(), /"ciphertext"/);
    deepEqual(namesOfThoseWith({ state: await exported() }, secret), []);
    const { root } = layout(place.context.paths);
    const found = filesWith(filesBelow(place.folder), secret);
    deepEqual(
      found.map((file) => file.replace(/^.*\/(keys[^/]*)-[0-9a-f]{12}\.ign$/, "$1")).toSorted(),
      ["keys-reader", "keys01"],
      found.join("\n"),
    );
    for (const file of found) ok(file.startsWith(root), file);
  });

  it("are in no preview, whatever is to change", async () => {
    const secret = await spellings();
    stack.set(config({ tls: { rotation: "2" }, sshAuthorizedKeys: ["ssh-ed25519 AAAA another"] }));
    const asJson = await stack.pulumi("preview", "--diff", "--json", "--event-log", events());
    const asText = await stack.pulumi("preview", "--diff", "--show-replacement-steps");
    match(asText.stdout, /keys01-ignition/);
    const texts = {
      ...{ json: asJson.stdout, text: asText.stdout + asText.stderr },
      events: readFileSync(events(), "utf8"),
    };
    deepEqual(namesOfThoseWith(texts, secret), []);
  });

  it("are in no message of a program that knows them and fails, nor in the log that Pulumi writes of it", async () => {
    // A member that joins: nothing answers where the machine that begins the cluster boots from an empty disk.
    stack.set(config({ readinessTimeout: 3 }, 2));
    let message = "";
    await rejects(stack.pulumi("up", "--event-log", events()), (error: Error) => {
      message = error.message + String((error.cause as { output?: string } | undefined)?.output);
      return true;
    });
    match(message, /keys02/);
    ok(!message.includes("PRIVATE KEY"), message);
    const secret = await spellings();
    const log = readFileSync(place.context.paths.log, "utf8");
    deepEqual(namesOfThoseWith({ message, log, events: readFileSync(events(), "utf8") }, secret), []);
    writeFileSync(events(), "");
  });

  it("go with the stack", async () => {
    stack.set(config({}));
    const secret = await spellings();
    await stack.pulumi("destroy");
    deepEqual(filesWith(filesBelow(place.folder), secret), []);
  });
});
