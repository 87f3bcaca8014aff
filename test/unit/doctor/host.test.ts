/** Judgements about libvirt, its emulators, KVM and confinement, by recorded answers. */
import assert from "node:assert/strict";
import { judgeAppArmor, judgeSelinux, modelsIn } from "../../../commands/doctor/checks/confinement.ts";
import { judgeConnection } from "../../../commands/doctor/checks/connection.ts";
import { judgeEmulator } from "../../../commands/doctor/checks/emulator.ts";
import { judgeFwCfg } from "../../../commands/doctor/checks/fwCfg.ts";
import { judgeKvm, readProbe } from "../../../commands/doctor/checks/kvm.ts";
import {
  compareVersions,
  goInstall,
  judgeTool,
  summarize,
  TOOLS,
} from "../../../commands/doctor/checks/tools.ts";
import { localShell } from "../../../commands/doctor/shell.ts";
import { failed, missing, plan, said, shown, words } from "./support.ts";

const versions = (qemu: string, libvirt: string) =>
  said(
    `Compiled against library: libvirt ${libvirt}\nUsing library: libvirt ${libvirt}\nUsing API: QEMU ${libvirt}\n` +
      `Running hypervisor: QEMU ${qemu}\nRunning against daemon: ${libvirt}\n`,
  );

const PREAMBLE = "error: failed to connect to the hypervisor\nerror: ";

describe("doctor: the connection", () => {
  const table: [string, string, RegExp][] = [
    [
      "qemu:///system",
      "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
      /^problem: .*daemon is not running there.* -> sudo systemctl enable --now libvirtd$/,
    ],
    [
      "qemu:///session",
      "Failed to connect socket to '/run/user/1000/libvirt/libvirt-sock': No such file or directory",
      /daemon is not running.* -> sudo apt-get install libvirt-daemon-driver-qemu/,
    ],
    [
      "qemu:///system",
      "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
      /group libvirt .* -> sudo usermod -aG libvirt "\$USER"/,
    ],
    [
      "qemu:///system",
      "authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'",
      /polkit .*group libvirt/,
    ],
    [
      "qemu+ssh://alice@host/system",
      "Cannot recv data: alice@host: Permission denied (publickey,password).: Connection reset by peer",
      /takes none of your keys .* -> ssh-copy-id alice@host$/,
    ],
    [
      "qemu+ssh://alice@host:2222/system",
      "Cannot recv data: Host key verification failed.: Connection reset by peer",
      /does not know the host's key.* -> ssh -p 2222 alice@host true$/,
    ],
    [
      "qemu+ssh://nosuch/system",
      "Cannot recv data: ssh: Could not resolve hostname nosuch: Name or service not known: Connection reset by peer",
      /there is no host of that name/,
    ],
    [
      "qemu+ssh://host/system",
      "Cannot recv data: ssh: connect to host host port 22: Connection refused: Connection reset by peer",
      /nothing listens there.* -> ssh host true$/,
    ],
    [
      "qemu+tcp://host:16510/system",
      "unable to connect to server at 'host:16510': Connection refused",
      /nothing listens there.* -> ssh host sudo systemctl enable --now libvirtd-tcp\.socket$/,
    ],
    [
      "qemu+tls://root@host/system",
      "unable to connect to server at 'host:16514': Connection refused",
      /nothing listens there.* -> ssh root@host systemctl enable --now libvirtd-tls\.socket$/,
    ],
    [
      "qemu+ssh://host/system",
      "Cannot recv data: ssh: connect to host host port 22: No route to host: Connection reset by peer",
      /can't be reached.* -> ping -c 3 host$/,
    ],
    [
      "qemu+ssh://root@host/system",
      "Cannot recv data: bash: line 1: nc: command not found: Connection reset by peer",
      /ssh works, but .* -> ssh root@host apt-get install libvirt-daemon-system/,
    ],
    [
      "qemu+ssh://bob@host/system",
      "End of file while reading data: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
      /group libvirt .* -> ssh bob@host sudo usermod -aG libvirt bob/,
    ],
    [
      "qemu+ssh://bob@host/system",
      "Cannot recv data: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Connection refused",
      /daemon is not running there.* -> ssh bob@host sudo systemctl enable --now libvirtd$/,
    ],
    ["nosuch:///system", "no connection driver available for nosuch:///system", /no driver for that URI/],
    [
      "qemu:///system",
      "something that nobody has seen before",
      /^problem: qemu:\/\/\/system: something that nobody/,
    ],
  ];
  for (const [uri, complaint, expected] of table)
    it(`${uri}: ${complaint.slice(0, 70)}`, () => {
      assert.match(shown(judgeConnection(uri, failed(PREAMBLE + complaint), false)), expected);
    });

  it("is right where QEMU answers, and wrong where another hypervisor does", () => {
    assert.match(
      shown(judgeConnection("qemu:///system", versions("7.2.22", "9.0.0"))),
      /^ok: .*libvirt 9\.0\.0, QEMU 7\.2\.22$/,
    );
    const other = said(
      "Using library: libvirt 9.0.0\nUsing API: TEST 9.0.0\nRunning hypervisor: TEST 0.0.2\n",
    );
    assert.match(
      shown(judgeConnection("test:///default", other)),
      /^problem: .*no QEMU host \(TEST 0\.0\.2\)/,
    );
  });

  it("says what is missing where there is no virsh, and what a URI is", () => {
    assert.match(
      shown(judgeConnection("qemu:///system", missing, false)),
      /virsh is not on PATH -> .*libvirt-clients/,
    );
    assert.match(shown(judgeConnection("host", failed("x"))), /"host" is no libvirt connection URI/);
  });
});

