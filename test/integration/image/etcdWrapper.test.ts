import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

const wrapper = join(import.meta.dirname, "../../../lab/image/rootfs/usr/lib/coreos/etcd-wrapper");

/** Runs the wrapper among doubles of the programs that it calls; etcd's says what it was given. */
describe("etcd-wrapper", () => {
  let folder: string;

  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "etcd-wrapper-"));
    mkdirSync(join(folder, "bin"));
    program("systemd-detect-virt", 'echo "$TEST_VIRT"');
    program(
      "etcd",
      'if [ "$1" = --version ]; then echo "etcd Version: 3"; else env | grep ^ETCD_ | sort; echo "$@"; fi',
    );
    program("setpriv", 'echo "$1 $2"; shift 5; exec "$@"');
    program("chown", 'echo "chown $1"');
    program("id", "echo 7");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** @returns the lines of its output and what it noted. */
  function start(
    virt: string,
    env: Record<string, string>,
    ...args: string[]
  ): { out: string[]; notes: string } {
    const path = `${join(folder, "bin")}:/usr/bin:/bin`;
    const { status, stdout, stderr } = spawnSync("sh", [wrapper, ...args], {
      env: { PATH: path, TEST_VIRT: virt, ...env },
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    return { out: stdout.trim().split("\n"), notes: stderr };
  }

  it("takes variables that flags shadow out of the environment, which etcd refuses", () => {
    const env = { ETCD_NAME: "a", ETCD_LISTEN_PEER_URLS: "b", ETCD_DEBUG: "true" };
    const { out } = start("kvm", env, "--name=x", "-listen-peer-urls", "http://y");
    assert.deepEqual(out.slice(-3), [
      "ETCD_DEBUG=true",
      "ETCD_ENABLE_V2=true",
      "--name=x -listen-peer-urls http://y",
    ]);
  });

  it("ignores what chose a container image, and says so", () => {
    const { out, notes } = start("kvm", { ETCD_IMAGE_TAG: "v3.1.6", RKT_RUN_ARGS: "--net" });
    assert.match(notes, /ETCD_IMAGE_TAG=v3\.1\.6 is ignored/);
    assert.match(notes, /RKT_RUN_ARGS=--net is ignored/);
    assert.doesNotMatch(out.join("\n"), /IMAGE/);
  });

  it("slows elections down where the machine is emulated, and nowhere else", () => {
    const slow = ["ETCD_ELECTION_TIMEOUT=5000", "ETCD_HEARTBEAT_INTERVAL=500"];
    assert.deepEqual(
      start("qemu", {}).out.filter((line) => /ELECTION|HEARTBEAT/.test(line)),
      slow,
    );
    assert.deepEqual(
      start("kvm", {}).out.filter((line) => /ELECTION|HEARTBEAT/.test(line)),
      [],
    );
  });

  it("leaves the user's own pace and v2 setting alone", () => {
    const env = { ETCD_HEARTBEAT_INTERVAL: "300", ETCD_ENABLE_V2: "false" };
    assert.deepEqual(
      start("qemu", env).out.filter((line) => /ELECTION|HEARTBEAT|V2/.test(line)),
      ["ETCD_ENABLE_V2=false", "ETCD_HEARTBEAT_INTERVAL=300"],
    );
    const { out } = start("qemu", {}, "--election-timeout=9000", "--enable-v2=false");
    assert.deepEqual(
      out.filter((line) => /ELECTION|HEARTBEAT|V2/.test(line)),
      [],
    );
  });

  it("gives the data folder, however it is named, to the user that etcd runs as", () => {
    const data = join(folder, "data");
    const ways: [Record<string, string>, string[]][] = [
      [{ ETCD_DATA_DIR: `${data}/1` }, []],
      [{ ETCD_DATA_DIR: "/nowhere/else" }, [`--data-dir=${data}/2`]],
      [{}, ["--data-dir", `${data}/3`]],
    ];
    for (const [index, [env, args]] of ways.entries()) {
      const { out } = start("kvm", { ETCD_USER: "someone", ...env }, ...args);
      assert.deepEqual(out.slice(0, 2), ["chown someone", "--reuid someone"]);
      assert.ok(existsSync(`${data}/${index + 1}`));
    }
    assert.ok(!existsSync("/nowhere/else"));
  });
});
