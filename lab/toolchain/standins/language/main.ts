/**
 * OFFLINE STAND-IN for Pulumi's Node.js language host (pulumi-language-nodejs 3.259.0): it runs programs, no more.
 *
 * Used by the lab only where no official Pulumi installation is there or to be downloaded. What it lacks (code
 * generation for `pulumi package add`, `pulumi install`, plugins written in Node.js) answers "not implemented".
 */
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import type {
  GetProgramDependenciesRequest,
  GetRequiredPackagesRequest,
  RunRequest,
} from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import { unary } from "../plugin/grpc.ts";
import { engineAddress, servePlugin } from "../plugin/serve.ts";
import { installedPackages, pulumiPackages } from "./packages.ts";
import { endProgram, runProgram } from "./program.ts";

const VERSION = "3.259.0";
const engine = engineAddress(process.argv.slice(2)) ?? "";

const implementation = {
  handshake: unary(() => new messages.LanguageHandshakeResponse()),
  getPluginInfo: unary(() => {
    const info = new pluginMessages.PluginInfo();
    info.setVersion(VERSION);
    return info;
  }),
  getRequiredPackages: unary((request: GetRequiredPackagesRequest) => {
    const response = new messages.GetRequiredPackagesResponse();
    for (const found of pulumiPackages(request.getInfo()?.getProgramDirectory() ?? ".")) {
      const dependency = new pluginMessages.PackageDependency();
      dependency.setName(found.name);
      dependency.setKind("resource");
      dependency.setVersion(found.version);
      dependency.setServer(found.server);
      if (found.parameterization !== undefined) {
        const parameterization = new pluginMessages.PackageParameterization();
        parameterization.setName(found.parameterization.name);
        parameterization.setVersion(found.parameterization.version);
        parameterization.setValue(found.parameterization.value);
        dependency.setParameterization(parameterization);
      }
      response.addPackages(dependency);
    }
    return response;
  }),
  run: unary(async (request: RunRequest, call) => {
    const result = await runProgram(request, engine, (cancel) => {
      call.on("cancelled", cancel);
    });
    const response = new messages.RunResponse();
    response.setError(result.error);
    response.setBail(result.bail);
    return response;
  }),
  about: unary(() => {
    const response = new messages.AboutResponse();
    response.setExecutable(process.execPath);
    response.setVersion(process.version);
    return response;
  }),
  getProgramDependencies: unary((request: GetProgramDependenciesRequest) => {
    const response = new messages.GetProgramDependenciesResponse();
    for (const { name, version } of installedPackages(request.getInfo()?.getProgramDirectory() ?? ".")) {
      const dependency = new messages.DependencyInfo();
      dependency.setName(name);
      dependency.setVersion(version);
      response.addDependencies(dependency);
    }
    return response;
  }),
  cancel: unary(() => {
    endProgram();
    return new emptyMessages.Empty();
  }),
};

await servePlugin((server) => {
  server.addService(languageServices.LanguageRuntimeService, implementation);
}, endProgram);