describe("doctor: tools", () => {
  const tool = (name: string) => {
    const found = TOOLS.find((one) => one.name === name);
    assert.ok(found);
    return found;
  };
  const judged = (name: string, answer: ReturnType<typeof said>, config = {}): string | undefined => {
    const verdict = judgeTool(tool(name), answer, plan(config));
    return verdict === undefined ? undefined : shown(verdict);
  };

  it("takes the tried version, and newer ones of its line", () => {
    assert.equal(judged("ct", said("ct v0.9.4\n")), "ok: ct 0.9.4");
    assert.match(judged("butane", said("Butane v0.30.1")) ?? "", /^ok: butane 0\.30\.1 \(tried is /);
    assert.match(judged("pulumi", said("v3.400.0")) ?? "", /^ok: pulumi 3\.400\.0/);
  });

  it("warns of older ones, and stops at another major version", () => {
    assert.match(
      judged("pulumi", said("v3.100.0\n")) ?? "",
      /^warning: pulumi 3\.100\.0 is older than .* -> curl/,
    );
    assert.match(judged("pulumi", said("v2.9.0\n")) ?? "", /^problem: pulumi 2\.9\.0 is older/);
    assert.match(judged("pulumi", said("v4.0.0\n")) ?? "", /^problem: pulumi 4\.0\.0 is of another line/);
  });

  it("misses only what the plan needs", () => {
    assert.match(judged("ct", missing) ?? "", /^problem: ct is not on PATH -> bin=\$\(mktemp -d\) && GOBIN=/);
    assert.match(
      shown([judgeTool(tool("ct"), missing, plan(), "npm run tools")].filter((one) => one !== undefined)),
      /^problem: ct is not on PATH -> npm run tools$/,
    );
    assert.match(
      shown([judgeTool(tool("virsh"), missing, plan(), "npm run tools")].filter((one) => one !== undefined)),
      /-> sudo apt-get install libvirt-clients$/,
    );
    assert.equal(judged("ign-converter", missing), undefined); // Flatcar reads what ct writes
    assert.match(judged("ign-converter", missing, { os: "fedora-coreos" }) ?? "", /^problem/);
    assert.equal(judged("butane", missing), undefined);
    assert.match(judged("butane", missing, { snippets: ["a.bu"] }) ?? "", /^note: butane is not on PATH/);
  });

  it("tells a program that is there and does not run", () => {
    assert.match(
      judged("ct", failed("Exec format error", 126)) ?? "",
      /^problem: ct does not run: Exec format error/,
    );
  });

  it("says how to build a tool in the pinned version", () => {
    assert.match(
      goInstall("ct"),
      /go install -ldflags '-X [^']+' github\.com\/flatcar\/[^ ]+@v0\.9\.4 && sudo install "\$bin\/internal" \/usr\/local\/bin\/ct$/,
    );
  });

  it("counts what is right in one line", () => {
    const right = TOOLS.map((one) => judgeTool(one, said("v99.0.0"), plan())).filter(
      (one) => one !== undefined,
    );
    assert.equal(summarize(right).filter(({ level }) => level === "ok").length, 1);
  });

  it("compares versions by number", () => {
    for (const [a, b, expected] of [
      ["0.9.4", "0.10.0", -1],
      ["3.259.0", "3.259.0", 0],
      ["3.10", "3.9.9", 1],
    ] as const)
      assert.equal(compareVersions(a, b), expected, `${a} ${b}`);
  });
});

