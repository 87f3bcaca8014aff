/** What the readiness program is told by its environment. */
import { prefixIn } from "../../plan/typed.ts";
import { required, requiredNumber, words } from "../program.ts";

export interface NodeSettings {
  readonly name: string;
  readonly mac: string;
}

export interface ReadinessSettings {
  readonly nodes: readonly NodeSettings[];
  readonly discoveryUrl: string;
  /** The libvirt connection. */
  readonly uri: string;
  /** Seconds that all may take. */
  readonly timeout: number;
  /** The port on which members serve clients. */
  readonly clientPort: number;
  /** What has to stand before the commands in messages (plan/typed.ts). */
  readonly commandPrefix?: string;
}

/** NODES is a list of `name=MAC` with blanks between; CLIENT_PORT may be left out. */
export function readSettings(env: NodeJS.ProcessEnv): ReadinessSettings {
  const nodes = words(required(env, "NODES")).map((word) => {
    const [name = "", mac = ""] = word.split("=");
    return { name, mac };
  });
  const commandPrefix = prefixIn(env);
  return {
    nodes,
    discoveryUrl: required(env, "DISCOVERY_URL"),
    uri: required(env, "LIBVIRT_URI"),
    timeout: requiredNumber(env, "TIMEOUT"),
    clientPort: env["CLIENT_PORT"] === undefined ? 2379 : requiredNumber(env, "CLIENT_PORT"),
    ...(commandPrefix === undefined ? {} : { commandPrefix }),
  };
}
