import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { discoveryUrl, obtain } from "../../../commands/discovery/obtain.ts";
import type { Patience } from "../../../commands/discovery/registry.ts";
import { release } from "../../../commands/discovery/release.ts";
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
    it("checks the URL without asking anybody", async () => {
      await open(() => undefined);
      const url = `${registry.url}/v2/keys/discovery/t`;
      equal(await obtain({ MODE: "url", URL: url, SIZE: "3" }, patience), url);
      await fails({ MODE: "url", URL: "discovery.example/t" }, /"discovery.example\/t" is not one/);
      equal(registry.asked.length, 0);
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
