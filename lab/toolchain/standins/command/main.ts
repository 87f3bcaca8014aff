/**
 * OFFLINE STAND-IN for the `command` plugin (pulumi-resource-command 1.2.1): `command:local:Command` only.
 *
 * Used by the lab only where the official plugin is neither installed nor to be downloaded. It writes the same
 * inputs and outputs into the state, so that the official plugin can take over a stack, and the other way round.
 */
import { engineAddress, servePlugin } from "../plugin/serve.ts";
import { statusLog } from "../plugin/log.ts";
import { registerProvider } from "../plugin/provider.ts";
import { localCommand } from "./command.ts";
import { endAll } from "./run.ts";

const cancelled = new AbortController();
await servePlugin((server) => {
  registerProvider(server, {
    name: "command",
    version: "1.2.1",
    acceptSecrets: true,
    detailedDiff: true,
    types: { "command:local:Command": localCommand },
    status: statusLog(engineAddress(process.argv.slice(2))),
    signal: cancelled.signal,
    cancel: () => {
      cancelled.abort();
    },
  });
}, endAll);
