/** A Pulumi plugin's life: a gRPC server on loopback, its port on stdout, an end when the engine ends. */
import type { Server } from "@grpc/grpc-js";
import { channelOptions, grpc } from "./grpc.ts";

/** How often the engine is looked for, in milliseconds. */
const PARENT_CHECK = 500;

/** The engine's own address: the last argument, after flags such as `--tracing URL`; absent when run by hand. */
export const engineAddress = (args: readonly string[]): string | undefined =>
  args.findLast((argument) => /^[^\s-][^\s]*:\d+$/.test(argument) && !argument.includes("://"));

/**
 * Serves until the engine sends SIGINT or SIGTERM, or dies: a killed engine can't say goodbye, and neither this
 * process nor its children may outlive it.
 * @param register adds the services.
 * @param onExit ends what the plugin has started; called once, synchronously.
 */
export async function servePlugin(register: (server: Server) => void, onExit: () => void): Promise<void> {
  const server = new grpc.Server(channelOptions);
  register(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const end = (): void => {
    onExit();
    process.exit(0);
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  // The engine reads stdout and stderr through pipes; a write after its end must not hide `end`.
  process.stdout.on("error", end);
  process.stderr.on("error", end);
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_CHECK);
  process.stdout.write(`${port}\n`);
}
