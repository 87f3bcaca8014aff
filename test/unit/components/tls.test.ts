import { deepEqual, equal, ok } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { IgnitionRenderer } from "../../../components/coreosCluster.ts";
import type { ClusterPlan } from "../../../plan/types.ts";
import { plan, record, type Registered, renderer } from "./fixtures.ts";

/** Notes what nodes are rendered with. */
const rendered = new Map<string, unknown>();
const ignition: IgnitionRenderer = {
  ...renderer,
  renderIgnition: (of, node, bootstrap) => {
    rendered.set(node.name, bootstrap.tls);
    return renderer.renderIgnition(of, node, bootstrap) + (bootstrap.tls?.key ?? "");
  },
};

interface Made {
  readonly resources: Registered[];
  readonly get: (name: string) => Registered;
  readonly endpoints: readonly string[];
  readonly credentials: pulumi.Output<unknown> | undefined;
  readonly docker: pulumi.Output<unknown> | undefined;
  readonly secret: boolean | undefined;
}

async function make(changes: Partial<ClusterPlan>, waitUntilHealthy = true): Promise<Made> {
  const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
  let endpoints: readonly string[] = [];
  let credentials: pulumi.Output<unknown> | undefined;
  let docker: pulumi.Output<unknown> | undefined;
  let secret: boolean | undefined;
  const resources = await record(() => {
    const of = { ...plan, ...changes };
    const cluster = new CoreOSCluster("cluster", { plan: of, ignition, waitUntilHealthy });
    cluster.etcdEndpoints.apply((value) => (endpoints = value));
    credentials = cluster.etcdCredentials;
    docker = cluster.dockerCredentials;
    void Promise.all([pulumi.isSecret(cluster.etcdEndpoints), pulumi.isSecret(cluster.nodes)]).then(
      ([one, other]) => (secret = one || other),
    );
  });
  const get = (name: string): Registered => {
    const found = resources.find((resource) => resource.name === name);
    ok(found, `no resource ${name} among ${resources.map((resource) => resource.name).join(", ")}`);
    return found;
  };
  return { resources, get, endpoints, credentials, docker, secret };
}

const tls = { rotation: "1" };
/** The environment of a Command, which is secret as a whole where a part of it is. */
const environmentOf = ({ inputs }: Registered): Record<string, string> => {
  const given = inputs["environment"] as Record<string, unknown>;
  return (typeof given["value"] === "object" ? given["value"] : given) as Record<string, string>;
};

const isOfTls = ({ name }: Registered): boolean => /-ca$|-certificate$/.test(name);

