import { deepEqual, equal, match, rejects } from "node:assert/strict";
import fc from "fast-check";
import { obtain } from "../../../commands/discovery/obtain.ts";
import type { Patience } from "../../../commands/discovery/registry.ts";
import { release } from "../../../commands/discovery/release.ts";
import { parseRegistryUrl, registryUrl } from "../../../commands/discovery/v3.ts";
import { readRegistry } from "../../../commands/readiness/registry.ts";
import { type Answers, type Double, quietly, serve } from "./doubles.ts";

const patience: Patience = { timeLimit: 200, pauses: [1, 1] };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = (text: string): string => Buffer.from(text, "base64").toString();

/** The JSON gateway of an etcd with these keys: ranges as etcd has them, byte by byte, the end left out. */
const gateway =
  (keys: Record<string, string>): Answers =>
  ({ method, path, body }) => {
    if (method !== "POST") return { status: 405 };
    const { key = "", range_end = "", value = "" } = JSON.parse(body) as Record<string, string>;
    const [from, to] = [plain(key), plain(range_end)];
    const found = Object.entries(keys).filter(([name]) => name >= from && name < to);
    const header = { cluster_id: "1", member_id: "2", revision: "3", raft_term: "4" };
    if (path === "/v3/kv/put") keys[from] = plain(value);
    else if (path === "/v3/kv/deleterange") for (const [name] of found) Reflect.deleteProperty(keys, name);
    else if (path !== "/v3/kv/range") return undefined;
    if (path !== "/v3/kv/range" || found.length === 0) return { body: { header } };
    const kvs = found.map(([name, text]) => ({ key: base64(name), value: base64(text) }));
    return { body: { header, kvs, count: String(kvs.length) } };
  };

