/**
 * What is said of a libvirt host behind ssh that can't be used, and what is done to one that can, with a real sshd: early, with one
 * message, asking nobody anything.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../../../commands/doctor/types.ts";
import { run } from "../../../lab/shared/process.ts";
import { makeRemotePlace, type RemotePlace } from "./support.ts";

const checkout = join(import.meta.dirname, "../../..");

/** Waits half a minute at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    ok(tries < 150, "it did not come");
    await sleep(200);
  }
}

/** Seconds that a verb may take to say it, on a busy machine. */
const SOON = 20;

interface Trouble {
  readonly what: string;
  readonly uri: (place: RemotePlace) => Promise<string> | string;
  /** What the doctor's finding says. */
  readonly found: RegExp;
  readonly remedy: RegExp;
  /** What every other verb says, behind libvirt's or ssh's own words. */
  readonly advice: RegExp;
  /** host-prepare needs no libvirt. */
  readonly prepares?: boolean;
}

const withKey = ({ other }: RemotePlace, file: string): string =>
  other.uri.replace(/keyfile=[^&]*/, `keyfile=${encodeURIComponent(file)}`);

const TROUBLES: readonly Trouble[] = [
  {
    what: "a user whom sshd does not let in",
    uri: ({ other }) => other.uri.replace("root@", "nosuch@"),
    found: /ssh was refused: the host takes none of your keys .*Permission denied/,
    remedy: /^ssh-copy-id -i '.*\/key' -o 'UserKnownHostsFile=.*' nosuch@198\.18\.77\.1$/,
    advice:
      /198\.18\.77\.1 lets nobody in with that user and the key .*\/key\. User and key are parts of the URI/,
  },
  {
    what: "a key with a passphrase, and no agent that has it",
    uri: async (place) => {
      const file = join(place.folder, "locked");
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", file]);
      writeFileSync(join(place.folder, "sshd", "authorized_keys"), await keyOf(`${file}.pub`), { flag: "a" });
      return withKey(place, file);
    },
    found: /ssh was refused/,
    remedy: /^ssh-copy-id /,
    advice:
      /A key with a passphrase must be in an ssh agent \(ssh-add \S+\/locked\): nobody is asked for it here/,
  },
  {
    what: "a key file that is not there",
    uri: (place) => withKey(place, "/nowhere/key"),
    found: /ssh was refused|no key/,
    remedy: /^ssh-copy-id -i \/nowhere\/key /,
    advice: /there is no key \/nowhere\/key here: keyfile= in the URI names the file of a private key/,
  },
  {
    what: "a host whose key nobody knows",
    uri: ({ other, folder }) => {
      writeFileSync(join(folder, "empty"), "");
      return other.uri.replace(/knownhosts=.*/, `knownhosts=${encodeURIComponent(join(folder, "empty"))}`);
    },
    found: /ssh does not know the host's key, or it has changed/,
    remedy: /^ssh -i .* -o 'UserKnownHostsFile=".*\/empty"' root@198\.18\.77\.1 true$/,
    advice: /the key of 198\.18\.77\.1 is not in \S+\/empty\. .*: ssh-keyscan -t ed25519 198\.18\.77\.1 >> /,
  },
  {
    what: "a port where no sshd is",
    uri: ({ other }) => other.uri.replace("198.18.77.1", "198.18.77.1:2222"),
    found: /the host refuses the connection: nothing listens there/,
    remedy: /^ssh -p 2222 .* root@198\.18\.77\.1 true$/,
    advice: /198\.18\.77\.1 is there, but no sshd answers at port 2222/,
  },
  {
    what: "a host that is not there",
    uri: ({ other }) => other.uri.replace("198.18.77.1", "198.18.77.9"),
    found: /the host can't be reached/,
    remedy: /^ping -c 3 198\.18\.77\.9$/,
    advice: /198\.18\.77\.9 does not answer\. Is it on, is its sshd running/,
  },
  {
    what: "a host whose libvirt does not run",
    uri: async (place) => {
      await place.inside("sh", "-c", "kill -KILL $(pgrep -x libvirtd --ns $$ --nslist net)");
      return place.other.uri;
    },
    found: /libvirt's daemon is not running there, or not installed/,
    remedy: /^ssh -i .* root@198\.18\.77\.1 systemctl enable --now libvirtd$/,
    advice: /libvirt does not run on 198\.18\.77\.1: ssh .* systemctl start libvirtd/,
    prepares: true,
  },
];

