/** `up` over qemu+ssh:// with the real engine, provider, ssh, sshd and libvirtd; machines over empty disks, which boot nothing. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compare } from "../../../host/snapshot/compare.ts";
import { takeSnapshot } from "../../../host/snapshot.ts";
import { POOLS, type Stack } from "../program/support.ts";
import { makeRemotePlace, type RemotePlace } from "./support.ts";

describe("a libvirt host behind ssh", function () {
  this.timeout(300_000);
  let place: RemotePlace;
  let stack: Stack;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makeRemotePlace();
    stack = await place.stack("far", { prefix: "far" });
  });
  after(() => place.remove());

  /** What `pulumi up` says when it fails. */
  const failure = async (): Promise<{ text: string; took: number }> => {
    const began = performance.now();
    const error = await stack.pulumi("up").then(
      () => new Error("it did not fail"),
      (reason: unknown) => reason,
    );
    return {
      text: error instanceof Error ? error.message : String(error),
      took: (performance.now() - began) / 1000,
    };
  };

  it("gets base image, Ignition files and machines; a second up and a refresh change nothing; destroy leaves it as it was", async () => {
    const options = { libvirt: true };
    const before = await takeSnapshot(place.access, options);
    const kept = join(place.folder, "kept.json");
    const connect = ["--connect", place.other.uri];
    const saved = await place.cluster({}, "leaks", ...connect, "--save", kept);
    equal(saved.exitCode, 0, saved.all);

    await stack.pulumi("up");
    const volumes = await place.virsh("vol-list", "far");
    match(volumes, /base-/);
    for (const name of ["far01", "far02"]) match(volumes, new RegExp(`${name}-one\\.ign`));
    deepEqual((await place.virsh("list", "--name")).trim().split(/\s+/).toSorted(), ["far01", "far02"]);
    const base = /(\/\S*base-\S*)/.exec(volumes)?.[1] ?? "";
    await place.inside("qemu-img", "compare", "-q", "-f", "qcow2", "-F", "qcow2", base, place.image);
    // The config as the provider wrote it into the file, through ssh.
    match(await place.inside("cat", `${POOLS}/far/far01-one.ign`), /"node":"far01"/);
    await stack.pulumi("preview", "--expect-no-changes");
    await stack.pulumi("refresh", "--expect-no-changes");

    const list = await place.cluster({}, "list", ...connect, "--json");
    match(list.stdout, /"far01"|"far"/);
    const log = "/var/log/libvirt/qemu/far01-console.log";
    await place.inside("sh", "-c", `echo "COREOS-CLUSTER-IGNITION-FAILED: no such disk" >>${log}`);
    const failing = await place.near(
      {
        ...{ NODES: "far01=52:54:00:00:00:01", MODE: "static", TIMEOUT: "60" },
        LIBVIRT_URI: place.other.uri,
      },
      ...[process.execPath, "commands/readiness.ts", "wait"],
    );
    equal(failing.exitCode, 1, failing.all);
    match(failing.all, /far01 can't become healthy: Ignition failed: no such disk/);
    match(failing.all, /The end of its console [^]*\| COREOS-CLUSTER-IGNITION-FAILED: no such disk/);

    const leaking = await place.cluster({}, "leaks", ...connect, "--against", kept);
    equal(leaking.exitCode, 1, leaking.all);
    const doctor = await place.cluster({}, "doctor", ...connect);
    ok(!/can't be reached|not checked: there is no connection/.test(doctor.all), doctor.all);
    match(doctor.all, /libvirt 9|libvirt 1\d/);
    const prepare = await place.cluster({}, "host-prepare", ...connect, "--dry-run", "--bridge", "br0");
    equal(prepare.exitCode, 0, prepare.all);

    await stack.pulumi("destroy");
    const clean = await place.cluster({}, "leaks", ...connect, "--against", kept);
    equal(clean.exitCode, 0, clean.all);
    deepEqual(
      compare(before, await takeSnapshot(place.access, options)).filter(({ part }) => part !== "logs"),
      [],
    );
  });

  it("that lost its sshd, changed its key or takes none of ours is told in seconds, with what to do", async () => {
    await place.other.stopSshd();
    const gone = await failure();
    match(
      gone.text,
      /nothing has been made there[^]*198\.18\.77\.1 is there, but no sshd answers at port 22/,
    );
    await place.other.newHostKey();
    await place.other.startSshd();
    const changed = await failure();
    match(changed.text, /is another one than .*known_hosts has.*ssh-keygen -R/s);
    ok(gone.took < 60 && changed.took < 60, `${gone.took} s, ${changed.took} s`);
    deepEqual(await place.things(), []);
    place.other.trustHostKey();
    place.other.authorize(false);
    const refused = await failure();
    match(refused.text, /lets nobody in with that user and the key .*keyfile=FILE/);
    ok(refused.took < 60, `${refused.took} s`);
    deepEqual(await place.things(), []);
    place.other.authorize(true);
  });

  it("whose sshd ends in the middle of up fails it; the next up and destroy go on", async () => {
    const child = stack.start("up");
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const ended = once(child, "close");
    const running = (): boolean => child.exitCode === null && child.signalCode === null;
    while (running() && !/far01|machines-pool/.test(text)) await sleep(50);
    ok(running(), text);
    const began = performance.now();
    await place.other.stopSshd();
    await ended;
    ok(performance.now() - began < 90_000, text);
    await place.other.startSshd();
    await stack.pulumi("cancel").catch(() => undefined);
    await stack.pulumi("up");
    await stack.pulumi("preview", "--expect-no-changes");
    await stack.pulumi("destroy");
    deepEqual(await place.things(), []);
  });
});
