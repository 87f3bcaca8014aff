/** A plan, a renderer without tools, and Pulumi mocks that record every registration. */
import * as pulumi from "@pulumi/pulumi";
import type { IgnitionRenderer } from "../../../components/coreosCluster.ts";
import type { ClusterPlan, NodePlan } from "../../../plan/types.ts";

export const OWNER = "0123456789abcdef0123456789abcdef";

const node = (name: string, mac: string): NodePlan => ({
  name,
  mac,
  memory: 512,
  vcpus: 1,
  diskSize: 4 * 2 ** 30,
  role: "member",
  profiles: [],
  snippets: [],
});

export const plan: ClusterPlan = {
  prefix: "dev-core",
  os: "lab",
  arch: "x86_64",
  autostart: false,
  ntpServers: [],
  dockerListen: "127.0.0.1:2375",
  image: {
    kind: "file",
    path: "/images/lab.qcow2",
    sha256: "ab".repeat(32),
    format: "qcow2",
    virtualSize: 2 ** 30,
  },
  pool: { name: "dev-core", path: "/var/lib/libvirt/coreos-cluster/dev-core" },
  bridge: "br0",
  domainType: "qemu",
  nodes: [
    node("dev-core01", "52:54:00:00:00:01"),
    node("dev-core02", "52:54:00:00:00:0b"),
    node("dev-core03", "52:54:00:00:00:03"),
  ],
  discovery: { mode: "etcd", endpoint: "http://10.0.0.1:2379" },
  bootstrapSize: 3,
  sshAuthorizedKeys: [],
  readinessTimeout: 600,
  warnings: [],
  secretKeys: [],
};

export const renderer: IgnitionRenderer = {
  generation: () => "generation-1",
  fingerprint: (_, { name }) => `hash-of-${name}`,
  renderIgnition: (_, { name }, { discoveryUrl, initialCluster }) =>
    JSON.stringify({ name, discoveryUrl, initialCluster }),
};

/** One resource as it was registered. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Type of the parent, from the URN. */
  readonly parent: string;
  readonly dependencies: readonly string[];
  /** Names of inputs that hold a secret, at whatever depth. */
  readonly secrets: readonly string[];
  /** Names of outputs that are secret whatever the plugin says. */
  readonly secretOutputs: readonly string[];
  readonly options: {
    readonly deleteBeforeReplace: boolean;
    readonly ignoreChanges: readonly string[];
    readonly deletedWith: string;
    /** Name of the explicit provider; empty for the default one. */
    readonly provider: string;
    readonly beforeCreate: readonly string[];
    readonly afterCreate: readonly string[];
    readonly onError: readonly string[];
  };
}

const keyPair = (whose: string): string =>
  JSON.stringify({ cert: `certificate of ${whose}`, key: `KEY of ${whose}` });

/** What the stand-ins for the providers answer: outputs known only to them. */
function outputs({ type, name, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  const given = inputs as Record<string, unknown>;
  if (type === "random:index/randomId:RandomId")
    return { ...given, hex: name.endsWith("-owner") ? OWNER : "70cen" };
  if (type !== "command:local:Command") return given;
  const stdout: Record<string, string> = {
    ...Object.fromEntries(
      ["first", "second"].map((host) => [
        `cluster-host@${host}`,
        JSON.stringify({ mode: "0700", uid: 1, gid: 2 }),
      ]),
    ),
    "cluster-host": JSON.stringify({ mode: "0700", uid: 64055, gid: 106 }),
    "cluster-ca": keyPair("authority"),
    "cluster-client-certificate": keyPair("client"),
    "cluster-docker-ca": keyPair("Docker's authority"),
    "cluster-docker-client-certificate": keyPair("Docker's client"),
    ...Object.fromEntries(
      plan.nodes.map(({ name: node }) => [`${node}-docker-certificate`, keyPair(`${node}'s Docker`)]),
    ),
    ...Object.fromEntries(plan.nodes.map((each) => [`${each.name}-certificate`, keyPair(each.name)])),
    "cluster-discovery-generation-1": "http://10.0.0.1:2379/v2/keys/discovery/70cen",
    "cluster-readiness": JSON.stringify({
      nodes: plan.nodes.map((each, index) => ({
        name: each.name,
        addresses: [`10.0.0.1${index}`],
        memberId: "1a",
      })),
      endpoints: plan.nodes.map((_, index) => `http://10.0.0.1${index}:2379`),
      leader: "dev-core01",
    }),
  };
  const joining = /^(.*)-join-/.exec(name)?.[1];
  const joined = JSON.stringify({
    ...{
      memberId: `id-of-${joining ?? ""}`,
      clusterId: "cafe",
      initialCluster: `all-with-${joining ?? ""}`,
      hosts: {},
    },
  });
  return { ...given, stdout: joining === undefined ? stdout[name] : joined, stderr: "" };
}

const idOf = (args: pulumi.runtime.MockResourceArgs): string =>
  args.type === "libvirt:index/volume:Volume"
    ? `/pool/${(args.inputs as { name: string }).name}`
    : `${args.name}-id`;

/** By this key an object is known as a secret on its way to the engine. */
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

type Registration = (request: unknown, callback: (error: null, answer: object) => void) => void;

interface Requests {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> };
  getAdditionalsecretoutputsList(): string[];
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getDeletedwith(): string;
  getProvider(): string;
  getHooks():
    | { getBeforeCreateList(): string[]; getAfterCreateList(): string[]; getOnErrorList(): string[] }
    | undefined;
}

/**
 * Sets Pulumi's mocks and records, besides the inputs, the options of each registration, which Pulumi's own mocks
 * don't hand over: they are read off the requests that the SDK sends to its monitor.
 */
export async function record(program: () => unknown): Promise<Registered[]> {
  const seen = new Map<string, Readonly<Record<string, unknown>>>();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        seen.set(args.name, args.inputs as Record<string, unknown>);
        return { id: idOf(args), state: outputs(args) };
      },
      call: () => ({}),
    },
    "coreos-cluster",
    "dev",
    false,
    "organization",
  );
  const requests: Requests[] = [];
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: Requests, callback: unknown) => unknown;
    registerResourceHook?: Registration;
    registerErrorHook?: Registration;
  };
  // Pulumi's mocks have no answer to these.
  monitor.registerResourceHook = monitor.registerErrorHook = (_, callback) => {
    callback(null, {});
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    requests.push(request);
    return register(request, callback);
  };
  program();
  await pulumi.runtime.disconnect();
  return requests.map((request) => ({
    type: request.getType(),
    name: request.getName(),
    inputs: seen.get(request.getName()) ?? {},
    parent: request.getParent().split("::").at(-1) ?? "",
    secrets: Object.entries(request.getObject().toJavaScript()).flatMap(([name, value]) =>
      JSON.stringify(value).includes(SECRET) ? [name] : [],
    ),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
    options: {
      deleteBeforeReplace: request.getDeletebeforereplace(),
      ignoreChanges: request.getIgnorechangesList(),
      // URN::ID
      provider: request.getProvider().split("::").at(-2) ?? "",
      deletedWith: request.getDeletedwith().split("::").at(-1) ?? "",
      beforeCreate: request.getHooks()?.getBeforeCreateList() ?? [],
      afterCreate: request.getHooks()?.getAfterCreateList() ?? [],
      onError: request.getHooks()?.getOnErrorList() ?? [],
    },
  }));
}
