/**
 * gRPC as @pulumi/pulumi brings it. Only that package and its messages are needed by the stand-ins, not the whole
 * SDK, whose import takes more than half a second.
 */
import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";

const fromHere = createRequire(import.meta.url);
const fromSdk = createRequire(fromHere.resolve("@pulumi/pulumi/package.json"));

/** The very module that the SDK's generated services are made for. */
export const grpc = fromSdk("@grpc/grpc-js") as typeof Grpc;

/** Messages as large as Pulumi's own, for states with big outputs; engine and plugins talk over loopback only. */
export const channelOptions = {
  "grpc.enable_http_proxy": 0,
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

/** An error with a gRPC status, whose `details` the engine shows to the user. */
export class RpcError extends Error {
  override name = "RpcError";
  readonly code: Grpc.status;
  readonly details: string;

  constructor(code: Grpc.status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

/** Turns an async function into a unary gRPC handler; what it throws becomes the call's status. */
export function unary<Request, Response>(
  work: (request: Request, call: Grpc.ServerUnaryCall<Request, Response>) => Promise<Response> | Response,
): Grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => work(call.request, call))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          const code = error instanceof RpcError ? error.code : grpc.status.UNKNOWN;
          callback({ code, details: message });
        },
      );
  };
}
