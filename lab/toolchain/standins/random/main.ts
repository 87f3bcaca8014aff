/**
 * OFFLINE STAND-IN for the `random` plugin (pulumi-resource-random 4.21.2): RandomId and RandomBytes only.
 *
 * Used by the lab only where the official plugin is neither installed nor to be downloaded. It writes the same
 * inputs and outputs into the state, so that the official plugin can take over a stack, and the other way round.
 */
import { engineAddress, servePlugin } from "../plugin/serve.ts";
import { statusLog } from "../plugin/log.ts";
import { registerProvider } from "../plugin/provider.ts";
import { randomBytesType, randomIdType } from "./types.ts";

await servePlugin(
  (server) => {
    registerProvider(server, {
      name: "random",
      version: "4.21.2",
      acceptSecrets: false,
      detailedDiff: false,
      types: {
        "random:index/randomId:RandomId": randomIdType,
        "random:index/randomBytes:RandomBytes": randomBytesType,
      },
      status: statusLog(engineAddress(process.argv.slice(2))),
      signal: new AbortController().signal,
      cancel: () => undefined, // nothing here takes time
    });
  },
  () => undefined,
);
