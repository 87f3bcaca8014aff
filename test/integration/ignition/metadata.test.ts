import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

interface Config {
  readonly storage: {
    readonly files: readonly { readonly path: string; readonly contents: { readonly inline: string } }[];
  };
}

const MAC = "52:54:00:86:6a:e4";
const profile = readFileSync(
  join(import.meta.dirname, "../../../ignition/profiles/metadata-local.yaml"),
  "utf8",
);
const raw = (parse(profile) as Config).storage.files[0]?.contents.inline ?? "";
const script = raw.replace("{{metadataPrefixes}}", "COREOS_CUSTOM COREOS");

/** Runs shell commands in a network namespace of their own, with sysfs of that namespace. */
function inNetwork(commands: string, folder: string) {
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const setup = "set -e; mount -t sysfs none /sys\n";
  return spawnSync("unshare", ["--net", "--mount", "--uts", ...user, "sh", "-c", `${setup}${commands}`], {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
  });
}

describe("the metadata provider", function () {
  this.timeout(40_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "metadata-"));
    writeFileSync(join(folder, "provider"), script, { mode: 0o755 });
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const read = (): Record<string, string> =>
    Object.fromEntries(
      readFileSync(join(folder, "run/metadata"), "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split("=") as [string, string]),
    );

  const card = `
    ip link add eth0 address ${MAC} type veth peer name far0; ip link add eth1 type veth peer name far1
    for name in eth0 far0 eth1 far1; do ip link set $name up; done
    ip addr add 10.9.9.9/24 dev eth1`;

  it("writes the card's first global addresses under all names", () => {
    const { status, stderr } = inNetwork(
      `${card}
       hostname kvm-core01; ip addr add 169.254.3.3/16 dev eth0 scope link; ip addr add 10.0.0.7/24 dev eth0;
       ip addr add 10.0.0.8/24 dev eth0; ip -6 addr add fd00::7/64 dev eth0 nodad; ./provider ${MAC} run/metadata`,
      folder,
    );
    assert.equal(status, 0, stderr);
    const values = read();
    for (const kind of ["COREOS_CUSTOM", "COREOS"]) {
      assert.equal(values[`${kind}_HOSTNAME`], "kvm-core01");
      assert.equal(values[`${kind}_PUBLIC_IPV4`], "10.0.0.7");
      assert.equal(values[`${kind}_PRIVATE_IPV4`], "10.0.0.7");
      assert.equal(values[`${kind}_PUBLIC_IPV6`], "fd00::7");
      assert.equal(values[`${kind}_PRIVATE_IPV6`], "fd00::7");
    }
    assert.equal(Object.keys(values).length, 10);
  });

  it("waits for an address that comes late, saying so, and leaves what is not there empty", () => {
    const { status, stderr } = inNetwork(
      `${card}
       (sleep 2; ip addr add 10.0.0.7/24 dev eth0) & ./provider ${MAC} run/metadata; wait`,
      folder,
    );
    assert.equal(status, 0, stderr);
    assert.match(stderr, /waiting for an IPv4 address on the network card 52:54:00:86:6a:e4/);
    assert.equal(read()["COREOS_CUSTOM_PRIVATE_IPV4"], "10.0.0.7");
    assert.equal(read()["COREOS_CUSTOM_PUBLIC_IPV6"], "");
  });

  it("finds the address on a bridge that took the card in", () => {
    const { status, stderr } = inNetwork(
      `${card}
       ip link add br-x address ${MAC} type bridge; ip link set eth0 master br-x; ip link set br-x up;
       ip addr add 10.0.0.7/24 dev br-x; ./provider ${MAC} run/metadata`,
      folder,
    );
    assert.equal(status, 0, stderr);
    assert.equal(read()["COREOS_PRIVATE_IPV4"], "10.0.0.7");
  });

  it("takes the place of an older file at once, and leaves nothing else beside it", () => {
    const { status, stderr } = inNetwork(
      `${card}
       ip addr add 10.0.0.7/24 dev eth0; mkdir run; echo old > run/metadata; ./provider ${MAC} run/metadata; ls run`,
      folder,
    );
    assert.equal(status, 0, stderr);
    assert.equal(read()["COREOS_PRIVATE_IPV4"], "10.0.0.7");
    assert.equal(execFileSync("ls", [join(folder, "run")], { encoding: "utf8" }), "metadata\n");
  });

  it("is plain POSIX shell", () => {
    const { status, stderr } = spawnSync("sh", ["-n", join(folder, "provider")], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });
});
