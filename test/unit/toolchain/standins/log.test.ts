import { deepEqual } from "node:assert/strict";
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import { grpc } from "../../../../lab/toolchain/standins/plugin/grpc.ts";
import { statusLog } from "../../../../lab/toolchain/standins/plugin/log.ts";

describe("lines for the user", () => {
  it("come to the engine one after the other, though it works at several at once", async () => {
    const [shown, server] = [[] as string[], new grpc.Server()];
    const all = ["a warning:", "  what it is about", "  and its remedy"];
    server.addService(engineServices.EngineService, {
      log: (
        { request }: ServerUnaryCall<LogRequest, unknown>,
        answer: sendUnaryData<InstanceType<typeof emptyMessages.Empty>>,
      ) => {
        const line = request.getMessage();
        // The first takes the longest.
        const takes = 30 - 10 * all.indexOf(line);
        setTimeout(() => {
          shown.push(line);
          answer(null, new emptyMessages.Empty());
        }, takes);
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    try {
      const log = statusLog(`127.0.0.1:${port}`);
      for (const line of all) log.show("urn:pulumi:a::b::c:d:E::f", line);
      await log.shown();
      deepEqual(shown, all);
    } finally {
      server.forceShutdown();
    }
  });
});
