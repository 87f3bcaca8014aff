/** Lines for the user, sent to the engine. */
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import { channelOptions, grpc } from "./grpc.ts";

/** Shows one line beside the resource while it is worked on; it is not kept after the run, as progress should not. */
export type StatusLog = (urn: string, line: string) => void;

/** @param address the engine's; without one (a plugin run by hand) lines go nowhere. */
export function statusLog(address: string | undefined): StatusLog {
  if (address === undefined) return () => undefined;
  const client = new engineServices.EngineClient(address, grpc.credentials.createInsecure(), channelOptions);
  return (urn, line) => {
    const request = new engine.LogRequest();
    request.setSeverity(engine.LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(line);
    request.setEphemeral(true);
    client.log(request, () => undefined); // a lost progress line is no reason to fail
  };
}
