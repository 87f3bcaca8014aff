import { deepEqual, equal, match, throws } from "node:assert/strict";
import { disagreements, requireAgreement } from "../../../host/agreement.ts";
import { proxyCommand, UriError, virshsOptions, withSshProgram } from "../../../host/remote.ts";
import { inTurn } from "../../../host/queue.ts";
import { adviceFor, withAdvice } from "../../../host/trouble.ts";

describe("a connection URI that virsh, ssh and the provider read", () => {
  const alike = [
    "qemu:///system",
    "qemu:///session",
    "qemu+unix:///system?socket=/run/x",
    "qemu+tls://host/system",
    "qemu+ssh://root@host/system",
    "qemu+ssh://root@[2001:db8::1]:2222/system?keyfile=/k%20ey&knownhosts=~/.ssh/known_hosts",
    "qemu+ssh://root@host/system?known_hosts=/k&knownhosts=/k",
    "qemu+ssh://root@host/system?no_verify=1&sshauth=privkey,agent",
    "qemu+ssh://me@host/session?socket=/run/user/1000/libvirt/libvirt-sock",
  ];
  for (const uri of alike)
    it(`${uri} means the same to all`, () => {
      deepEqual(disagreements(uri), []);
    });

  const unlike: readonly (readonly [string, RegExp])[] = [
    ["qemu+ssh://host/system", /no user before the host; right would be: name the user, root@/],
    ["qemu+ssh://root:secret@host/system", /a password beside the user; right would be: log in with a key/],
    [
      "qemu+ssh://root@host/system?known_hosts=/a%20b",
      /known_hosts=\/a b; right would be: write knownhosts=%2Fa%20b/,
    ],
    ["qemu+ssh://root@host/system?keyfile=id", /keyfile=id; right would be: an absolute path/],
    ["qemu+ssh://root@host/system?knownhosts=../k", /knownhosts=\.\.\/k; right would be: an absolute path/],
    ["qemu+ssh://root@host/system?no_verify=0", /no_verify=0; right would be: leave it out/],
    [
      "qemu+ssh://root@host/system?known_hosts_verify=auto",
      /known_hosts_verify=auto; right would be: leave it out/,
    ],
    [
      "qemu+ssh://root@host/system?sshauth=password",
      /sshauth=password; right would be: agent, privkey or both/,
    ],
    ["qemu+ssh://root@host/system?keyfile=/k;no_verify=1", /; between parameters; right would be: &/],
    ["qemu+ssh://root@host/system?keyfile=/k+1", /\+ in a parameter; right would be: %2B/],
    ["qemu+ssh://me@host/session", /\/session; right would be: socket=/],
    ["qemu+ssh://-oProxyCommand=x@host/system", /a user whom ssh would not take; right would be: a name/],
    ["qemu+ssh://ro%20ot@host/system", /a user whom ssh would not take; right would be: a name/],
    ["qemu+ssh://root@-host/system", /the host "-host"; right would be: a host's name or address/],
    ["qemu+libssh2://root@host/system", /\+libssh2; right would be: \+ssh/],
  ];
  for (const [uri, message] of unlike)
    it(`${uri} is refused: ${message.source}`, () => {
      throws(
        () => {
          requireAgreement(uri);
        },
        (error) => error instanceof UriError && message.test(error.message),
      );
      equal(disagreements(uri).length, 1);
      throws(
        () => {
          requireAgreement(uri);
        },
        (error) => error instanceof Error && !error.message.includes("secret"),
      );
    });

  it("is told with all that is wrong at once", () => {
    const uri = "qemu+ssh://host/session?keyfile=id&no_verify=0";
    equal(disagreements(uri).length, 4);
  });

  it("comes to virsh with a program for ssh, and without what libvirt would hand on to the other end", () => {
    equal(
      withSshProgram(
        "qemu+ssh://root@h/system?keyfile=/k&knownhosts=/n&sshauth=privkey&command=/x&socket=/s",
        "/a b/ssh",
      ),
      "qemu+ssh://root@h/system?keyfile=/k&socket=/s&command=%2Fa%20b%2Fssh",
    );
    equal(withSshProgram("qemu+ssh://h/system", "/p"), "qemu+ssh://h/system?command=%2Fp");
    deepEqual(virshsOptions("qemu+ssh://h/system?knownhosts=/n&keyfile=/k", { BatchMode: "yes" }), [
      ...["-o", "UserKnownHostsFile=/n", "-o", "BatchMode=yes"],
    ]);
  });

  it("gives ssh a way to what is behind the host", () => {
    equal(
      proxyCommand("qemu+ssh://root@h:2222/system?keyfile=/k%20%25&knownhosts=/n"),
      "ssh -T -e none -p 2222 -l root -i '/k %%' -o UserKnownHostsFile=/n -o BatchMode=yes -o ConnectTimeout=10 -W %h:%p -- h",
    );
  });
});

describe("what ssh and libvirt say of a host that can't be reached", () => {
  const uri = "qemu+ssh://root@far:2222/system?keyfile=/k&knownhosts=/n";
  const table: readonly (readonly [string, RegExp])[] = [
    [
      "@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@@\nHost key verification failed.",
      /another one than \/n has.*ssh-keygen -R '\[far\]:2222' -f \/n; ssh-keyscan -t ed25519 -p 2222 far >> \/n/,
    ],
    ["Host key verification failed.: Connection reset by peer", /is not in \/n\..*ssh-keyscan/],
    ["root@far: Permission denied (publickey).", /the key \/k\. .*ssh -p 2222 -i \/k .* root@far true/],
    ["ssh: Could not resolve hostname far: Name or service not known", /no host of the name far/],
    ["ssh: connect to host far port 2222: Connection refused", /no sshd answers at port 2222/],
    [
      "Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory",
      /libvirt does not run on far: .* systemctl start libvirtd/,
    ],
    [
      "Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied",
      /may not use libvirt there/,
    ],
    ["sh: 1: nc: not found", /neither virt-ssh-helper/],
    ["ssh: connect to host far port 2222: Connection timed out", /does not answer/],
    ["Timeout, server far not responding.", /does not answer/],
    ["End of file while reading data: Input/output error", /does not answer/],
  ];
  for (const [said, advice] of table)
    it(`${JSON.stringify(said.slice(0, 60))} comes with advice`, () => {
      match(adviceFor(uri, said) ?? "", advice);
    });

  it("is not said of this machine, nor of what is about something else", () => {
    equal(adviceFor("qemu:///system", "Connection refused"), undefined);
    equal(adviceFor("qemu+ssh//root@far/system", "Connection refused"), undefined);
    equal(adviceFor(uri, "error: Domain not found"), undefined);
    equal(withAdvice(uri, "error: Domain not found"), "error: Domain not found");
  });

  it("has paths as values only, also of a file at home", () => {
    const tricky = "qemu+ssh://root@far/system?knownhosts=~/a%3Btouch%20b";
    match(adviceFor(tricky, "Host key verification failed.") ?? "", />> ~\/'a;touch b'$/);
  });

  it("leaves out ssh's banner", () => {
    const text = withAdvice(
      uri,
      "@@@@\nREMOTE HOST IDENTIFICATION HAS CHANGED!\n@@@@\nHost key verification failed.",
    );
    match(text, /^Host key verification failed: the host's key has changed\n {2}the key of far/);
  });
});

describe("questions to one host", () => {
  it("are asked eight at a time, after the first alone", async () => {
    let now = 0;
    const seen: number[] = [];
    const key = `host ${Math.random()}`;
    const ask = async (): Promise<void> => {
      now++;
      seen.push(now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
    };
    await Promise.all(Array.from({ length: 30 }, () => inTurn(key, ask)));
    equal(seen.length, 30);
    equal(seen[0], 1);
    equal(seen[1], 1);
    equal(Math.max(...seen), 8);
  });

  it("go on after one that fails", async () => {
    const key = `host ${Math.random()}`;
    const answers = await Promise.allSettled(
      [1, 2, 3].map((number) =>
        inTurn(key, () => (number === 1 ? Promise.reject(new Error("no")) : Promise.resolve(number))),
      ),
    );
    deepEqual(
      answers.map(({ status }) => status),
      ["rejected", "fulfilled", "fulfilled"],
    );
  });
});