const keyOf = async (file: string): Promise<string> => (await run("cat", [file])).stdout;

/** A copy of what host-prepare may change, over the other machine's own: its folders are this machine's too. */
const PRIVATE = `folder=$1/private; mkdir -p "$folder/lib/libvirt"; cp -a /etc "$folder/etc"; rm -rf "$folder/etc/qemu"
mount --bind "$folder/etc" /etc; mount --rbind /var/lib/libvirt "$folder/lib/libvirt"; mount --rbind "$folder/lib" /var/lib
echo 0 >"$folder/ksm"; if [ -e /sys/kernel/mm/ksm/run ]; then mount --bind "$folder/ksm" /sys/kernel/mm/ksm/run; fi
iptables -P FORWARD DROP; echo 0 >/proc/sys/net/ipv4/ip_forward
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi`;

const STATE = `iptables-save | grep -v '^#' | sed 's/ \\[.*\\]$//'; cat /proc/sys/net/ipv4/ip_forward /sys/kernel/mm/ksm/run
grep -sH '' /proc/sys/net/bridge/*; cat /etc/qemu/bridge.conf 2>&1; ls -A /etc/qemu /var/lib 2>&1; true`;

describe("what is said of a libvirt host behind ssh", function () {
  this.timeout(300_000);
  let place: RemotePlace;
  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makeRemotePlace();
    await place.inside("sh", "-c", PRIVATE, "sh", place.folder);
  });
  after(() => place.remove());

  const look = async (uri: string): Promise<{ took: number; findings: readonly Finding[] }> => {
    const { stdout, all, took } = await place.cluster({}, "doctor", "--connect", uri, "--json");
    match(stdout, /^\{/, all);
    return { took, ...(JSON.parse(stdout) as { findings: readonly Finding[] }) };
  };
  const texts = (findings: readonly Finding[]): string[] =>
    findings.filter(({ level }) => level === "problem").map(({ id, found }) => `${id}: ${found}`);

  it("that is fit: host-prepare changes it once, and takes exactly that back; the doctor's remedies mend it", async () => {
    const { uri } = place.other;
    const state = (): Promise<string> => place.inside("sh", "-c", STATE);
    const before = await state();
    const prepare = (...words: string[]) => place.cluster({}, "host-prepare", "--connect", uri, ...words);

    const dry = await prepare("--bridge", "br0", "--dry-run");
    match(dry.all, /^iptables -I FORWARD -o br0 .*ACCEPT$/m);
    equal(await state(), before);

    const changed = await prepare("--bridge", "br0");
    equal(changed.exitCode, 0, changed.all);
    match(changed.all, /changes made on 198\.18\.77\.1; what was there before is in/);
    const after = await state();
    match(after, /-A FORWARD -i br0 .*-j ACCEPT/);
    match((await prepare("--bridge", "br0")).all, /^Nothing to change: 198\.18\.77\.1 is ready/m);
    equal(await state(), after);
    deepEqual(
      (await look(uri)).findings.filter(({ id, level }) => /sysctls|forward|ksm/.test(id) && level !== "ok"),
      [],
    );

    // As it is printed: it names the host.
    const [, undo = ""] = /^Take all back: (.*)$/m.exec(changed.all) ?? [];
    match(undo, /^npm run cluster -- host-prepare --undo --connect '?qemu\+ssh:/);
    const back = await place.near({}, "sh", "-c", undo);
    equal(back.exitCode, 0, back.all);
    equal(await state(), before);
    match((await prepare("--undo")).all, /^Nothing to take back on 198\.18\.77\.1\.$/m);

    // The same faults, by the doctor's own remedies.
    const { findings } = await look(uri);
    for (const { id, remedy } of findings)
      if (/sysctls|forward|ksm/.test(id) && remedy !== undefined) {
        const pasted = await place.near({}, "sh", "-c", remedy);
        equal(pasted.exitCode, 0, `${remedy}\n${pasted.all}`);
      }
    deepEqual(
      (await look(uri)).findings
        .filter(({ id }) => /sysctls|forward|ksm/.test(id))
        .map(({ id, level }) => `${id} ${level}`),
      ["sysctls ok", "forward ok", "ksm ok"],
    );
  });

  it("that two prepare at once: one waits for the other, and all is taken back", async () => {
    const { uri } = place.other;
    await place.inside("sh", "-c", "ip link add quiet0 type bridge; ip link set quiet0 up");
    try {
      const before = await place.inside("sh", "-c", STATE);
      const held = place.inside("flock", "/var/lib", "sleep", "5"); // as a third one that takes its time
      await sleep(500);
      const answers = await Promise.all(
        ["br0", "quiet0"].map((bridge) =>
          place.cluster({}, "host-prepare", "--connect", uri, "--bridge", bridge, "--skip", "sysctls,ksm"),
        ),
      );
      for (const { exitCode, all } of answers) equal(exitCode, 0, all);
      await held;
      for (const { all } of answers) match(all, /^Waiting for another host-prepare on 198\.18\.77\.1\.$/m);
      const record = await place.inside("cat", "/var/lib/coreos-cluster/host-prepare.json");
      for (const bridge of ["br0", "quiet0"]) match(record, new RegExp(`"allow ${bridge}`));
      const back = await place.cluster({}, "host-prepare", "--undo", "--connect", uri);
      equal(back.exitCode, 0, back.all);
      equal(await place.inside("sh", "-c", STATE), before);
    } finally {
      await place.inside("ip", "link", "delete", "quiet0");
    }
  });

  it("that has a DHCP server, or has none: asked through ssh; killed in the middle, nothing of it stays", async () => {
    const { uri } = place.other;
    const about = async (bridge: string): Promise<string> => {
      const { stdout, all } = await place.cluster(
        {},
        ...["doctor", "--connect", uri, "--bridge", bridge, "--json"],
      );
      match(stdout, /^\{/, all);
      const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
      return findings.flatMap(({ id, level, found }) => (id === "dhcp" ? `${level}: ${found}` : [])).join();
    };
    const links = (): Promise<string> => place.inside("sh", "-c", "ls /sys/class/net");
    await place.inside("sh", "-c", "ip link add quiet0 type bridge; ip link set quiet0 up");
    try {
      const before = await links();
      match(await about("br0"), /^ok: 10\.77\.0\.1 offers 10\.77\.0\.\d+ on br0 /);
      match(await about("quiet0"), /^problem: no DHCP server answered on quiet0 within \d+ s/);
      equal(await links(), before);
      // The whole group goes, ssh too, as with a terminal that is closed.
      const [file = "", ...enter] = place.other.here;
      const doctor = spawn(
        file,
        [...enter, process.execPath, "commands/main.ts", "doctor", "--connect", uri, "--bridge", "quiet0"],
        { detached: true, stdio: "ignore", cwd: checkout },
      );
      await until(async () => (await links()).includes("dhcp-"));
      process.kill(-(doctor.pid ?? 0), "SIGKILL");
      await until(async () => (await links()) === before);
    } finally {
      await place.inside("ip", "link", "delete", "quiet0");
    }
  });

  for (const { what, uri: uriOf, found, remedy, advice, prepares } of TROUBLES)
    it(what, async () => {
      const uri = await uriOf(place);
      const { took, findings } = await look(uri);
      ok(took < SOON, `${took} s`);
      const connection = findings.find(({ id }) => id === "connection");
      match(connection?.found ?? "", found);
      match(connection?.remedy ?? "", remedy);
      // One message: nothing else that needs the host is called wrong.
      deepEqual(
        texts(findings).filter((text) => !/^(connection|tools|discovery):/.test(text)),
        [],
      );
      for (const words of [["list"], ["logs"], ["leaks"], ["host-prepare", "--bridge", "br0", "--dry-run"]]) {
        const answer = await place.cluster({}, ...words, "--connect", uri);
        ok(answer.took < SOON, `${words.join(" ")}: ${answer.took} s`);
        if (words[0] === "host-prepare" && prepares === true) equal(answer.exitCode, 0, answer.all);
        else {
          equal(answer.exitCode, 1, answer.all);
          match(answer.all, advice);
          ok(!/\n\s+at /.test(answer.all), `a stack trace:\n${answer.all}`);
        }
      }
    });
});
