/** Passwords in URLs that the config sets with --secret, with the real engine: neither in the state nor in anything that is said, also when `up` fails. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { enterCommand } from "../../../lab/libvirt/index.ts";
import { filesBelow, filesWith, namesOfThoseWith } from "../../support/keyMaterial.ts";
import { Watcher } from "../../support/watcher.ts";
import { publicKey } from "../../unit/plan/fixtures.ts";
import { makePlace, type Place } from "../program/support.ts";

const checkout = join(import.meta.dirname, "../../..");
const PASSWORDS = ["metadata-password-1", "registry-password-2"] as const;

/** As it is, and as programs write it on the way. */
const spellings = PASSWORDS.flatMap((password) => [
  password,
  encodeURIComponent(password),
  Buffer.from(password).toString("base64").replace(/=+$/, "").slice(0, -1),
  ...["user:", "u:"].map((user) =>
    Buffer.from(user + password)
      .toString("base64")
      .replace(/=+$/, "")
      .slice(0, -1),
  ),
]);

describe("passwords in the URLs of a config", function () {
  this.timeout(5 * 60_000);
  let place: Place;
  let stack: Awaited<ReturnType<Place["program"]>>;
  const events = (): string => join(place.folder, "events.json");

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    const config = {
      ...{ nodes: 1, memory: 256, os: "lab", prefix: "url", domainType: "qemu", readinessTimeout: 10 },
      image: { source: place.image, insecure: true },
      bridge: place.host.bridge,
      profiles: "base,metadata-remote,etcd",
      sshAuthorizedKeys: [publicKey()],
    };
    const named = Object.entries(config).map(([name, value]) => [`coreos-cluster:${name}`, value]);
    stack = await place.program("urls", checkout, Object.fromEntries(named) as Record<string, unknown>);
    const [metadata, registry] = PASSWORDS;
    const set = async (name: string, value: string): Promise<void> => {
      const [file, ...args] = [...enterCommand(place.context), "pulumi", "--cwd", checkout, "config", "set"];
      await promisify(execFile)(file, [...args, "--secret", `coreos-cluster:${name}`, value], {
        env: { ...process.env, ...stack.env },
      });
    };
    await set("metadataUrl", `http://user:${metadata}@10.77.0.1:9/latest`);
    const endpoint = place.host.registry.replace("://", `://u:${registry}@`);
    await set("discovery", JSON.stringify({ mode: "etcd", endpoint }));
  });
  after(() => place.remove());

  it("are in no message, log or event of a run that fails, on no command line, and not in the state", async () => {
    const temporary = join(place.folder, "tmp");
    mkdirSync(temporary);
    const watcher = new Watcher(temporary, ...PASSWORDS);
    let said = "";
    await rejects(stack.pulumi("up", "--debug", "--event-log", events()), (error: Error) => {
      said = error.message + String((error.cause as { output?: string } | undefined)?.output);
      return true;
    });
    watcher.end();
    match(said, /url-?01/);
    deepEqual(
      [...watcher.arguments].filter((words) => namesOfThoseWith({ words }, spellings).length > 0),
      [],
    );
    const { stdout: state } = await stack.pulumi("stack", "export");
    match(state, /url-?01-domain/);
    const preview = await stack.pulumi("preview", "--diff", "--json", "--debug");
    const texts = {
      said,
      state,
      events: readFileSync(events(), "utf8"),
      preview: preview.stdout + preview.stderr,
    };
    deepEqual(namesOfThoseWith(texts, spellings), []);
    // Nor is anybody told of outputs that this cluster has not.
    ok(!/Undefined value/.test(texts.preview + said));
  });

  it("are on the host in what the machine boots from alone", () => {
    const files = filesWith(filesBelow(place.folder), spellings);
    equal(files.length, 1, files.join("\n"));
    match(files[0] ?? "", /\.ign$/);
  });
});
