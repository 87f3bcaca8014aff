/**
 * One member with TLS on a libvirt host behind a real sshd, its network out of reach from where Pulumi runs: healthy through the host,
 * and looked at, paused, resumed and logged in to the same way.
 */
import { equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureImage } from "../../lab/image/index.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { makeRemotePlace, type Answer, type RemotePlace } from "../integration/remote/support.ts";

const checkout = join(import.meta.dirname, "../..");

describeLeavingNothing("a cluster on a libvirt host behind ssh", function () {
  this.timeout(15 * 60_000);
  let place: RemotePlace;
  let stack: Awaited<ReturnType<RemotePlace["program"]>>;
  let key: string;

  before(async function () {
    this.timeout(40 * 60_000); // on a machine where toolchain and image must be built
    place = await makeRemotePlace();
    const image = await ensureImage(place.context);
    key = join(place.folder, "node key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const sha256 = execFileSync("sha256sum", ["--", image.path], { encoding: "utf8" }).split(" ")[0];
    const config = {
      nodes: 1,
      memory: 512,
      tls: "true",
      os: "lab",
      image: { source: image.path, sha256 },
      bridge: place.host.bridge,
      domainType: place.host.domainType,
      discovery: { mode: "etcd", endpoint: place.host.registry },
      sshAuthorizedKeys: [readFileSync(`${key}.pub`, "utf8").trim()],
    };
    const named = Object.entries(config).map(([name, value]) => [`coreos-cluster:${name}`, value]);
    stack = await place.program("far", checkout, Object.fromEntries(named) as Record<string, unknown>);
  });
  after(() => place.remove());

  const connected = (verb: string, ...args: string[]): Promise<Answer> =>
    place.cluster(stack.env, verb, "--connect", place.other.uri, "--stack", "far", ...args);

  it("becomes healthy through the host", async () => {
    const { stdout } = await stack.pulumi("up");
    match(stdout, /The discovery registry can't be reached from here: it is asked through 198\.18\.77\.1/);
    match(stdout, /The machines can't be reached from here: they are asked through 198\.18\.77\.1/);
    match(stdout, /The one member is healthy/);
    await stack.pulumi("preview", "--expect-no-changes");
  });

  it("is shown by status and logs", async () => {
    const status = await connected("status");
    equal(status.exitCode, 0, status.all);
    match(status.stdout, /far-core01 +leader +running +10\.77\.0\.\d+ .* healthy/);
    const logs = await connected("logs", "far-core01");
    match(logs.stdout, /login:|COREOS-CLUSTER|systemd/);
  });

  it("takes logins through the host", async () => {
    const { stdout } = await stack.pulumi("stack", "output", "sshConfig");
    match(stdout, /ProxyCommand ssh .* -W %h:%p -- 198\.18\.77\.1/);
    const outputs = JSON.parse((await stack.pulumi("stack", "output", "--json")).stdout) as {
      sshCommands: Record<string, string>;
    };
    const command = (outputs.sshCommands["far-core01"] ?? "").replace(
      /^ssh /,
      `ssh -i '${key}' -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null `,
    );
    const login = await place.near(stack.env, "sh", "-c", `${command} hostname`);
    match(login.stdout, /^far-core01$/m, login.all);
  });

  it("is paused and resumed", async () => {
    const paused = await connected("pause");
    equal(paused.exitCode, 0, paused.all);
    equal((await connected("status")).exitCode, 1);
    const resumed = await connected("resume");
    equal(resumed.exitCode, 0, resumed.all);
    match(resumed.stdout, /Resumed: the cluster is healthy/);
  });

  it("gets back what somebody took off the host, before a refresh that is typed", async () => {
    const file = /^\s*(\S+\.ign)\s/m.exec(await place.virsh("vol-list", "far-core"))?.[1] ?? "";
    await place.virsh("vol-delete", file, "--pool", "far-core");
    await place.virsh("pool-destroy", "far-core");
    const words = ["up", "--refresh", "--yes", "--skip-preview", "--non-interactive"];
    const up = await place.cluster(stack.env, "tools", "pulumi", ...words);
    equal(up.exitCode, 0, up.all);
    match(
      up.all,
      new RegExp(`Put back, since a refresh stops where it is missing: pool far-core, Ignition file ${file}`),
    );
    await stack.pulumi("preview", "--expect-no-changes");
    match(await place.virsh("vol-list", "far-core"), new RegExp(file));
  });

  it("is asked directly where there is a way", async () => {
    await place.other.route(true);
    const before = place.other.log().length;
    const status = await connected("status");
    equal(status.exitCode, 0, status.all);
    ok(!/direct-tcpip/.test(place.other.log().slice(before)));
    await place.other.route(false);
  });

  it("goes, and leaves nothing", async () => {
    await stack.pulumi("destroy");
    equal((await place.things()).join(), "");
  });
});
