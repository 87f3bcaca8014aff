/** Snapshots of a member that wants to see certificates. */
import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { issue, makeAuthority } from "../../../commands/certificates/x509.ts";
import { ask, type Credentials } from "../../../commands/http.ts";
import { readSnapshot } from "../../../commands/snapshot/file.ts";
import { checkout, ETCD_34, Etcds, freePorts } from "../discovery/etcds.ts";

describe("a snapshot through mutual TLS", function () {
  this.timeout(60_000);
  const etcds = new Etcds();
  let endpoint: string;
  let client: Credentials;

  before(async () => {
    const authority = await makeAuthority("test etcd CA");
    client = { ca: authority.cert, ...(await issue(authority, { name: "root", hosts: [] })) };
    const member = await issue(authority, { name: "one", hosts: ["one"] });
    const fileOf = (name: string, text: string): string => {
      writeFileSync(join(etcds.folder, name), text, { mode: 0o600 });
      return join(etcds.folder, name);
    };
    const [port = 0, peer = 0] = await freePorts(2);
    endpoint = `https://127.0.0.1:${port}`;
    etcds.start(ETCD_34, "one", {
      ...{ "listen-client-urls": endpoint, "advertise-client-urls": endpoint },
      ...{
        "listen-peer-urls": `http://127.0.0.1:${peer}`,
        "initial-advertise-peer-urls": `http://127.0.0.1:${peer}`,
      },
      "initial-cluster": `one=http://127.0.0.1:${peer}`,
      "client-cert-auth": "true",
      "trusted-ca-file": fileOf("ca.pem", authority.cert),
      "cert-file": fileOf("one.pem", member.cert),
      "key-file": fileOf("one-key.pem", member.key),
    });
    const way = { tls: client, serverName: "one" };
    for (let tries = 0; tries < 200; tries++) {
      if ((await ask(`${endpoint}/health`, {}, 2000, way)).status === 200) break;
      await sleep(100);
    }
    const body = { key: "YQ==", value: "Yg==" };
    equal((await ask(`${endpoint}/v3/kv/put`, { method: "POST", body }, 5000, way)).status, 200);
  });
  after(async () => {
    await etcds.remove();
  });

  const program = (args: readonly string[], credentials: Credentials) =>
    execa(process.execPath, ["commands/snapshot.ts", ...args], {
      ...{ cwd: checkout, reject: false, encoding: "buffer" },
      input: JSON.stringify(credentials),
    } as const);

  it("is taken with the stack's credentials, from the member whose name its certificate has", async () => {
    const taken = await program(["take", `${endpoint}#one`], client);
    equal(taken.exitCode, 0, Buffer.from(taken.stderr).toString());
    const file = join(etcds.folder, "data.db");
    writeFileSync(file, taken.stdout);
    const found = readSnapshot(file);
    equal(found.keys, 1);
    const keys = await program(["keys", String(found.revision), `${endpoint}#one`], client);
    deepEqual(JSON.parse(Buffer.from(keys.stdout).toString()), [{ keys: 1, digest: found.digest }]);
  });

  it("is not taken from another one, or by a stranger", async () => {
    const other = await program(["state", `${endpoint}#two`], client);
    match(Buffer.from(other.stdout).toString(), /"problem":".*two/);
    const stranger = await makeAuthority("test etcd CA");
    const theirs = { ...client, ...(await issue(stranger, { name: "root", hosts: [] })) };
    const refused = await program(["take", `${endpoint}#one`], theirs);
    deepEqual([refused.exitCode, refused.stdout.length], [1, 0]);
  });
});
