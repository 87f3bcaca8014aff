import { execFileSync } from "node:child_process";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { isThisMachine, parseConnection, sshTo, UriError } from "../../../host/remote.ts";
import { shellCommand, shellWord, ShellWordError } from "../../../host/shell.ts";

const quiet = ["-T", "-e", "none"];

describe("connection URIs", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["qemu+ssh://host/system", ["ssh", ...quiet, "--", "host"]],
    [
      "qemu+ssh://root@host.example:2222/system",
      ["ssh", ...quiet, "-p", "2222", "-l", "root", "--", "host.example"],
    ],
    ["QEMU+SSH://root@HOST/system", ["ssh", ...quiet, "-l", "root", "--", "HOST"]],
    ["qemu+ssh://[2001:db8::1]:22/system", ["ssh", ...quiet, "-p", "22", "--", "2001:db8::1"]],
    ["qemu+ssh://[fe80::1%25eth0]/system", ["ssh", ...quiet, "--", "fe80::1%eth0"]],
    [
      "qemu+ssh://host/system?keyfile=/home/a/id%20rsa",
      ["ssh", ...quiet, "-i", "/home/a/id rsa", "--", "host"],
    ],
    ["qemu+ssh://host/system?keyfile=/k+1", ["ssh", ...quiet, "-i", "/k+1", "--", "host"]],
    ["qemu+ssh://host/system?no_verify=1", ["ssh", ...quiet, "-o", "StrictHostKeyChecking=no", "--", "host"]],
    ["qemu+ssh://host/system?no_verify=0", ["ssh", ...quiet, "--", "host"]],
    ["qemu+ssh://host/system?no_tty=1", ["ssh", ...quiet, "-o", "BatchMode=yes", "--", "host"]],
    ["qemu+ssh://host/system?socket=/run/own.sock", ["ssh", ...quiet, "--", "host"]],
    ["qemu+ssh://host/system?command=/opt/ssh;keyfile=/k", ["/opt/ssh", ...quiet, "-i", "/k", "--", "host"]],
    ["qemu+ssh://user%40realm@host/system", ["ssh", ...quiet, "-l", "user@realm", "--", "host"]],
    ["qemu+ssh://host", ["ssh", ...quiet, "--", "host"]],
    // what libvirt does not tell plain ssh, and the provider heeds
    [
      "qemu+ssh://host/system?sshauth=privkey&knownhosts=/k",
      [
        ...["ssh", ...quiet, "-o", "UserKnownHostsFile=/k", "-o", "PreferredAuthentications=publickey"],
        ...["-o", "IdentityAgent=none", "--", "host"],
      ],
    ],
    ["qemu+ssh://host/system?known_hosts=/k", ["ssh", ...quiet, "-o", "UserKnownHostsFile=/k", "--", "host"]],
    [
      "qemu+libssh2://host/system?sshauth=privkey,password&known_hosts=/a%20b&known_hosts_verify=auto",
      [
        ...["ssh", ...quiet, "-o", 'UserKnownHostsFile="/a b"', "-o", "StrictHostKeyChecking=accept-new"],
        ...["-o", "PreferredAuthentications=publickey,password", "-o", "IdentityAgent=none", "--", "host"],
      ],
    ],
    [
      "qemu+libssh://host/system?sshauth=agent&command=x",
      ["ssh", ...quiet, "-o", "PreferredAuthentications=publickey", "--", "host"],
    ],
  ];
  for (const [uri, words] of table)
    it(`${uri} is reached by ${words.join(" ")}`, () => {
      deepEqual(sshTo(uri), words);
    });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ["host", /"host" is no libvirt connection URI.*qemu\+ssh:\/\/user@host\/system/],
    ["", /is no libvirt connection URI/],
    ["qemu+ssh://host:99999/system", /the port "99999"; it must be a number from 1 to 65535/],
    ["qemu+ssh://host:ssh/system", /the port "ssh"/],
    ["qemu+ssh://-oProxyCommand=touch%20x/system", /the host "-oProxyCommand=touch x"/],
    ["qemu+ssh://-l@host/system", /the user "-l"/],
    ["qemu+ssh://a;b@host/system", /the user "a;b"/],
    ["qemu+ssh://%24(id)/system", /the host "\$\(id\)"/],
    ["qemu+ssh://%zz/system", /broken % sequence in "%zz"/],
    ["qemu+tls://host/system", /reaches libvirt by tls.*Name the same host as qemu\+ssh:\/\/host\/system/],
    ["qemu://host/system", /reaches libvirt by tls/],
    ["qemu+tcp://host/system", /reaches libvirt by tcp/],
    ["qemu+libssh2://host/system?sshauth=magic", /sshauth method "magic"; libvirt knows agent, privkey/],
    ["qemu+libssh2://host/system?known_hosts_verify=never", /known_hosts_verify=never; libvirt knows normal/],
  ];
  for (const [uri, message] of wrong)
    it(`${JSON.stringify(uri)} is refused: ${message.source}`, () => {
      throws(
        () => sshTo(uri),
        (error) => error instanceof UriError && message.test(error.message),
      );
    });

  it("are this machine's where no host is named", () => {
    for (const uri of [
      "qemu:///system",
      "qemu:///session",
      "qemu+unix:///system?socket=/run/x",
      "test:///default",
    ])
      equal(isThisMachine(parseConnection(uri)), true, uri);
    equal(isThisMachine(parseConnection("qemu://localhost/system")), false);
  });

  it("give ssh no option and no host that a shell could read, whatever they hold", () => {
    const part = fc.string({ unit: "binary", maxLength: 12 });
    const uris = fc.tuple(part, part, part).map(([user, host, key]) => {
      const [u, h, k] = [user, host, key].map((text) => encodeURIComponent(text));
      return `qemu+ssh://${u ?? ""}@${h ?? ""}/system?keyfile=${k ?? ""}`;
    });
    fc.assert(
      fc.property(uris, (uri) => {
        let words: string[];
        try {
          words = sshTo(uri);
        } catch (error) {
          return error instanceof UriError;
        }
        const end = words.indexOf("--");
        const user = words.indexOf("-l");
        return (
          end === words.length - 2 &&
          /^[A-Za-z0-9_.:%-]+$/.test(words.at(-1) ?? "") &&
          !(words.at(-1) ?? "-").startsWith("-") &&
          (user < 0 || /^[A-Za-z0-9_]/.test(words[user + 1] ?? ""))
        );
      }),
    );
  });
});

