import { equal, match, ok } from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { ask } from "../../../commands/http.ts";
import { sshAnswers } from "../../../commands/readiness/reach.ts";
import { type Double, serve } from "./doubles.ts";

describe("one HTTP request", () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  const http = async (...args: Parameters<typeof serve>): Promise<Double> => {
    const server = await serve(...args);
    open.push(server);
    return server;
  };
  const tcp = async (talk: (socket: Socket) => void): Promise<number> => {
    const sockets: Socket[] = [];
    const server: Server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      talk(socket);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    open.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    return (server.address() as AddressInfo).port;
  };

  it("uses ports that browsers, and so fetch, refuse", async () => {
    const server = await http(() => ({ body: "hello" }), "127.0.0.9", 6000);
    equal((await ask(`${server.url}/`, {}, 1000)).text, "hello");
  });

  it("sends forms and JSON as what they are", async () => {
    const server = await http(() => ({}));
    await ask(server.url, { method: "PUT", body: new URLSearchParams({ value: "ä b" }) }, 1000);
    await ask(server.url, { method: "POST", body: { key: "ä" } }, 1000);
    equal(
      server.asked.map(({ method, body }) => `${method} ${body}`).join(),
      'PUT value=%C3%A4+b,POST {"key":"ä"}',
    );
  });

  it("goes past proxies that the environment names, for loopback and all else", async () => {
    const server = await http(() => ({ body: "direct" }));
    const proxy = "http://127.0.0.1:1";
    const script = `import { ask } from "./commands/http.ts"; console.log((await ask("${server.url}", {}, 2000)).text);`;
    const env = { ...process.env, HTTP_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: "1" };
    const child = import("node:child_process").then(
      ({ execFile }) =>
        new Promise<string>((done) => {
          execFile(process.execPath, ["--input-type=module-typescript", "-e", script], { env }, (_, out) => {
            done(out.trim());
          });
        }),
    );
    equal(await child, "direct");
  });

  const hopeless: [string, () => Promise<string>, RegExp][] = [
    [
      "a name that no host has",
      () => Promise.resolve("http://no-such-host.invalid/"),
      /no-such-host\.invalid/,
    ],
    [
      "something that is not HTTP",
      async () => `http://127.0.0.1:${await tcp((s) => s.end("SSH-2.0-x\r\n"))}/`,
      /not HTTP/,
    ],
    [
      "TLS to a server without",
      async () => `https://127.0.0.1:${new URL((await http(() => ({}))).url).port}/`,
      /SSL|packet/,
    ],
    [
      "an endless answer",
      async () => (await http(() => ({ body: "x".repeat(2 ** 21) }))).url,
      /longer than 1048576/,
    ],
    ["no URL", () => Promise.resolve("registry:"), /registry:/],
  ];
  for (const [what, url, reason] of hopeless)
    it(`knows that ${what} stays as it is`, async () => {
      const answer = await ask(await url(), {}, 5000);
      match(answer.reason ?? "", reason);
      // A resolver that can't be reached may be reached again.
      ok(answer.reason !== undefined && (answer.hopeless || /EAI_AGAIN/.test(answer.reason)));
    });

  const passing: [string, (socket: Socket) => void, RegExp][] = [
    ["a server that hangs up", (socket) => socket.destroy(), /socket hang up|ECONNRESET/],
    [
      "an answer that is cut off",
      (s) => s.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
      /aborted|hang up/,
    ],
    ["a server that says nothing", () => undefined, /no answer within 0\.3 s/],
    [
      "a server that drips",
      (s) => s.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
      /no answer within 0\.3 s|aborted/,
    ],
  ];
  for (const [what, talk, reason] of passing)
    it(`has hope for ${what}`, async () => {
      const answer = await ask(`http://127.0.0.1:${await tcp(talk)}/`, {}, 300);
      match(answer.reason ?? "", reason);
      ok(answer.reason !== undefined && !answer.hopeless);
    });

  describe("and whether an ssh server answers", () => {
    it("hears its identification, also after other lines", async () => {
      equal(
        await sshAnswers("127.0.0.1", await tcp((s) => s.write("hello\r\nSSH-2.0-OpenSSH_9\r\n")), 1000),
        undefined,
      );
    });

    it("takes a port that is merely open for none", async () => {
      match((await sshAnswers("127.0.0.1", await tcp((s) => s.end()), 1000)) ?? "", /not served by ssh/);
      match(
        (await sshAnswers("127.0.0.1", await tcp(() => undefined), 50)) ?? "",
        /no answer on port \d+ within 0\.05 s/,
      );
      match(
        (await sshAnswers("127.0.0.1", await tcp((s) => s.write("x".repeat(9999))), 1000)) ?? "",
        /not served by ssh/,
      );
    });

    it("says why nobody answers", async () => {
      match((await sshAnswers("127.0.0.1", 1, 1000)) ?? "", /ECONNREFUSED/);
    });
  });
});