describe("a cluster with TLS", () => {
  let made: Made;
  before(async () => {
    rendered.clear();
    made = await make({ tls });
  });

  it("has one authority, a certificate a node, and one for clients", () => {
    deepEqual(
      made.resources
        .filter(isOfTls)
        .map(({ parent, name }) => `${parent} > ${name}`)
        .toSorted(),
      [
        "cluster > cluster-ca",
        "cluster > cluster-client-certificate",
        ...plan.nodes.map(({ name }) => `cluster > ${name}-certificate`),
      ],
    );
  });

  it("lets its own program make them, once, without a shell and without a word in the log", () => {
    for (const { name, inputs, options } of made.resources.filter(isOfTls)) {
      deepEqual(inputs["interpreter"], ["node", "commands/certificates.ts"], name);
      equal(inputs["create"], name === "cluster-ca" ? "authority" : "issue");
      deepEqual([inputs["update"], inputs["delete"], inputs["logging"]], ["keep", undefined, "stderr"]);
      deepEqual(options.ignoreChanges, ["environment", "interpreter"]);
    }
    deepEqual(environmentOf(made.get("cluster-ca")), { NAME: "dev-core etcd CA" });
    deepEqual(environmentOf(made.get("dev-core02-certificate")), {
      CA_CERT: "certificate of authority",
      CA_KEY: "KEY of authority",
      NAME: "dev-core02",
      HOSTS: "dev-core02 localhost 127.0.0.1 ::1",
    });
    const client = environmentOf(made.get("cluster-client-certificate"));
    deepEqual([client["NAME"], client["HOSTS"]], ["root", ""]);
  });

  it("makes other ones for another rotation or address, and for nothing else", async () => {
    const triggers = ({ resources }: Made): unknown =>
      Object.fromEntries(
        resources.filter(isOfTls).map(({ name, inputs }) => [name, JSON.stringify(inputs["triggers"])]),
      );
    const names = '"localhost","127.0.0.1","::1"]';
    const expected = {
      "cluster-ca": '["1"]',
      "cluster-client-certificate": '["1"]',
      ...Object.fromEntries(plan.nodes.map(({ name }) => [`${name}-certificate`, `["1","${name}",${names}`])),
    };
    deepEqual(triggers(made), expected);
    const others = { readinessTimeout: 99, bridge: "br1", bootstrapSize: 2 };
    deepEqual(triggers(await make({ tls, ...others })), expected);
    const nodes = plan.nodes.map((node, index) => (index === 0 ? { ...node, address: "10.0.0.7" } : node));
    deepEqual(triggers(await make({ tls, nodes })), {
      ...expected,
      "dev-core01-certificate": `["1","dev-core01","10.0.0.7",${names}`,
    });
    equal(
      (triggers(await make({ tls: { rotation: "2" } })) as Record<string, string>)["cluster-ca"],
      '["2"]',
    );
  });

  it("keeps every private key a secret on its way to the engine", async () => {
    for (const resource of made.resources) {
      const holds = Object.entries(resource.inputs)
        .filter(([, value]) => JSON.stringify(value).includes("KEY of"))
        .map(([name]) => name);
      deepEqual(holds.toSorted(), holds.filter((name) => resource.secrets.includes(name)).toSorted());
    }
    for (const { name, secretOutputs } of made.resources.filter(isOfTls))
      deepEqual(secretOutputs, ["stdout"], name);
    ok(made.get("dev-core01-ignition").secrets.includes("content"));
    ok(made.get("cluster-readiness").secrets.includes("environment"));
    equal(await pulumi.isSecret(made.credentials ?? pulumi.output("")), true);
    // What a secret made secret by mistake would spoil.
    equal(made.secret, false);
  });

  it("gives each node its own, and the readiness check the client's", () => {
    for (const { name } of plan.nodes)
      deepEqual(rendered.get(name), {
        authority: "certificate of authority",
        certificate: `certificate of ${name}`,
        key: `KEY of ${name}`,
      });
    const environment = environmentOf(made.get("cluster-readiness"));
    deepEqual(
      [environment["TLS_CA"], environment["TLS_CERT"], environment["TLS_KEY"]],
      ["certificate of authority", "certificate of client", "KEY of client"],
    );
  });

  it("lets a node's certificate hang on the authority alone", () => {
    for (const { name } of plan.nodes)
      deepEqual(made.get(`${name}-certificate`).dependencies, ["cluster-ca"], name);
  });

  it("has another authority for Docker, where a machine lets it listen on a network, and for nobody else", async () => {
    const nodes = plan.nodes.map((node, index) =>
      index === 1
        ? { ...node, profiles: [...node.profiles, "docker" as const, "docker-remote" as const] }
        : node,
    );
    const [name = ""] = nodes.slice(1).map((node) => node.name);
    rendered.clear();
    const remote = await make({ tls, nodes });
    const names = (all: readonly Registered[]): string[] => all.filter(isOfTls).map((one) => one.name);
    deepEqual(
      names(remote.resources)
        .filter((one) => !names(made.resources).includes(one))
        .toSorted(),
      ["cluster-docker-ca", "cluster-docker-client-certificate", `${name}-docker-certificate`].toSorted(),
    );
    // What the others have is what they had.
    for (const one of made.resources.filter(isOfTls)) deepEqual(remote.get(one.name).inputs, one.inputs);
    deepEqual(environmentOf(remote.get("cluster-docker-ca")), { NAME: "dev-core Docker CA" });
    const environment = environmentOf(remote.get(`${name}-docker-certificate`));
    equal(environment["SERVER_ONLY"], "true");
    equal(environment["HOSTS"], `${name} localhost 127.0.0.1 ::1`);
    for (const one of ["cluster-docker-client-certificate", `${name}-docker-certificate`]) {
      deepEqual(remote.get(one).dependencies, ["cluster-docker-ca"], one);
      ok(remote.get(one).secrets.length > 0, one);
    }
    ok(remote.docker !== undefined && made.docker === undefined);
    for (const node of nodes)
      equal("docker" in (rendered.get(node.name) as object), node.name === name, node.name);
  });

  it("puts out its members' URLs by name, or by the addresses that the config gives", async () => {
    const names = plan.nodes.map(({ name }) => `https://${name}:2379`);
    deepEqual(made.endpoints, names);
    deepEqual((await make({ tls }, false)).endpoints, names);
    const nodes = plan.nodes.map((node, index) => ({ ...node, address: `10.0.0.${index + 5}` }));
    deepEqual((await make({ tls, nodes })).endpoints, [
      "https://10.0.0.5:2379",
      "https://10.0.0.6:2379",
      "https://10.0.0.7:2379",
    ]);
  });

  it("is what it was where there is no TLS", async () => {
    const plain = await make({});
    deepEqual(plain.resources.filter(isOfTls), []);
    equal(plain.credentials, undefined);
    equal(JSON.stringify(plain.resources).includes("TLS_"), false);
    deepEqual(
      plain.resources.flatMap(({ secrets }) => secrets),
      [],
    );
  });
});
