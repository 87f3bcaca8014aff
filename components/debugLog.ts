/**
 * Pulumi's SDK tells the engine, in debug messages, each answer that it gets about a resource, with all that is secret in it as plain text:
 * `pulumi up --debug` and `--event-log` show them. Such an answer is left out here.
 */
import * as pulumi from "@pulumi/pulumi";
import { READ_STATE } from "./leaving.ts";

/** What marks a secret value among properties on their way between Pulumi's processes (the SDK's `secretSig`, of its rpc module). */
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** A debug message as it may be told. Pure. */
export const withoutSecrets = (message: string): string =>
  message.includes(SECRET_SIGNATURE) || message.includes(READ_STATE)
    ? `${message.slice(0, Math.max(0, message.search(/\b(?:resp|obj|props)[:=]/)))}(left out: it holds secrets)`
    : message;

type Debug = typeof pulumi.log.debug;

const ours = new WeakSet<Debug>();

/** From now on, this process's debug messages say nothing that is secret. Run again, it changes nothing. */
export function keepSecretsOutOfDebugLog(): void {
  const { debug } = pulumi.log;
  if (ours.has(debug)) return;
  const careful: Debug = (message, ...rest) => debug(withoutSecrets(message), ...rest);
  ours.add(careful);
  // The SDK's own modules look it up here each time.
  Object.assign(pulumi.log, { debug: careful });
}