describe("v3 discovery", () => {
  let keys: Record<string, string>;
  let registry: Double;
  const servers: Double[] = [];
  const open = async (answers: Answers): Promise<Double> => {
    const server = await serve(answers);
    servers.push(server);
    return server;
  };

  beforeEach(async () => {
    keys = {};
    registry = await open(gateway(keys));
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  const own = (...endpoints: string[]) => ({
    MODE: "v3",
    SIZE: "3",
    TOKEN: "0a1b",
    ENDPOINTS: endpoints.join(" "),
  });
  const given = (token = "t") => ({ MODE: "v3", SIZE: "3", GIVEN_TOKEN: token, ENDPOINTS: registry.url });
  const fails = async (env: Record<string, string>, ...messages: RegExp[]): Promise<string> =>
    await quietly(() =>
      rejects(obtain(env, patience), (error: Error) => {
        for (const message of messages) match(error.message, message);
        return true;
      }),
    );

  it("writes the size where etcd looks for it", async () => {
    equal(await obtain(own(`${registry.url}/`), patience), `${registry.url}/_etcd/registry/0a1b`);
    deepEqual(keys, { "/_etcd/registry/0a1b/_config/size": "3" });
  });

  it("takes the first server that answers, and names the registry by its first", async () => {
    const dead = await open(() => undefined);
    await dead.close();
    const broken = await open(() => ({ status: 503, body: { error: "etcdserver: no leader", code: 14 } }));
    const url = await obtain(own(dead.url, broken.url, registry.url), patience);
    equal(url, `${dead.url}/_etcd/registry/0a1b`);
    deepEqual(Object.keys(keys), ["/_etcd/registry/0a1b/_config/size"]);
    equal(broken.asked.length, 1);
  });

  it("says of each server what came", async () => {
    const broken = await open(() => ({ status: 503, body: { error: "etcdserver: no leader", code: 14 } }));
    const dead = await open(() => undefined);
    await dead.close();
    await fails(
      own(dead.url, broken.url),
      /3 tries/,
      /POST http:.*\/v3\/kv\/put: connect ECONNREFUSED/,
      /status 503 "\{"error":"etcdserver: no leader"/,
      /discovery\.mode static/,
    );
  });

  for (const [what, answer] of [
    ["a web page", { body: "<html>Welcome</html>" }],
    ["other JSON", { body: { ok: true } }],
  ] as const)
    it(`takes ${what} for no etcd`, async () => {
      const other = await open(() => answer);
      await fails(own(other.url), /answered like no etcd with the v3 API/, /version 3\.4 or newer/);
    });

  it("does not ask an etcd again that has no v3 gateway", async () => {
    const old = await open(() => undefined);
    await fails(own(old.url), /1 try/, /status 404/);
    equal(old.asked.length, 1);
  });

  describe("with a given token", () => {
    const at = (path: string): string => `/_etcd/registry/t/${path}`;

    it("takes one for as many members that nobody has used, and writes nothing", async () => {
      keys[at("_config/size")] = "3";
      equal(await obtain(given(), patience), `${registry.url}/_etcd/registry/t`);
      deepEqual(keys, { [at("_config/size")]: "3" });
    });

    it("is not misled by a token that begins alike", async () => {
      Object.assign(keys, {
        [at("_config/size")]: "3",
        "/_etcd/registry/t2/members/1": "x=http://10.0.0.1:2380",
      });
      equal(await obtain(given(), patience), `${registry.url}/_etcd/registry/t`);
    });

    it("refuses one for another size", async () => {
      keys[at("_config/size")] = "5";
      await fails(
        given(),
        /token t is for a cluster of 5, and this one begins with 3/,
        /config rm --path discovery\.token/,
      );
    });

    it("refuses one that is used up", async () => {
      keys[at("_config/size")] = "3";
      for (const name of ["x1", "x2", "x3"]) keys[at(`members/${name}`)] = `${name}=http://10.0.0.1:2380`;
      await fails(given(), /token t is used up: 3 of 3 members have registered \(x1, x2, x3\)/);
    });

    it("refuses one that the registry does not know, and says how to make it", async () => {
      await fails(
        given(),
        /does not know the discovery token t/,
        /etcdctl .* put \/_etcd\/registry\/t\/_config\/size 3/,
      );
    });

    for (const token of ["a/b", "a b", ".."])
      it(`refuses ${JSON.stringify(token)}`, async () => {
        await fails(given(token), /can't be one: it must be a word without blanks and slashes/);
        equal(registry.asked.length, 0);
      });

    it("lets it through where the registry can't be reached from here, and says so", async () => {
      await registry.close();
      const said = await quietly(async () => {
        equal(await obtain(given(), patience), `${registry.url}/_etcd/registry/t`);
      });
      match(said, /could not be checked from here.*ECONNREFUSED/);
    });
  });

  describe("released", () => {
    const all = (): Record<string, string> => ({
      "/_etcd/registry/0a1b/_config/size": "3",
      "/_etcd/registry/0a1b/members/1": "a01=http://10.0.0.1:2380",
      "/_etcd/registry/0a1bc/_config/size": "5",
      "/other": "x",
    });

    it("takes all of our token away and nothing else, at the first server that answers", async () => {
      Object.assign(keys, all());
      const dead = await open(() => undefined);
      await dead.close();
      const url = `${dead.url}/_etcd/registry/0a1b`;
      await release({ ...own(dead.url, registry.url), PULUMI_COMMAND_STDOUT: url });
      deepEqual(Object.keys(keys).toSorted(), ["/_etcd/registry/0a1bc/_config/size", "/other"]);
    });

    it("leaves a given token alone", async () => {
      await release({ ...given("0a1b"), PULUMI_COMMAND_STDOUT: `${registry.url}/_etcd/registry/0a1b` });
      equal(registry.asked.length, 0);
    });

    it("never fails", async () => {
      await registry.close();
      const env = { ...own(registry.url), PULUMI_COMMAND_STDOUT: `${registry.url}/_etcd/registry/0a1b` };
      match(await quietly(() => release(env)), /could not be removed; it hurts nobody.*ECONNREFUSED/);
    });
  });

  describe("read by the wait for readiness", () => {
    const read = (endpoints: string[] = []) =>
      readRegistry({ mode: "v3", discoveryUrl: `${registry.url}/_etcd/registry/t`, endpoints })();

    it("finds where members are by their peer URLs", async () => {
      Object.assign(keys, {
        "/_etcd/registry/t/_config/size": "2",
        "/_etcd/registry/t/members/1": "a01=http://10.0.0.1:2380,a01=http://10.0.0.1:7001",
        "/_etcd/registry/t/members/2": "a02=http://10.0.0.2:2380",
      });
      deepEqual(await read(), {
        hosts: new Map([
          ["a01", "10.0.0.1"],
          ["a02", "10.0.0.2"],
        ]),
      });
    });

    it("asks the next server where one does not answer", async () => {
      keys["/_etcd/registry/t/members/1"] = "a01=http://10.0.0.1:2380";
      const other = await open(gateway(keys));
      await registry.close();
      deepEqual(await read([registry.url, other.url]), { hosts: new Map([["a01", "10.0.0.1"]]) });
    });

    it("says what came where nobody answers", async () => {
      await registry.close();
      match(JSON.stringify(await read()), /problem.*ECONNREFUSED/);
    });
  });

  it("reads back the address of a token", () => {
    const token = fc.stringMatching(/^[0-9a-zA-Z._-]+$/);
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: false }), token, (url, word) => {
        const endpoint = url.replace(/\/+$/, "");
        deepEqual(parseRegistryUrl(registryUrl(endpoint, word)), { endpoint, token: word });
      }),
    );
    equal(parseRegistryUrl("http://r.example/v2/keys/discovery/t"), undefined);
  });
});