/** As libvirt 9 writes them, cut. */
const capabilities = (arch: string, types: readonly string[]): string =>
  `<capabilities><host><secmodel><model>apparmor</model><doi>0</doi></secmodel><secmodel><model>dac</model></secmodel></host>
  <guest><os_type>hvm</os_type><arch name='${arch}'><wordsize>64</wordsize>${types.map((type) => `<domain type='${type}'/>`).join("")}</arch></guest></capabilities>`;

describe("doctor: emulator, KVM, fw_cfg", () => {
  it("misses an emulator, a type, a firmware", () => {
    const judged = (config: object, xml: string, domain?: string): string =>
      shown(judgeEmulator(plan({ ...config }), xml, domain, words));
    assert.match(
      judged({}, capabilities("x86_64", ["qemu", "kvm"])),
      /^ok: x86_64 machines of type qemu, kvm/,
    );
    assert.match(
      judged({}, capabilities("x86_64", ["qemu"])),
      /^problem: .*qemu only -> pulumi config set domainType qemu/,
    );
    assert.match(
      judged({ arch: "s390x" }, capabilities("x86_64", ["qemu"])),
      /^problem: no emulator for s390x.* -> sudo apt-get install qemu-system-s390x/,
    );
    const arm = { arch: "aarch64", domainType: "qemu" };
    assert.match(judged(arm, capabilities("aarch64", ["qemu"]), "<os/>"), /^problem: no UEFI/);
    assert.match(
      judged(arm, capabilities("aarch64", ["qemu"]), "<enum name='firmware'>\n  <value>efi</value>"),
      /^ok/,
    );
  });

  const guest = { emulator: "qemu-system-x86_64", machine: [], firmware: Buffer.alloc(0), exitCode: 33 };
  const shell = localShell(false);
  const table: [string, ReturnType<typeof said>, RegExp][] = [
    ["a guest that ends", said("", 33), /^ok/],
    [
      "one that is killed by its time limit",
      failed("Killed", 137),
      /^problem: .*did not end within 5 s -> pulumi config set domainType qemu/,
    ],
    [
      "no leave to open /dev/kvm",
      failed(
        "Could not access KVM kernel module: Permission denied\nqemu: failed to initialize kvm: Permission denied",
      ),
      /^note: not checked: whether KVM runs a guest \(\/dev\/kvm is there, but not for this user/,
    ],
    [
      "no emulator on PATH",
      failed("timeout: failed to run command 'qemu-system-x86_64': No such file or directory", 127),
      /^note: .*qemu-system-x86_64 is not on the PATH there/,
    ],
    [
      "QEMU's own words",
      failed("qemu-system-x86_64: failed to initialize kvm: Device or resource busy"),
      /^problem: .*Device or resource busy/,
    ],
    ["a guest that ended without having run", said("", 0), /^problem/],
  ];
  for (const [what, answer, expected] of table)
    it(`KVM: ${what}`, () => {
      assert.match(
        shown(judgeKvm(readProbe(guest, answer), { uri: "qemu:///system", shell, typed: words.typed })),
        expected,
      );
    });
  it("KVM: no device, or no way to look", () => {
    const judged = (kind: "no device" | "no shell"): string =>
      shown(judgeKvm({ kind }, { uri: "qemu+tls://host/system", shell: undefined, typed: words.typed }));
    assert.match(judged("no device"), /^problem: the host has no \/dev\/kvm.* -> modprobe/);
    assert.match(judged("no shell"), /^note: .*proves nothing/);
  });

  it("fw_cfg by version, and not where a disk takes its place", () => {
    const judged = (arch: "x86_64" | "s390x", qemu: string, libvirt: string): string =>
      shown(judgeFwCfg(arch, versions(qemu, libvirt), words.asRoot));
    assert.match(judged("x86_64", "7.2.22", "9.0.0"), /^ok/);
    assert.match(judged("x86_64", "2.3.0", "9.0.0"), /^problem: QEMU 2\.3\.0/);
    assert.match(judged("x86_64", "4.2.0", "6.0.0"), /^problem: libvirt 6\.0\.0/);
    assert.match(judged("s390x", "2.0.0", "1.0.0"), /^ok: not needed/);
    assert.match(shown(judgeFwCfg("x86_64", failed("x"), words.asRoot)), /^note/);
  });
});

describe("doctor: confinement", () => {
  const folder = "/var/lib/libvirt/coreos-cluster/dev-core";
  /** Of libvirt 9.0's virt-aa-helper --dryrun. */
  const granted = `virt-aa-helper: \n/etc/apparmor.d/libvirt/libvirt-1.files\nvirt-aa-helper: \n  "/run/libvirt/**/doctor.pid" rwk,
  "${folder}/doctor.qcow2" rwk,\n  "${folder}/doctor.ign" r,\n  deny "${folder}/doctor.ign" w,\n`;
  const warnings = "virt-aa-helper: warning: path does not exist, skipping file type checks\n";

  it("reads what AppArmor's helper would grant", () => {
    assert.match(shown(judgeAppArmor(folder, said(granted, 0, warnings), words.typed)), /^ok/);
    const old = granted.replaceAll(/.*doctor\.ign.*\n/g, "");
    assert.match(
      shown(judgeAppArmor(folder, said(old, 0, warnings), words.typed)),
      /^problem: .*does not grant Ignition files/,
    );
    const restricted = failed(
      `${warnings}virt-aa-helper: error: /usr/share/x/doctor.ign\nvirt-aa-helper: error: skipped restricted file\nvirt-aa-helper: error: invalid VM definition\n`,
    );
    assert.match(
      shown(judgeAppArmor("/usr/share/x", restricted, words.typed)),
      /^problem: .* -> pulumi config set poolPath/,
    );
    assert.match(shown(judgeAppArmor(folder, missing, words.typed)), /^note: not checked/);
  });

  it("reads SELinux labels", () => {
    const judged = (label: string, mode = "Enforcing"): string =>
      shown(judgeSelinux(folder, said(`${label} /var/lib\n`), said(mode), words.asRoot));
    assert.match(judged("system_u:object_r:virt_image_t:s0"), /^ok/);
    assert.match(
      judged("unconfined_u:object_r:user_home_t:s0"),
      /^warning: .*user_home_t.* -> sudo sh -c 'semanage fcontext -a -t virt_image_t/,
    );
    assert.match(
      judged("unconfined_u:object_r:user_home_t:s0", "Permissive"),
      /^note: SELinux \(permissive\)/,
    );
    assert.match(judged("?"), /^note: not checked/);
  });

  it("knows a host's models", () => {
    assert.deepEqual(modelsIn(capabilities("x86_64", [])), ["apparmor", "dac"]);
  });
});
