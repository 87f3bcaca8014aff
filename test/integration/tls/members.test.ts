/** The etcd benchmark of the CIS for Kubernetes (points 2.1 to 2.7), in what is rendered for each system and in real etcds that run with it. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ETCD_34, etcd36, Etcds, freePorts } from "../discovery/etcds.ts";
import { issue, type KeyPair, makeAuthority } from "../../../commands/certificates/x509.ts";
import { membersApi } from "../../../commands/membership/api.ts";
import { ask, type Credentials } from "../../../commands/http.ts";
import { checkCluster } from "../../../commands/readiness/cluster.ts";
import { readEtcd } from "../../../commands/readiness/etcd.ts";
import { memberStatus } from "../../../commands/readiness/maintenance.ts";
import { NodeProgress } from "../../../commands/readiness/progress.ts";
import { holderOf, type NodeTls, renderIgnition } from "../../../ignition/index.ts";
import { dataText } from "../../../ignition/sources/dataUrl.ts";
import { OS_FAMILIES } from "../../../plan/os.ts";
import type { OsFamily } from "../../../plan/types.ts";
import { plan } from "../../unit/plan/fixtures.ts";

interface File {
  readonly path: string;
  readonly mode?: number;
  readonly contents?: { readonly source?: string };
}

interface Rendered {
  readonly storage: { readonly files: readonly File[] };
  readonly systemd: {
    readonly units: readonly { name: string; dropins?: readonly { name: string; contents?: string }[] }[];
  };
}

const NAMES = ["one", "two"];
const made = (os: OsFamily) =>
  plan({ os, tls: "true", discovery: { mode: "static" }, nodes: { one: {}, two: {} } });

const textOf = (file: File | undefined): string => dataText(file?.contents?.source ?? "") ?? "";

/** etcd's options as a member on this system gets them: flags of the wrapper, or variables of the container. */
function optionsOf({ storage, systemd }: Rendered): Record<string, string> {
  const dropins = systemd.units
    .filter(({ name }) => name === "etcd-member.service")
    .flatMap((unit) => (unit.dropins ?? []).map(({ contents = "" }) => contents));
  const containers = storage.files
    .filter(({ path }) => path.startsWith("/etc/containers/systemd/etcd-member.container"))
    .map(textOf);
  const flags = [...dropins.join("\n").matchAll(/--([a-z][a-z0-9-]*)=(?:"([^"]*)"|(\S+))/g)].map(
    ([, name = "", quoted, plain]) => [name, quoted ?? plain ?? ""],
  );
  const variables = [...containers.join("\n").matchAll(/Environment="?ETCD_([A-Z0-9_]+)=([^"\n]*)/g)].map(
    ([, name = "", value = ""]) => [name.toLowerCase().replaceAll("_", "-"), value],
  );
  return Object.fromEntries([...flags, ...variables]) as Record<string, string>;
}

