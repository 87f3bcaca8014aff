/** Connections into the networks of a host that ssh gets to: `ssh -W`, over the one connection that all questions share. */
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { parseConnection } from "./remote.ts";
import { sharedSsh } from "./sharedSsh.ts";
import { withAdvice } from "./trouble.ts";

/** What stands between us and a machine behind the host. `message` is fit to be shown as it is. */
export class TunnelError extends Error {
  override name = "TunnelError";
}

/** ssh's own words about a connection that the host could not make, without what they begin with. Pure. */
export function reasonOf(uri: string, said: string): string {
  const refused = /open failed: (?:connect failed: )?(.*)/i.exec(said)?.[1]?.trim();
  // The reason itself is known to the ssh that holds the shared connection, and told to nobody.
  if (refused === undefined && /Stdio forwarding request failed/i.test(said))
    return `${parseConnection(uri).host} gets no connection to it`;
  if (refused === undefined) return withAdvice(uri, said.trim() || "ssh ended");
  return /administratively prohibited/i.test(refused)
    ? `${refused} (its sshd has to allow it: AllowTcpForwarding yes, or local)`
    : refused;
}

/**
 * A connection to a machine that the host can reach, as the host sees it: address or name, and port. It is there at once;
 * that it can't be made is told by its error, before any data has come.
 * @throws UriError where the URI names no ssh.
 */
export function tunnelTo(uri: string, host: string, port: number): Duplex {
  const bare = host.replace(/^\[|\]$/g, "");
  const target = `${bare.includes(":") ? `[${bare}]` : bare}:${port}`;
  const [file = "", ...args] = sharedSsh(uri, ["-W", target]);
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" } });
  let said = "";
  let received = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const duplex = new Duplex({
    read: () => {
      child.stdout.resume();
    },
    write: (chunk: Buffer, _, done) => {
      // What ssh no longer takes is told by its end.
      child.stdin.write(chunk, () => {
        done();
      });
    },
    final: (done) => {
      child.stdin.end();
      done();
    },
    destroy: (error, done) => {
      child.kill();
      // The ssh that holds the shared connection was given these pipes, and keeps them until the host's attempt to connect ends: minutes.
      for (const pipe of child.stdio) pipe?.destroy();
      done(error);
    },
  });
  child.stdin.on("error", () => undefined);
  child.stdout.on("data", (chunk: Buffer) => {
    received = true;
    if (!duplex.push(chunk)) child.stdout.pause();
  });
  child.once("error", (error) => {
    duplex.destroy(new TunnelError(error.message));
  });
  child.once("close", (code) => {
    if (code === 0 || received) duplex.push(null);
    else duplex.destroy(new TunnelError(reasonOf(uri, said)));
  });
  return duplex;
}
