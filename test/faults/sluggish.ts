/**
 * A registry that is slow or ill for a while: passes requests on to a real one, run inside the lab's network.
 *
 * usage: node sluggish.ts PORT TARGET-URL DELAY-MILLISECONDS FAILURES
 * Every answer is given after the delay; so many requests get status 503 before the first one is passed on. Says "ready" when it listens.
 */
import { createServer, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [port = "", target = "", delay = "", failures = ""] = process.argv.slice(2);
const { hostname, port: targetPort } = new URL(target);
let left = Number(failures);

createServer((incoming, answer) => {
  void sleep(Number(delay)).then(() => {
    if (left > 0) {
      left -= 1;
      answer.writeHead(503).end("ill");
      return;
    }
    const { method, url, headers } = incoming;
    const outgoing = request({ hostname, port: targetPort, method, path: url, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    outgoing.on("error", () => answer.writeHead(502).end());
    incoming.pipe(outgoing);
  });
}).listen(Number(port), () => {
  process.stdout.write("ready\n");
});
