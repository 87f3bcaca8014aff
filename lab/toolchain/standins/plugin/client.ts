/** Asking a Pulumi plugin for its version, the way the engine does. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import emptyMessages, { type Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { basename } from "node:path";
import { channelOptions, grpc } from "./grpc.ts";

interface InfoClient {
  getPluginInfo: (
    request: Empty,
    options: { deadline: Date },
    callback: (error: Error | null, info: PluginInfo) => void,
  ) => void;
  close: () => void;
}

/** The plugin's first line: the port that it listens on. */
async function portOf(lines: AsyncIterable<string>): Promise<number> {
  for await (const line of lines) return Number.parseInt(line, 10);
  throw new Error("it ended without naming a port");
}

/**
 * Starts a plugin, asks its version, and ends it.
 * @param patience in seconds.
 * @returns the version without a leading `v`.
 */
export async function pluginVersion(file: string, patience: number): Promise<string> {
  // A plugin insists on an engine's address; nobody is there, and it has no reason to call.
  const child = spawn(file, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "ignore"] });
  const late = setTimeout(() => child.kill("SIGKILL"), patience * 1000);
  let client: InfoClient | undefined;
  try {
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const port = await Promise.race([portOf(createInterface({ input: child.stdout })), failed]);
    const Client = basename(file).startsWith("pulumi-language-")
      ? languageServices.LanguageRuntimeClient
      : providerServices.ResourceProviderClient;
    const opened = new Client(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      channelOptions,
    ) as unknown as InfoClient;
    client = opened;
    const info = await new Promise<PluginInfo>((resolve, reject) => {
      opened.getPluginInfo(
        new emptyMessages.Empty(),
        { deadline: new Date(Date.now() + patience * 1000) },
        (error, found) => {
          if (error === null) resolve(found);
          else reject(error);
        },
      );
    });
    return info.getVersion().replace(/^v/, "");
  } finally {
    clearTimeout(late);
    client?.close();
    child.kill("SIGKILL");
  }
}
