/** A cluster whose first `up` failed: what is known of it is in the state and on the host, in no outputs. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { parseState } from "../../../commands/hosts/stackState.ts";
import { withUnreported } from "../../../commands/hosts/unreported.ts";
import { endpointsOf, speaksTls } from "../../../commands/lab/clusterView.ts";
import { credentialsIn, dockerCredentialsIn } from "../../../commands/lab/credentials.ts";
import { MARK_NAMESPACE } from "../../../host/mark.ts";

const owner = "ab".repeat(16);
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const encrypted = (): unknown => ({ ...SECRET, ciphertext: "v1:AAAA" });
const plain = (value: unknown): unknown => ({ ...SECRET, plaintext: JSON.stringify(value) });

type Hide = (value: unknown) => unknown;
const urn = (type: string, name: string): string => `urn:pulumi:tf::coreos-cluster::${type}::${name}`;
const command = (name: string, word: string, hide: Hide, more: object = {}): unknown => ({
  ...{ urn: urn("command:local:Command", name), type: "command:local:Command", ...more },
  outputs: { stdout: hide(JSON.stringify({ cert: `cert of ${word}`, key: `key of ${word}` })) },
});
const component = (name: string): unknown => ({
  ...{ urn: urn("coreos-cluster:index:CoreOSCluster", name), type: "coreos-cluster:index:CoreOSCluster" },
});
const stackOf = (outputs?: object): unknown => ({
  urn: urn("pulumi:pulumi:Stack", "coreos-cluster-tf"),
  type: "pulumi:pulumi:Stack",
  ...(outputs === undefined ? {} : { outputs }),
});
const state = (...resources: unknown[]): string => JSON.stringify({ deployment: { resources } });
const tls = (hide: Hide): unknown[] => [
  component("cluster"),
  command("cluster-ca", "ca", hide),
  command("tf-core01-certificate", "tf-core01", hide),
  command("cluster-client-certificate", "client", hide),
];

/** As host/clusters.ts asks: no libvirt. */
const virsh = (...args: string[]): Promise<string> => {
  const [verb = "", ...more] = args;
  if (verb === "list") return Promise.resolve("11111111-1111-1111-1111-111111111111\n");
  if (verb === "domiflist") return Promise.resolve(" vnet0 bridge br0 virtio 52:54:00:00:00:01\n");
  const end = /echo (end-\w+)/.exec(verb)?.[1];
  if (end === undefined || more.length > 0) return Promise.resolve("");
  const mark = `<cluster:cluster xmlns:cluster="${MARK_NAMESPACE}"><cluster:organization>o</cluster:organization><cluster:project>coreos-cluster</cluster:project><cluster:stack>tf</cluster:stack><cluster:owner>${owner}</cluster:owner></cluster:cluster>`;
  const xml = `<domain><name>tf-core01</name><uuid>11111111-1111-1111-1111-111111111111</uuid><metadata>${mark}</metadata></domain>`;
  return Promise.resolve(`${xml}\n${end}\nrunning\n${end}\n`);
};
const access = {
  title: "the lab",
  uri: "qemu:///system",
  virsh,
  commandLine: (words: readonly string[]) => [...words],
};
const host = { name: undefined, access };
const leases = [{ mac: "52:54:00:00:00:01", address: "10.77.0.9" }];

describe("a cluster with TLS whose first `up` failed", () => {
  it("is asked with TLS, each member known by its name", async () => {
    const { outputs, tls: withTls } = parseState(state(stackOf(), ...tls(encrypted)));
    equal(withTls, true);
    const found = await withUnreported(outputs, [owner], [host], { machines: [], leases, tls: withTls });
    equal(speaksTls(found), true);
    deepEqual(found.etcdEndpoints, ["https://tf-core01:2379"]);
    deepEqual(endpointsOf(found), ["https://10.77.0.9:2379#tf-core01"]);
  });

  it("has its credentials in its state", () => {
    deepEqual(credentialsIn(state(stackOf(), ...tls(plain))), {
      ca: "cert of ca",
      cert: "cert of client",
      key: "key of client",
    });
    equal(dockerCredentialsIn(state(stackOf(), ...tls(plain))), undefined);
  });

  it("has Docker's beside them, which are no cluster's of their own", () => {
    const docker = [
      command("cluster-docker-ca", "dca", plain),
      command("cluster-docker-client-certificate", "dc", plain),
    ];
    const text = state(stackOf(), ...tls(plain), ...docker);
    equal(credentialsIn(text).key, "key of client");
    deepEqual(dockerCredentialsIn(text), { ca: "cert of dca", cert: "cert of dc", key: "key of dc" });
  });
});

describe("credentials in a stack's state", () => {
  const told = { ca: "told ca", cert: "told cert", key: "told key" };

  it("are those of the outputs, and where machines came since, what was made last", () => {
    const old = command("cluster-client-certificate", "old client", plain, { delete: true });
    const text = state(stackOf({ etcdCredentials: plain(told) }), ...tls(plain), old);
    deepEqual(credentialsIn(text), told);
    equal(credentialsIn(text, true).cert, "cert of client");
    deepEqual(credentialsIn(state(stackOf({ etcdCredentials: plain(told) })), true), told);
  });

  it("are missing only where there is no TLS, or where those of several clusters could be meant", () => {
    const without = state(stackOf({ etcdEndpoints: ["http://10.77.0.9:2379"] }), component("cluster"));
    equal(parseState(without).tls, false);
    throws(() => credentialsIn(without), { name: "UserError", message: /was brought up without TLS/ });
    const other = [component("b"), command("b-ca", "b", plain), command("b-client-certificate", "b", plain)];
    throws(() => credentialsIn(state(stackOf(), ...tls(plain), ...other)), {
      name: "UserError",
      message: /^the stack has no output etcdCredentials, and no credentials of one cluster/,
    });
  });
});

describe("a cluster without TLS whose first `up` failed", () => {
  it("is asked without", async () => {
    const { outputs, tls: withTls } = parseState(state(stackOf(), component("cluster")));
    const found = await withUnreported(outputs, [owner], [host], { machines: [], leases, tls: withTls });
    deepEqual(endpointsOf(found), ["http://10.77.0.9:2379"]);
  });
});

describe("a cluster with TLS that a later `up` failed to change", () => {
  it("has one endpoint of each member, by its name", async () => {
    const node = { name: "tf-core01", mac: "", addresses: ["10.77.0.8"], domainId: "old" };
    const outputs = { nodes: [node], etcdEndpoints: ["https://10.77.0.9:2379"] };
    const found = await withUnreported(outputs, [owner], [host], { machines: [], leases, tls: true });
    deepEqual(found.etcdEndpoints, ["https://10.77.0.9:2379"]);
    deepEqual(endpointsOf(found), ["https://10.77.0.9:2379#tf-core01"]);
  });
});