describe("etcd with TLS", function () {
  this.timeout(240_000);
  let authority: KeyPair;
  let client: Credentials;
  const tls = new Map<string, NodeTls>();

  before(async () => {
    authority = await makeAuthority("test etcd CA");
    client = { ca: authority.cert, ...(await issue(authority, { name: "root", hosts: [] })) };
    for (const name of NAMES) {
      const { cert, key } = await issue(authority, holderOf({ name }));
      tls.set(name, { authority: authority.cert, certificate: cert, key });
    }
  });

  const render = (os: OsFamily, name: string): Rendered => {
    const of = made(os);
    const node = of.nodes.find((one) => one.name === name);
    const own = tls.get(name);
    assert.ok(node && own);
    return JSON.parse(renderIgnition(of, node, { discoveryUrl: "", tls: own })) as Rendered;
  };

  for (const os of OS_FAMILIES)
    it(`holds the benchmark's seven points in what is rendered for ${os}`, () => {
      const rendered = render(os, "one");
      const options = optionsOf(rendered);
      const fileAt = (path = ""): File | undefined =>
        rendered.storage.files.find((file) => file.path === path);
      const own = tls.get("one");
      // 2.1, 2.4: certificates and keys for clients and peers, and they are the node's own.
      for (const kind of ["", "peer-"]) {
        assert.equal(textOf(fileAt(options[`${kind}cert-file`])), own?.certificate);
        const key = fileAt(options[`${kind}key-file`]);
        assert.equal(textOf(key), own?.key);
        assert.equal(key?.mode, 0o600);
        // 2.2, 2.5: who comes must show a certificate.
        assert.equal(options[`${kind}client-cert-auth`], "true");
        // 2.3, 2.6: none that etcd signs for itself.
        assert.notEqual(options[`${kind}auto-tls`] ?? "false", "true");
        // 2.7: vouched for by the cluster's own authority and no other.
        assert.equal(textOf(fileAt(options[`${kind}trusted-ca-file`])), authority.cert);
      }
      for (const name of ["listen-client-urls", "listen-peer-urls", "advertise-client-urls"])
        for (const url of (options[name] ?? "").split(",")) assert.match(url, /^https:\/\//, name);
      assert.equal(options["initial-cluster"], "one=https://one:2380,two=https://two:2380");
      // No private key stands anywhere but in files that others can't read.
      for (const file of rendered.storage.files)
        if (textOf(file).includes("PRIVATE KEY")) assert.equal(file.mode, 0o600, file.path);
      assert.equal(JSON.stringify(rendered.systemd).includes("PRIVATE KEY"), false);
    });

  for (const [version, program] of [
    ["3.4", () => Promise.resolve(ETCD_34)],
    ["3.6", etcd36],
  ] as const)
    describe(`of version ${version}, running with the rendered options`, () => {
      let etcds: Etcds;
      let ports: number[];
      const portOf = (name: string): number => ports[NAMES.indexOf(name)] ?? 0;

      before(async () => {
        const binary = await program();
        etcds = new Etcds();
        ports = await freePorts(NAMES.length * 2);
        const peer = (name: string): string =>
          `https://localhost:${ports[NAMES.length + NAMES.indexOf(name)] ?? 0}`;
        for (const name of NAMES) {
          const rendered = render("lab", name);
          const options = optionsOf(rendered);
          const folder = join(etcds.folder, `${name}-files`);
          mkdirSync(folder, { mode: 0o700 });
          const flags: Record<string, string> = {};
          for (const [flag, value] of Object.entries(options).filter(
            ([flag]) => /(-file|client-cert-auth|auto-tls)$/.test(flag) && flag !== "log-file",
          )) {
            if (!flag.endsWith("-file")) flags[flag] = value;
            else {
              flags[flag] = join(folder, basename(value));
              writeFileSync(flags[flag], textOf(rendered.storage.files.find(({ path }) => path === value)));
              chmodSync(flags[flag], 0o600);
            }
          }
          assert.equal(Object.keys(flags).length, 8, Object.keys(flags).join());
          // Everything of etcd is on loopback, where both nodes' names are "localhost", which their certificates have.
          etcds.start(binary, name, {
            ...flags,
            "listen-client-urls": `https://127.0.0.1:${portOf(name)}`,
            "advertise-client-urls": `https://localhost:${portOf(name)}`,
            "listen-peer-urls": peer(name).replace("localhost", "127.0.0.1"),
            "initial-advertise-peer-urls": peer(name),
            "initial-cluster": NAMES.map((other) => `${other}=${peer(other)}`).join(","),
          });
        }
        const etcd = readEtcd(portOf("one"), ({ name }) => ({ tls: client, serverName: name }));
        for (let tries = 0; ; tries++) {
          const complaint = await etcd.unhealthy({ name: "one", host: "127.0.0.1" });
          if (complaint === undefined) break;
          assert.ok(tries < 300, `${complaint.says}: see ${etcds.log("one")}`);
          await sleep(200);
        }
      });
      after(() => etcds.remove());

      const health = (way: Parameters<typeof ask>[3], scheme = "https") =>
        ask(`${scheme}://127.0.0.1:${portOf("one")}/health`, {}, 5000, way);

      it("lets the right client in, by both of the checks that up and status make", async () => {
        const answer = await health({ tls: client, serverName: "one" });
        assert.match(answer.text ?? answer.reason, /"health":"?true/);
        const ofPort = new Map(NAMES.map((name) => [name, portOf(name)]));
        const etcdOf = (name: string) =>
          readEtcd(ofPort.get(name) ?? 0, (at) => ({ tls: client, serverName: at.name }));
        const at = (name: string) => ({ name, host: "127.0.0.1" });
        const members = await etcdOf("one").members(at("one"));
        assert.deepEqual(members?.map(({ name }) => name).toSorted(), NAMES);
        const leaders = await Promise.all(NAMES.map((name) => etcdOf(name).leader(at(name))));
        assert.ok(leaders[0] !== undefined && leaders[0] === leaders[1], leaders.join());
        assert.equal(await etcdOf("one").probe(at("one"), at("one"), "probe", "value"), undefined);
        const status = await memberStatus(`https://127.0.0.1:${portOf("two")}`, {
          tls: client,
          serverName: "two",
        });
        assert.equal(status?.leader, leaders[0]);
        // One of one: the report that up ends with has the URL that was asked.
        const alone = new NodeProgress("one");
        alone.host = "127.0.0.1";
        const finding = await checkCluster([alone], etcdOf("one"), "probe");
        assert.ok("trouble" in finding && /lists the members one, two/.test(finding.trouble));
      });

      it("answers no plain HTTP", async () => {
        const answer = await health(undefined, "http");
        assert.notEqual(answer.status, 200);
        assert.doesNotMatch(answer.text ?? "", /"health"/);
      });

      it("refuses who shows no certificate, to clients' and to peers' ports", async () => {
        for (const port of [portOf("one"), ports[2] ?? 0]) {
          const said = await new Promise<string>((done) => {
            const call = request(
              `https://127.0.0.1:${port}/version`,
              { ca: authority.cert, servername: "one", agent: false },
              (response) => {
                done(`status ${response.statusCode ?? 0}`);
              },
            );
            call.on("error", ({ message }) => {
              done(message);
            });
            call.end();
          });
          assert.match(said, /certificate required|bad certificate/, said);
        }
      });

      it("refuses who shows a certificate of another authority of the same name", async () => {
        const other = await makeAuthority("test etcd CA");
        const stranger = await issue(other, { name: "root", hosts: [] });
        const { reason } = await health({ tls: { ...client, ...stranger }, serverName: "one" });
        assert.match(
          reason ?? "",
          /does not take the certificate that it is shown \((bad certificate|unknown ca)\): the clock there is wrong/,
        );
      });

      it("is a stranger to a cluster of another authority, be it of the same name, and to no other", async () => {
        const other = await makeAuthority("test etcd CA");
        const foreign = { ca: other.cert, ...(await issue(other, { name: "root", hosts: [] })) };
        const seenBy = (credentials: Credentials, serverName: string): Promise<boolean> =>
          membersApi(portOf("one"), () => ({ tls: credentials, serverName })).isStranger({
            ...{ name: "one", host: "127.0.0.1" },
          });
        assert.deepEqual(
          [await seenBy(foreign, "one"), await seenBy(client, "one"), await seenBy(client, "two")],
          [true, false, false],
        );
      });

      it("is not taken for another node by its clients", async () => {
        const { reason } = await health({ tls: client, serverName: "two" });
        assert.match(reason ?? "", /altnames/);
      });

      it("keeps its keys to itself", () => {
        for (const name of NAMES)
          assert.equal(statSync(join(etcds.folder, `${name}-files`, "key.pem")).mode & 0o077, 0);
      });
    });

  it("a listener without TLS on a member's port is not taken for a member", async () => {
    const impostor = createServer(() => undefined);
    await new Promise<void>((ready) => impostor.listen(0, "127.0.0.1", ready));
    const { port } = impostor.address() as AddressInfo;
    const { reason } = await ask(`https://127.0.0.1:${port}/health`, {}, 5000, {
      tls: client,
      serverName: "one",
      dial: (host, number) => Promise.resolve(connect({ host, port: number })),
    });
    assert.ok(reason !== undefined);
    impostor.close();
  });
});
