/**
 * A cluster with TLS of real machines: one member that begins it and one that joins. Who shows a certificate of its authority gets in by
 * other programs than ours, nobody else does at any port; and its private keys are nowhere but where they belong.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issue, makeAuthority } from "../../commands/certificates/x509.ts";
import {
  filesBelow,
  filesWith,
  namesOfThoseWith,
  privateKeysIn,
  spellingsOf,
} from "../support/keyMaterial.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { stackNodes } from "./checks.ts";
import { endLab, failsInLab, inLab, labFolder, npm, onNode, removeLab } from "./support.ts";

const minutes = 60_000;
const [joined, NAMES] = ["dev-core02", ["dev-core01", "dev-core02"]];
const ENDPOINTS = NAMES.map((name) => `https://${name}:2379`).join(",");
/** etcd's ports for clients and for peers. */
const PORTS = [2379, 4001, 2380, 7001];

describeLeavingNothing("a cluster with TLS", function () {
  this.timeout(15 * minutes);
  let folder: string;
  /** What was printed on the way up. */
  let said = "";

  before(async function () {
    this.timeout(40 * minutes); // on a machine where toolchain and image must be built
    await removeLab();
    folder = mkdtempSync(join(tmpdir(), "tls-"));
    const up = await npm("cluster", "lab", "up");
    assert.equal(up.exitCode, 0, up.all);
    const set = "pulumi config set --non-interactive";
    await inLab("sh", "-c", `${set} tls true && ${set} nodes 2 && ${set} bootstrapSize 1`);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await endLab();
  });

  it("becomes healthy, the member that joins too", async () => {
    const { exitCode, all } = await npm("start");
    assert.equal(exitCode, 0, all);
    said = all;
    const status = await npm("cluster", "status", "--json");
    assert.equal(status.exitCode, 0, status.all);
    const { nodes } = JSON.parse(status.stdout) as { nodes: { name: string; health: string }[] };
    assert.deepEqual(
      nodes.map(({ name, health }) => [name, health]),
      NAMES.map((name) => [name, "healthy"]),
    );
  });

  it("lets in who shows what `credentials` writes, which nobody else can read", async () => {
    const { exitCode, all } = await npm("cluster", "credentials", "--out", join(folder, "own"));
    assert.equal(exitCode, 0, all);
    assert.equal(statSync(join(folder, "own")).mode & 0o777, 0o700);
    for (const file of filesBelow(join(folder, "own")))
      assert.equal(statSync(file).mode & 0o777, 0o600, file);
    const answer = await inLab(
      "sh",
      "-c",
      // Only the members that the cluster began with are among the endpoints of etcd.env.
      `. ${join(folder, "own", "etcd.env")}; export ETCDCTL_API=3; etcdctl put /e2e/tls kept; etcdctl endpoint health --cluster; ` +
        `etcdctl member list; unset ETCDCTL_ENDPOINTS; ` +
        `for at in ${ENDPOINTS.replace(",", " ")}; do etcdctl --endpoints $at get /e2e/tls --print-value-only; done`,
    );
    assert.equal(answer.match(/^kept$/gm)?.length, NAMES.length, answer);
    for (const name of NAMES)
      assert.match(answer, new RegExp(`started, ${name}, https://${name}:2380, https://${name}:2379`));
  });

  it("refuses everybody else, at each port for clients and for peers", async () => {
    const own = join(folder, "own");
    const other = await makeAuthority("dev-core etcd CA");
    const stranger = await issue(other, { name: "root", hosts: [...NAMES, "localhost", "127.0.0.1"] });
    writeFileSync(join(folder, "other-ca.pem"), other.cert);
    writeFileSync(join(folder, "other.pem"), stranger.cert);
    writeFileSync(join(folder, "other.key"), stranger.key, { mode: 0o600 });
    const ca = `--cacert ${own}/ca.pem`;
    const ways = {
      right: `https ${ca} --cert ${own}/cert.pem --key ${own}/key.pem`,
      none: `https ${ca}`,
      other: `https ${ca} --cert ${folder}/other.pem --key ${folder}/other.key`,
      suspicious: `https --cacert ${folder}/other-ca.pem --cert ${own}/cert.pem --key ${own}/key.pem`,
      plain: "http",
    };
    const tries = Object.entries(ways).flatMap(([way, words]) =>
      NAMES.flatMap((name) =>
        PORTS.map((port) => {
          const [scheme = "", ...options] = words.split(" ");
          const url = `${scheme}://${name}:${port}${port === 2379 || port === 4001 ? "/version" : "/members"}`;
          return `printf '%s ' ${way}; curl -s --http1.1 --max-time 10 -o /dev/null -w '%{http_code} ' ${options.join(" ")} ${url}; echo $?`;
        }),
      ),
    );
    const lines = (await inLab("sh", "-c", tries.join("\n"))).trim().split("\n");
    assert.equal(lines.length, tries.length);
    const answers = (way: string) =>
      lines.filter((line) => line.startsWith(`${way} `)).map((line) => line.slice(way.length + 1));
    assert.deepEqual(
      answers("right"),
      tries.slice(0, NAMES.length * PORTS.length).map(() => "200 0"),
      "the right one gets in at all of them",
    );
    // curl: 35 and 56, the server's alert within the handshake or behind it; 60, a server that nobody known vouches for.
    for (const way of ["none", "other"])
      for (const answer of answers(way)) assert.match(answer, /^000 (?:35|56)$/, way);
    for (const answer of answers("suspicious")) assert.match(answer, /^000 60$/);
    for (const answer of answers("plain")) assert.match(answer, /^(?:400 0|000 (?:52|56))$/);

    const etcdctl = (...options: string[]): Promise<string> =>
      failsInLab(
        ...["env", "ETCDCTL_API=3", "etcdctl", "--dial-timeout=3s", "--command-timeout=3s", ...options],
        ...["get", "/e2e/tls"],
      );
    const trust = [`--cacert=${own}/ca.pem`, `--endpoints=${ENDPOINTS}`];
    const [stranger1, plain] = await Promise.all([
      etcdctl(...trust, `--cert=${folder}/other.pem`, `--key=${folder}/other.key`),
      etcdctl(`--endpoints=${ENDPOINTS.replaceAll("https", "http")}`),
    ]);
    for (const answer of [stranger1, plain]) assert.doesNotMatch(answer, /kept/);
  });

  it("keeps keys on its machines to those who need them", async () => {
    const script = [
      "sudo stat -c '%a %U %n' /etc/ssl/certs/etcd/key.pem",
      // Whose process it is that reads it.
      "ps -o user= -C etcd",
      // Everything that has a private key, and who may read it.
      "sudo grep -rlIE 'PRIVATE( |%20)KEY-----' /etc /run /var /home /root /opt /tmp 2>/dev/null | sudo xargs stat -c 'file %a %G %n'",
      // What Ignition was told.
      "(cat /sys/firmware/qemu_fw_cfg/by_name/opt/com.coreos/config/raw >/dev/null 2>&1 && echo open) || echo closed",
    ].join("; ");
    for (const name of NAMES) {
      const lines = (await onNode(name, script)).split("\n").map((line) => line.trim());
      const [key = "", user = ""] = lines;
      assert.equal(key, `600 ${user} /etc/ssl/certs/etcd/key.pem`);
      assert.notEqual(user, "root");
      const files = lines.filter((line) => line.startsWith("file "));
      assert.ok(files.length >= 2, lines.join("\n"));
      for (const file of files) assert.match(file, /^file (?:[46]00 \w+|[46]40 root) /);
      assert.ok(lines.includes("closed"), "Ignition's config can be read without root");
    }
  });

  it("changes nothing when it is brought up a second time", async () => {
    const before = await stackNodes();
    const { exitCode, all } = await npm("start");
    assert.equal(exitCode, 0, all);
    assert.match(all, /Cluster: \d+ unchanged/);
    said += all;
    assert.deepEqual(await stackNodes(), before);
  });

  it("has its private keys in no state, log, preview or console", async () => {
    const all = await inLab("pulumi", "stack", "export", "--show-secrets");
    const keys = privateKeysIn(all);
    assert.equal(keys.length, 2 + NAMES.length, "one of the authority, one of clients, one of each node");
    const spellings = keys.flatMap(spellingsOf);
    // The search finds them where they are: in what machines boot from, which QEMU's user alone reads.
    const files = filesBelow(labFolder);
    const told = files.filter((file) => file.endsWith(".ign"));
    assert.equal(told.length, NAMES.length);
    assert.deepEqual(filesWith(told, spellings), told);
    // A machine's disk holds its own key.
    const others = files.filter((file) => !/\.(?:ign|qcow2)$/.test(file));
    assert.ok(others.some((file) => file.endsWith("-console.log")));
    assert.deepEqual(filesWith(others, spellings), []);
    const texts = {
      said,
      state: await inLab("pulumi", "stack", "export"),
      preview: await inLab("pulumi", "preview", "--diff", "--json", "--non-interactive"),
      outputs: await inLab("pulumi", "stack", "output", "--json"),
      consoles: (await npm("cluster", "logs", "--raw")).all,
      journal: await onNode(joined, "sudo journalctl -b --no-pager; ps -eo args"),
    };
    assert.match(texts.state, /"ciphertext"/);
    assert.deepEqual(namesOfThoseWith({ ...texts, all }, spellings), ["all"]);
  });

  it("goes, and leaves nothing", async () => {
    await endLab();
  });
});
