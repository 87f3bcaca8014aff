/** The doctor where the fault is on the side of the one who asks: programs, sockets, a user's own session. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { judgeConnection } from "../../../commands/doctor/checks/connection.ts";
import type { Finding } from "../../../commands/doctor/types.ts";
import { makeWorld, obstacle } from "./support.ts";

const checkout = join(import.meta.dirname, "../../..");

describe("what the doctor finds from outside of a libvirt host", function () {
  this.timeout(120_000);
  const PLAIN = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "doctor-outside-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const doctor = async (
    words: readonly string[],
    path: string,
  ): Promise<{ exitCode: number | undefined; findings: readonly Finding[] }> => {
    const { exitCode, stdout, all } = await execa(
      process.execPath,
      ["commands/main.ts", "doctor", ...words, "--json"],
      {
        ...{ cwd: checkout, all: true, reject: false, stdin: "ignore" },
        env: {
          PATH: path,
          CLUSTER_LAB_DIR: join(folder, "no-lab"),
          CLUSTER_COMMAND_PREFIX: "",
          NO_COLOR: "1",
        },
      },
    );
    assert.match(stdout, /^\{/, all);
    return { exitCode, ...(JSON.parse(stdout) as { findings: readonly Finding[] }) };
  };

  it("tools that are missing, and one that is old; no libvirt: what needs it is not tried", async () => {
    const socket = join(folder, "libvirt-sock");
    const bin = join(folder, "bin");
    mkdirSync(bin);
    // The real ones are links: all of the machine's own but the ones that count here.
    for (const name of ["virsh", "xsltproc", "ip", "df", "sh", "id", "true", "uname"])
      await execa("sh", ["-c", `ln -s "$(command -v ${name})" "$1"`, "sh", bin], { reject: false });
    writeFileSync(join(bin, "ct"), "#!/bin/sh\necho ct v0.6.0\n", { mode: 0o755 });
    const uri = `qemu+unix:///system?socket=${socket}`;
    const { exitCode, findings } = await doctor(["--connect", uri, "--stack", "alice"], bin);
    assert.equal(exitCode, 1);
    const of = (id: string): string[] =>
      findings
        .filter((one) => one.id === id && one.level !== "ok")
        .map(({ level, found, why, remedy = "" }) => `${level}: ${found} / ${why} → ${remedy}`);
    const all = of("tools").join("\n");
    assert.match(all, /^problem: pulumi is not on PATH .* → npm run cluster -- tools$/m);
    assert.match(
      all,
      /^warning: ct 0\.6\.0 is older than 0\.9\.4 .* → bin=\$\(mktemp -d\) && GOBIN="\$bin" go install .*@v0\.9\.4/m,
    );
    assert.match(all, /^problem: ignition-validate is not on PATH /m);
    // What the remedy brings is found, though it is on nobody's PATH.
    const pinned = join(folder, "no-lab", "toolchain", "bin");
    mkdirSync(pinned, { recursive: true });
    writeFileSync(join(pinned, "pulumi"), "#!/bin/sh\necho v3.259.0\n", { mode: 0o755 });
    const then = await doctor(["--connect", uri, "--stack", "alice"], bin);
    assert.match(
      then.findings.find(({ id, level }) => id === "tools" && level === "ok")?.found ?? "",
      /pulumi 3\.\d+\.\d+.* \(by npm run cluster -- tools\)/,
    );
    assert.match(
      of("connection").join("\n"),
      /^problem: .*libvirt's daemon is not running there, or not installed .* → .*systemctl enable --now libvirtd$/,
    );
    assert.match(of("emulator").join("\n"), /^note: not checked: there is no connection/);
  });

  it("a connection that is none: one line, and nothing else is looked at", async () => {
    const { exitCode, all } = await execa(
      process.execPath,
      ["commands/main.ts", "doctor", "--connect", "foo"],
      {
        ...{ cwd: checkout, all: true, reject: false, stdin: "ignore" },
        env: { CLUSTER_LAB_DIR: join(folder, "no-lab"), NO_COLOR: "1" },
      },
    );
    assert.equal(exitCode, 1);
    assert.equal(
      all,
      'error: "foo" is no libvirt connection URI. They look like qemu:///system or qemu+ssh://user@host/system.',
    );
  });

  it("a socket that this user may not open", async () => {
    const socket = join(folder, "libvirt-sock");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      chmodSync(folder, 0o755);
      chmodSync(socket, 0o600);
      const uri = `qemu+unix:///system?socket=${socket}`;
      // What libvirt really says to somebody who is nobody; the program itself may lie where nobody can read it.
      const { stderr, exitCode } = await execa(
        "setpriv",
        [
          ...["--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/", "LC_ALL=C"],
          ...["virsh", "--connect", uri, "version", "--daemon"],
        ],
        { reject: false, env: { PATH: PLAIN } },
      );
      const verdict = judgeConnection(uri, { code: exitCode ?? 1, stdout: "", stderr }, false);
      assert.match(verdict.found, /this user may not open libvirt's socket: it is not in the group libvirt/);
      assert.equal(verdict.remedy, 'sudo usermod -aG libvirt "$USER" # then log in again');
    } finally {
      server.close();
    }
  });

  it("a user's own session, which QEMU's bridge helper keeps from the bridge until it is told", async function () {
    const why = obstacle();
    if (why !== undefined || !existsSync("/usr/lib/qemu/qemu-bridge-helper")) {
      console.log(`      skipped: ${why ?? "qemu-bridge-helper is not installed"}`);
      this.skip();
    }
    const world = makeWorld();
    try {
      const text =
        await world.run(`export HOME="$folder" XDG_RUNTIME_DIR="$folder/xdg"; mkdir -p "$XDG_RUNTIME_DIR"
        bridge br0; dhcp_server br0
        cp -a /usr/lib/qemu "$folder/qemu"; mount --bind "$folder/qemu" /usr/lib/qemu
        look() {
          $cli doctor --connect qemu:///session --bridge br0 --json >"$folder/json"
          $node -e '
            const { findings } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
            const { level, found, remedy = "true" } = findings.find(({ id }) => id === "bridge-acl");
            console.log(level + ": " + found); require("fs").writeFileSync(process.argv[2], remedy);' "$folder/json" "$folder/remedy"
        }
        chmod u-s /usr/lib/qemu/qemu-bridge-helper
        look; sh "$folder/remedy"
        look; sh "$folder/remedy" >/dev/null; cat /etc/qemu/bridge.conf
        look
        printf 'deny virbr0\\ndeny br0\\n' >>/etc/qemu/bridge.conf
        look; sh "$folder/remedy" >/dev/null; cat /etc/qemu/bridge.conf
        look
        rm /usr/lib/qemu/qemu-bridge-helper; look; cat "$folder/remedy"; kill $server`);
      assert.deepEqual(text.split("\n"), [
        "problem: /usr/lib/qemu/qemu-bridge-helper (mode 755) is not set-user-ID",
        "problem: /etc/qemu/bridge.conf does not allow br0",
        "allow br0",
        "ok: /etc/qemu/bridge.conf allows br0",
        "problem: /etc/qemu/bridge.conf denies br0",
        ...["allow br0", "deny virbr0", "allow br0"],
        "ok: /etc/qemu/bridge.conf allows br0",
        "problem: the host has no qemu-bridge-helper",
        "apt-get install qemu-system-common",
      ]);
    } finally {
      world.remove();
    }
  });
});
