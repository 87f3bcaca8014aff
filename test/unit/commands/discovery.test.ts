import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { obtain } from "../../../commands/discovery/obtain.ts";
import type { Patience } from "../../../commands/discovery/registry.ts";
import { release } from "../../../commands/discovery/release.ts";
import { discoveryUrl } from "../../../commands/discovery/v2.ts";
import { keep } from "../../../commands/program.ts";
import { type Answers, type Double, quietly, serve } from "./doubles.ts";

const patience: Patience = { timeLimit: 200, pauses: [1, 1] };

describe("discovery", () => {
  let registry: Double;
  const open = async (answers: Answers): Promise<void> => {
    registry = await serve(answers);
  };
  afterEach(async () => {
    await registry.close();
  });

  const fails = async (env: Record<string, string>, ...messages: RegExp[]): Promise<void> => {
    await quietly(() =>
      rejects(obtain({ SIZE: "3", ...env }, patience), (error: Error) => {
        for (const message of messages) match(error.message, message);
        return true;
      }),
    );
  };

  describe("from a public service", () => {
    const service = () => ({ MODE: "service", ENDPOINT: registry.url });

    it("asks for a URL for so many members and takes the answer without its line end", async () => {
      await open(() => ({ body: "https://discovery.example/3e86b59982e49066c5d813af1c2e2579cbf573de\n" }));
      equal(
        await obtain({ ...service(), ENDPOINT: `${registry.url}/`, SIZE: "5" }, patience),
        "https://discovery.example/3e86b59982e49066c5d813af1c2e2579cbf573de",
      );
      deepEqual(registry.asked, [{ method: "GET", path: "/new?size=5", body: "" }]);
    });

    it("tries again while the service is overloaded", async () => {
      let count = 0;
      await open(() => (++count < 3 ? { status: 503, body: "busy" } : { body: "https://d.example/t0ken" }));
      const said = await quietly(async () => {
        equal(await obtain({ ...service(), SIZE: "3" }, patience), "https://d.example/t0ken");
      });
      match(said, /status 503 "busy"; trying again/);
    });

    it("gives up with what came and what else there is", async () => {
      await open(() => ({ status: 503, body: "unable to\n  serve" }));
      await fails(
        service(),
        /3 tries/,
        /GET http:\/\/127\.0\.0\.1:\d+\/new\?size=3: status 503 "unable to serve"/,
        /pulumi config set --path discovery\.mode etcd/,
        /pulumi config set --path discovery\.url URL/,
      );
    });

    it("tells commands as they work where it was started", async () => {
      await open(() => ({ status: 400 }));
      await fails(
        { ...service(), CLUSTER_COMMAND_PREFIX: "npm run cluster -- exec" },
        /^ {6}npm run cluster -- exec pulumi config set --path discovery\.mode etcd$/m,
        /^ {6}npm run cluster -- exec pulumi config set --path discovery\.url URL$/m,
      );
    });

    it("does not repeat a question that was refused", async () => {
      await open(() => ({ status: 400, body: "bad size" }));
      await fails(service(), /1 try/, /status 400/);
      equal(registry.asked.length, 1);
    });

    it("takes a URL on another host only where that host knows it", async () => {
      await open(({ path }) => {
        const url = registry.url.replace("127.0.0.1", "localhost");
        return path.startsWith("/new") ? { body: `${url}/t0ken` } : { status: 404, body: "no such token" };
      });
      await fails(
        service(),
        /answered with a URL on another host, which does not know it/,
        /localhost.*t0ken/,
      );
    });

    it("says where a redirect leads instead of following it", async () => {
      await open(() => ({ status: 301, headers: { location: "https://d.example/new" } }));
      await fails(
        service(),
        /1 try/,
        /status 301, a redirect to https:\/\/d\.example\/new; redirects are not/,
      );
      equal(registry.asked.length, 1);
    });

    it("waits for a slow service only so long", async () => {
      await open(() => ({ body: "https://d.example/t0ken", delay: 1000 }));
      await fails(service(), /no answer within 0\.2 s/);
    });

    it("says why nothing can be reached", async () => {
      await open(() => undefined);
      const { url } = registry;
      await registry.close();
      await fails({ MODE: "service", ENDPOINT: url }, /ECONNREFUSED/);
    });

    for (const garbage of [
      "<html><body>Welcome</body></html>",
      "ftp://d.example/t",
      "https://d.example/",
      "",
    ])
      it(`refuses ${JSON.stringify(garbage)} as a discovery URL`, async () => {
        await open(() => ({ body: garbage }));
        await fails(service(), /no discovery URL/, /discovery\.mode etcd/);
      });
  });

  describe("from a registry of one's own", () => {
    const own = () => ({ MODE: "etcd", ENDPOINT: `${registry.url}/`, TOKEN: "0a1b" });

    it("writes the size under the token", async () => {
      await open(({ body }) => ({
        status: 201,
        body: { action: "set", node: { value: body.slice("value=".length) } },
      }));
      equal(await obtain({ ...own(), SIZE: "3" }, patience), `${registry.url}/v2/keys/discovery/0a1b`);
      deepEqual(registry.asked, [
        { method: "PUT", path: "/v2/keys/discovery/0a1b/_config/size", body: "value=3" },
      ]);
    });

    it("says what to do about an etcd without the v2 API", async () => {
      await open(() => undefined);
      await fails(own(), /PUT .*_config\/size: status 404/, /discovery\.endpoint/);
    });

    it("takes no answer for success but etcd's own", async () => {
      await open(() => ({ body: "OK" }));
      await fails(own(), /--enable-v2=true/, /"OK"/);
    });
  });

  describe("from the user", () => {
    const given = () => ({ MODE: "url", URL: `${registry.url}/v2/keys/discovery/t` });
    /** A v2 registry that knows the token `t`. */
    const knows =
      (size: string, members: string[] = []): Answers =>
      ({ path }) => {
        if (path === "/v2/keys/discovery/t/_config/size")
          return { body: { action: "get", node: { value: size } } };
        if (path !== "/v2/keys/discovery/t")
          return { status: 404, body: { errorCode: 100, message: "Key not found" } };
        const nodes = members.map((name) => ({ key: "/k", value: `${name}=http://10.0.0.1:2380` }));
        return { body: { action: "get", node: { dir: true, ...(nodes.length === 0 ? {} : { nodes }) } } };
      };

    it("takes a token for as many members that nobody has used", async () => {
      await open(knows("3"));
      equal(await obtain({ ...given(), SIZE: "3" }, patience), given().URL);
    });

    it("refuses what is no URL without asking anybody", async () => {
      await open(() => undefined);
      await fails({ MODE: "url", URL: "discovery.example/t" }, /"discovery.example\/t" is not one/);
      equal(registry.asked.length, 0);
    });

    it("refuses a token for another size", async () => {
      await open(knows("5"));
      await fails(
        given(),
        /The discovery URL http:\/\/127\.0\.0\.1:\d+\/v2\/keys\/discovery\/t is for a cluster of 5, and this one begins with 3/,
        /pulumi config set --path discovery\.url URL, one that was made for 3/,
      );
    });

    it("refuses a token that is used up, and says by whom", async () => {
      await open(knows("3", ["x3", "x1", "x2"]));
      await fails(given(), /is used up: 3 of 3 members have registered \(x1, x2, x3\)/);
    });

    it("refuses a token that others have begun to use", async () => {
      await open(knows("3", ["x1"]));
      await fails(given(), /is used: 1 of 3 members have registered \(x1\)/);
    });

    it("refuses a token that the registry does not know, and says how to make it", async () => {
      await open(knows("3"));
      await fails(
        { MODE: "url", URL: `${registry.url}/v2/keys/discovery/other` },
        /does not know the discovery URL .*\/other: it has no size/,
        /curl -X PUT http:.*\/other\/_config\/size -d value=3/,
      );
    });

    it("refuses a token of v3 discovery, which is no URL to etcd", async () => {
      await open(() => undefined);
      await fails({ MODE: "url", URL: `${registry.url}/_etcd/registry/t` }, /Set discovery\.mode to v3/);
    });

    for (const [what, answer] of [
      ["a web page", { body: "<html>Welcome</html>" }],
      ["other JSON", { body: { ok: true } }],
      ["an etcd without the v2 API", { status: 404, body: "404 page not found" }],
      ["a redirect", { status: 301, headers: { location: "https://d.example/t" } }],
      ["a service that is broken", { status: 503, body: "busy" }],
    ] as const)
      it(`refuses ${what}`, async () => {
        await open(() => answer);
        await fails(given(), /answers like no discovery registry/, /discovery\.mode etcd/);
      });

    it("lets a URL through that can't be reached from here, and says so", async () => {
      await open(() => undefined);
      const env = { ...given(), SIZE: "3" };
      await registry.close();
      const said = await quietly(async () => {
        equal(await obtain(env, patience), env.URL);
      });
      match(said, /could not be checked from here, the nodes will see: GET .*ECONNREFUSED/);
    });

    it("shows no password that stands in a URL", async () => {
      await open(() => ({ body: "<html>" }));
      const URL = `${registry.url.replace("//", "//user:s3cret@")}/v2/keys/discovery/t`;
      await quietly(() =>
        rejects(obtain({ SIZE: "3", MODE: "url", URL }, patience), (error: Error) => {
          match(error.message, /GET http:\/\/\*\*\*@127/);
          return !error.message.includes("s3cret");
        }),
      );
    });
  });

  it("keeps the URL that is there", async () => {
    await open(() => undefined);
    equal(await keep({ PULUMI_COMMAND_STDOUT: "https://d.example/t" }), "https://d.example/t");
  });

  describe("released", () => {
    it("takes the token out of a registry of one's own", async () => {
      await open(() => ({ body: { action: "delete" } }));
      const url = `${registry.url}/v2/keys/discovery/0a1b`;
      equal(await quietly(() => release({ MODE: "etcd", PULUMI_COMMAND_STDOUT: url })), "");
      deepEqual(registry.asked, [
        { method: "DELETE", path: "/v2/keys/discovery/0a1b?recursive=true&dir=true", body: "" },
      ]);
    });

    it("asks nothing of a service or a given URL", async () => {
      await open(() => undefined);
      await release({ MODE: "service", PULUMI_COMMAND_STDOUT: `${registry.url}/v2/keys/discovery/x` });
      await release({ MODE: "url", PULUMI_COMMAND_STDOUT: `${registry.url}/v2/keys/discovery/x` });
      equal(registry.asked.length, 0);
    });

    it("never fails", async () => {
      await open(() => ({ status: 500 }));
      const url = `${registry.url}/v2/keys/discovery/0a1b`;
      match(
        await quietly(() => release({ MODE: "etcd", PULUMI_COMMAND_STDOUT: url })),
        /could not be removed.*status 500/,
      );
      await registry.close();
      match(await quietly(() => release({ MODE: "etcd", PULUMI_COMMAND_STDOUT: url })), /ECONNREFUSED/);
    });
  });

  it("knows a discovery URL when it sees one", async () => {
    await open(() => undefined);
    equal(discoveryUrl(" https://d.example/t\n"), "https://d.example/t");
    for (const other of [
      "",
      "t",
      "https://d.example",
      "file:///t",
      "https://d.example/a b",
      "https://a/t https://b/t",
    ])
      equal(discoveryUrl(other), undefined, other);
  });
});
