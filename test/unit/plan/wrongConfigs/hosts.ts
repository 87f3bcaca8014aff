/** Wrong configs: several libvirt hosts. */
import type { WrongConfig } from "./types.ts";

const EXAMPLE = "qemu+ssh://root@second.example/system";
const LIST =
  "a list of libvirt hosts, each a map with its uri, and name, weight, bridge and poolPath as needed";
const URI = `the connection URI of a libvirt host, such as qemu:///system or ${EXAMPLE}`;
const NO_USER =
  "no user before the host (name the user, root@ for one: the provider doesn't take your own login name, as ssh does)";
const here = { uri: "qemu:///system" };

export default [
  {
    set: { hosts: "somewhere" },
    says: 'hosts is "somewhere"',
    right: LIST,
    mend: `pulumi config rm hosts && pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: [] },
    says: "hosts is []",
    right: LIST,
    mend: `pulumi config rm hosts && pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: [here, 7] },
    says: "hosts[1] is 7",
    right: "a host: a map with its uri, or the URI alone",
    mend: "pulumi config rm --path 'hosts[1]'",
  },
  {
    set: { hosts: [here, { name: "kvm-b" }] },
    says: "hosts[1].uri is not set",
    right: URI,
    mend: `pulumi config set --path 'hosts[1].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: [{ uri: "kvm-b.example" }] },
    says: 'hosts[0].uri is "kvm-b.example"',
    right: URI,
    mend: `pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: [{ uri: "qemu+telnet://kvm-b/system" }] },
    says: 'hosts[0].uri is "qemu+telnet://kvm-b/system"',
    right: `${URI}; the ways to a host are qemu+unix, qemu+ssh, qemu+tls, qemu+tcp, not qemu+telnet`,
    mend: `pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: [{ uri: "qemu+ssh:///system" }] },
    says: 'hosts[0].uri is "qemu+ssh:///system"',
    right: `${URI}; it names no host`,
    mend: `pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: [{ uri: "qemu+ssh://me:secret@kv m/system" }] },
    says: 'hosts[0].uri is "qemu+ssh://***@kv m/system"',
    right: `${URI}; it has blanks in it`,
    mend: `pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: ["xen:///a", { uri: "qemu+ssh://root@good/system", name: "good" }] },
    says: 'hosts[0] is "xen:///a"',
    right: URI,
    mend: `pulumi config set --path 'hosts[0]' ${EXAMPLE}`,
  },
  {
    set: { hosts: [here, " "] },
    says: 'hosts[1] is " "',
    right: URI,
    mend: `pulumi config set --path 'hosts[1]' ${EXAMPLE}`,
  },
  {
    set: { hosts: ["qemu+ssh://me@second.example/system", "xen:///a"] },
    says: 'hosts[1] is "xen:///a"',
    right: URI,
    mend: "pulumi config set --path 'hosts[1]' qemu+ssh://root@host-2.example/system",
  },
  {
    set: { hosts: [{ uri: "qemu+ssh://10.0.0.7/system?keyfile=/k" }] },
    says: 'hosts[0].uri is "qemu+ssh://10.0.0.7/system?keyfile=/k"',
    right: `${URI}; it has ${NO_USER}`,
    mend: "pulumi config set --path 'hosts[0].uri' 'qemu+ssh://root@10.0.0.7/system?keyfile=/k'",
  },
  {
    set: { hosts: [{ uri: "qemu+ssh://kvm-a/system?sshauth=foo" }] },
    says: 'hosts[0].uri is "qemu+ssh://kvm-a/system?sshauth=foo"',
    right: `${URI}; it has ${NO_USER}, and sshauth=foo (agent, privkey or both: the provider has no other way to log in without a password in the URI)`,
    mend: `pulumi config set --path 'hosts[0].uri' ${EXAMPLE}`,
  },
  {
    set: { hosts: ["qemu+ssh://root:secret@kvm-a/system"] },
    says: 'hosts[0] is "qemu+ssh://***@kvm-a/system"',
    right: `${URI}; it has a password beside the user (log in with a key: a password in a URI ends up in logs and in the state)`,
    mend: `pulumi config set --path 'hosts[0]' ${EXAMPLE}`,
  },
  {
    set: { hosts: ["qemu+ssh://root@kvm-a:99999/system"] },
    says: 'hosts[0] is "qemu+ssh://***@kvm-a:99999/system"',
    right: `${URI}; it has the port "99999" (a number from 1 to 65535)`,
    mend: `pulumi config set --path 'hosts[0]' ${EXAMPLE}`,
  },
  {
    set: { hosts: ["qemu+ssh://root@kvm-a/system?keyfile=%zz"] },
    says: 'hosts[0] is "qemu+ssh://***@kvm-a/system?keyfile=%zz"',
    right: `${URI}; it has a broken % sequence (%25 for a single %)`,
    mend: `pulumi config set --path 'hosts[0]' ${EXAMPLE}`,
  },
  ...["-oProxyCommand=x", "ro%20ot"].map((user) => ({
    set: { hosts: [`qemu+ssh://${user}@127.0.0.1/system`] },
    says: 'hosts[0] is "qemu+ssh://***@127.0.0.1/system"',
    right: `${URI}; it has a user whom ssh would not take (a name of letters, digits and . _ + @ -, not beginning with one of . + @ -)`,
    mend: `pulumi config set --path 'hosts[0]' ${EXAMPLE}`,
  })),
  {
    set: { hosts: [{ ...here, weight: 0 }] },
    says: "hosts[0].weight is 0",
    right: "a whole number from 1 to 1000",
    mend: "pulumi config set --path 'hosts[0].weight' 2",
  },
  {
    set: { hosts: [{ ...here, weight: 1.5 }] },
    says: "hosts[0].weight is 1.5",
    right: "a whole number from 1 to 1000",
    mend: "pulumi config set --path 'hosts[0].weight' 2",
  },
  {
    set: { hosts: [{ ...here, name: "My Host" }] },
    says: 'hosts[0].name is "My Host"',
    right: "a short name of a-z, 0-9 and -, beginning and ending with a letter or digit",
    mend: "pulumi config set --path 'hosts[0].name' my-host",
  },
  {
    set: { hosts: [{ ...here, bridge: "br 0" }] },
    says: 'hosts[0].bridge is "br 0"',
    right: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
    mend: "pulumi config set --path 'hosts[0].bridge' br0",
  },
  {
    set: { hosts: [{ ...here, poolPath: "pools" }] },
    says: 'hosts[0].poolPath is "pools"',
    right: "an absolute path of a folder on the libvirt host, in plain letters, without . and ..",
    mend: "pulumi config set --path 'hosts[0].poolPath' /var/lib/libvirt/coreos-cluster",
  },
  {
    set: { hosts: [{ ...here, wieght: 2 }] },
    says: "hosts[0].wieght is 2",
    right: "the key weight; there is none of this name",
    mend: "pulumi config rm --path 'hosts[0].wieght' && pulumi config set --path 'hosts[0].weight' 2",
  },
  {
    set: {
      hosts: [{ uri: "qemu+ssh://root@Second.example/system" }, "qemu+ssh://root@second.example/system"],
    },
    says: 'hosts[1] is "qemu+ssh://***@second.example/system"',
    right: "another host: hosts[0] is this one already",
    mend: "pulumi config rm --path 'hosts[1]'",
  },
  {
    set: { hosts: [here, { uri: "qemu:///system?socket=/other" }] },
    says: "hosts[1].name is not set",
    right: "a name of its own: hosts[0] is called local too",
    mend: "pulumi config set --path 'hosts[1].name' local-2",
  },
  {
    set: { hosts: ["qemu:///system", "qemu:///session"] },
    says: "hosts[1].name is not set",
    right: "a name of its own: hosts[0] is called local too",
    mend: `pulumi config set hosts '["qemu:///system",{"uri":"qemu:///session","name":"local-2"}]'`,
  },
  {
    set: { nodes: { a: { host: "kvm-b" } } },
    says: 'nodes.a.host is "kvm-b"',
    right: "not set: hosts is not set, so all machines are on one host",
    mend: "pulumi config rm --path nodes.a.host",
  },
  {
    set: {
      hosts: [here, { uri: "qemu+ssh://root@10.0.0.7/system", name: "kvm-b" }],
      nodes: { a: { host: "kvmb" } },
    },
    says: 'nodes.a.host is "kvmb"',
    right: "one of the hosts: local or kvm-b",
    mend: "pulumi config set --path nodes.a.host kvm-b",
  },
] satisfies readonly WrongConfig[];
