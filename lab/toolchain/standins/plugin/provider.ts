/** The ResourceProvider service over a table of resource types. */
import type { Server } from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type {
  CheckRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  InvokeRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import type { ChangeKind } from "./diff.ts";
import { grpc, RpcError, unary } from "./grpc.ts";
import type { StatusLog } from "./log.ts";
import type { Operation, ResourceType } from "./resourceType.ts";
import { withoutNulls, type PropertyMap } from "./values.ts";

export interface ProviderOptions {
  /** The package's name, for messages. */
  readonly name: string;
  /** The release that this stands in for. */
  readonly version: string;
  readonly types: Readonly<Record<string, ResourceType>>;
  /** Whether secrets arrive marked; else the engine takes the marks off and puts them back. */
  readonly acceptSecrets: boolean;
  /** Whether changes are reported by path and kind, or by the input's name alone. */
  readonly detailedDiff: boolean;
  readonly status: StatusLog;
  readonly signal: AbortSignal;
  readonly cancel: () => void;
}

type Addressed = CheckRequest | DiffRequest | CreateRequest | ReadRequest | UpdateRequest | DeleteRequest;

const plain = (struct: Struct | undefined): PropertyMap =>
  struct === undefined ? {} : withoutNulls(struct.toJavaScript());
const struct = (map: PropertyMap): Struct => structMessages.Struct.fromJavaScript(map);

const { PropertyDiff } = messages;
const KIND = {
  add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
  delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
  update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
} as const satisfies Record<ChangeKind, unknown>;

/** The inputs that paths lead into, as `environment` for `environment.HOME`. */
const topLevel = (paths: Iterable<string>): string[] => [
  ...new Set([...paths].map((path) => /^[^.[]*/.exec(path)?.[0] ?? path)),
];

/** Adds the provider's service to a server. */
export function registerProvider(server: Server, options: ProviderOptions): void {
  const { name, version, types } = options;
  // URNs end in `[parent type$]type::name`, and a name may hold anything, `::` too.
  const typeOf = (request: Addressed): ResourceType => {
    const token = request.getType() || (request.getUrn().split("::")[2]?.split("$").at(-1) ?? "");
    const type = types[token];
    if (type !== undefined) return type;
    throw new RpcError(
      grpc.status.INVALID_ARGUMENT,
      `the offline stand-in for pulumi-resource-${name} does not know ${token}, only ${Object.keys(types).join(", ")}; ` +
        `install the official plugin: pulumi plugin install resource ${name} ${version}`,
    );
  };
  const operation = (request: CreateRequest | UpdateRequest | DeleteRequest): Operation => ({
    name: request.getName() || request.getUrn().split("::").slice(3).join("::"),
    preview: "getPreview" in request && request.getPreview(),
    signal: options.signal,
    status: (line) => {
      options.status.show(request.getUrn(), line);
    },
  });
  /** Waits for the lines of what is done before it is said to be done. */
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      await options.status.shown();
    }
  };
  const implementation = {
    handshake: unary(() => {
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(options.acceptSecrets);
      response.setAcceptResources(true);
      return response;
    }),
    getSchema: unary(() => {
      const response = new messages.GetSchemaResponse();
      response.setSchema("{}");
      return response;
    }),
    checkConfig: unary((request: CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    configure: unary(() => {
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(options.acceptSecrets);
      response.setSupportspreview(true);
      response.setAcceptresources(true);
      return response;
    }),
    invoke: unary((request: InvokeRequest) => {
      throw new RpcError(
        grpc.status.UNIMPLEMENTED,
        `the offline stand-in for pulumi-resource-${name} has no function ${request.getTok()}; ` +
          `install the official plugin: pulumi plugin install resource ${name} ${version}`,
      );
    }),
    check: unary((request: CheckRequest) => {
      const { inputs, failures } = typeOf(request).check(plain(request.getNews()));
      const response = new messages.CheckResponse();
      response.setInputs(struct(inputs));
      for (const { property, reason } of failures) {
        const failure = new messages.CheckFailure();
        failure.setProperty(property);
        failure.setReason(reason);
        response.addFailures(failure);
      }
      return response;
    }),
    diff: unary((request: DiffRequest) => {
      const state = plain(request.getOlds());
      const ignored = request.getIgnorechangesList().flatMap((key) => {
        const value = state[key];
        return value === undefined ? [] : [[key, value] as const];
      });
      const next = { ...plain(request.getNews()), ...Object.fromEntries(ignored) };
      const { changes, replaces } = typeOf(request).diff(plain(request.getOldInputs()), next);
      const response = new messages.DiffResponse();
      const { DiffChanges } = messages.DiffResponse;
      response.setChanges(changes.size === 0 ? DiffChanges.DIFF_NONE : DiffChanges.DIFF_SOME);
      response.setHasdetaileddiff(options.detailedDiff);
      for (const [path, kind] of options.detailedDiff ? changes : []) {
        const change = new PropertyDiff();
        change.setKind(KIND[kind][replaces.has(path) ? 1 : 0]);
        response.getDetaileddiffMap().set(path, change);
      }
      response.setReplacesList(topLevel(replaces));
      response.setDiffsList(topLevel(changes.keys()));
      return response;
    }),
    create: unary(async (request: CreateRequest) => {
      const inputs = plain(request.getProperties());
      const { id, state } = await told(typeOf(request).create(inputs, operation(request)));
      const response = new messages.CreateResponse();
      response.setId(id);
      response.setProperties(struct(state));
      return response;
    }),
    // Neither commands nor random values live anywhere but in the state: reading gives back what is there.
    read: unary((request: ReadRequest) => {
      const response = new messages.ReadResponse();
      response.setId(request.getId());
      response.setProperties(request.getProperties());
      response.setInputs(request.getInputs());
      return response;
    }),
    update: unary(async (request: UpdateRequest) => {
      const [olds, news] = [plain(request.getOlds()), plain(request.getNews())];
      const state = await told(typeOf(request).update(olds, news, operation(request)));
      const response = new messages.UpdateResponse();
      response.setProperties(struct(state));
      return response;
    }),
    delete: unary(async (request: DeleteRequest) => {
      await told(typeOf(request).delete(plain(request.getProperties()), operation(request)));
      return new emptyMessages.Empty();
    }),
    cancel: unary(() => {
      options.cancel();
      return new emptyMessages.Empty();
    }),
    attach: unary(() => new emptyMessages.Empty()),
    getPluginInfo: unary(() => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(version);
      return info;
    }),
  };
  server.addService(providerServices.ResourceProviderService, implementation);
}
