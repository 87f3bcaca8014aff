/** Lines for the user, sent to the engine. */
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import { channelOptions, grpc } from "./grpc.ts";

/** Shows lines beside resources while they are worked on; they are not kept after the run, as progress should not. */
export interface StatusLog {
  readonly show: (urn: string, line: string) => void;
  /** Waits until the engine has all lines: it shows none of a resource that is done. */
  readonly shown: () => Promise<void>;
}

/** Milliseconds that the engine may take for a line. */
const PATIENCE = 5000;

/**
 * Sends one line after the other: the engine works at several calls at once, and would mix them up.
 * @param address the engine's; without one (a plugin run by hand) lines go nowhere.
 */
export function statusLog(address: string | undefined): StatusLog {
  if (address === undefined) return { show: () => undefined, shown: () => Promise.resolve() };
  const client = new engineServices.EngineClient(address, grpc.credentials.createInsecure(), channelOptions);
  let last = Promise.resolve();
  return {
    show: (urn, line) => {
      const request = new engine.LogRequest();
      request.setSeverity(engine.LogSeverity.INFO);
      request.setUrn(urn);
      request.setMessage(line);
      request.setEphemeral(true);
      const send = (): Promise<void> =>
        new Promise((sent) => {
          // A lost progress line is no reason to fail.
          client.log(request, new grpc.Metadata(), { deadline: Date.now() + PATIENCE }, () => {
            sent();
          });
        });
      last = last.then(send);
    },
    shown: () => last,
  };
}