describe("words for a shell elsewhere", function () {
  this.timeout(60_000); // a hundred shells, on a machine that may be busy
  const word = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !/[\0\r\n]/.test(text));

  /** What a shell makes of a command line, each word in a line of its own. */
  const taken = (shell: string, words: readonly string[]): string[] =>
    execFileSync(shell, ["-c", shellCommand(["printf", String.raw`%s\n`, ...words])], { encoding: "utf8" })
      .split("\n")
      .slice(0, -1);

  it("come out of sh and bash as they went in", () => {
    for (const shell of ["sh", "bash"])
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
          deepEqual(taken(shell, words), words);
        }),
        { numRuns: 50 },
      );
  });

  it("do so for what injections are made of", () => {
    const nasty = [
      "$(touch x)",
      "`id`",
      "a'b",
      "'; rm -rf /; '",
      "\\",
      "-n",
      "a b",
      "*",
      "~root",
      "!!",
      "",
      "$'\\n'",
      "é",
      "A=b",
    ];
    deepEqual(taken("sh", nasty), nasty);
  });

  it("stay readable where nothing has to be quoted", () => {
    equal(
      shellCommand(["tail", "-n", "+1", "/var/log/libvirt/qemu/dev-core01-console.log"]),
      "tail -n +1 /var/log/libvirt/qemu/dev-core01-console.log",
    );
    equal(shellWord("=x"), "'=x'");
  });

  it("are refused with a line's end or a NUL", () => {
    for (const text of ["a\nb", "a\rb", "a\0b"]) throws(() => shellWord(text), ShellWordError);
    ok(shellWord("\t").startsWith("'"));
  });
});
