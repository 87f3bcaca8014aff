/** What a stack's state says: whose things on the host are this stack's, and what the program has put out. */
import { execa } from "execa";
import { labStatus } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { ProcessError } from "../../lab/shared/process.ts";
import { type Credentials, field, list, parsed } from "../http.ts";
import type { findNode } from "../lab/clusterView.ts";
import {
  credentialsCommand,
  credentialsIn,
  dockerCredentialsIn,
  hasTls,
  labSecrets,
} from "../lab/credentials.ts";
import { requireStack } from "../lab/known.ts";
import { openLab } from "../lab/opened.ts";
import { resourcesIn } from "../lab/state.ts";
import { diagnostics } from "../lab/pulumiOutput.ts";
import { devStack, type LabSession, runInLab } from "../lab/session.ts";
import { UserError } from "../ui/errors.ts";
import type { Reached } from "./reach.ts";
import { everyHost } from "./spread.ts";
import { withUnreported } from "./unreported.ts";

/** The name in Pulumi.yaml: what a mark calls project. */
export const PROJECT = "coreos-cluster";

export type Outputs = Parameters<typeof findNode>[0];

export interface StackState {
  /** Owner ids, 32 hex digits; none before the first `up`, several where a program makes several clusters. */
  readonly owners: readonly string[];
  /** With the machines that are there and that no `up` has reported yet. */
  readonly outputs: Outputs;
  /** Whether members want to see certificates, as the state has it, whatever the outputs tell. */
  readonly tls?: boolean;
  /** The libvirt hosts, where the config names several; a connection that is secret in the state is undefined. */
  readonly hosts: readonly { readonly name: string; readonly uri: string | undefined }[];
  /** Machines on hosts that have names, whether an `up` has reported them or not; missing where there are none. */
  readonly machines?: readonly {
    readonly name: string;
    readonly mac: string;
    readonly host: string;
    readonly domainId: string;
  }[];
  /** How programs are run where the machines can be reached; undefined: here, on an own host. */
  readonly session: LabSession | undefined;
  /** Reads what members with TLS want to see; missing where the state was not read by `readStack`. */
  readonly credentials?: () => Promise<Credentials>;
  /** The same of what Docker's remote API wants to see; undefined where no node has it. */
  readonly dockerCredentials?: () => Promise<Credentials | undefined>;
}

/** Reads what `pulumi stack export` prints. Pure. */
export function parseState(text: string, session?: LabSession): StackState {
  const resources = list(field(field(parsed(text), "deployment"), "resources"));
  const ofType = (type: string): unknown[] => resources.filter((one) => field(one, "type") === type);
  const owners = ofType("random:index/randomId:RandomId").flatMap((resource) => {
    const hex = field(field(resource, "outputs"), "hex");
    const urn = field(resource, "urn");
    return typeof urn === "string" && urn.endsWith("-owner") && typeof hex === "string" ? [hex] : [];
  });
  const hosts = ofType("pulumi:providers:libvirt").flatMap((resource) => {
    const [urn, uri] = [field(resource, "urn"), field(field(resource, "inputs"), "uri")];
    // As components/sites.ts calls them; other providers are the user's own.
    const name = typeof urn === "string" ? /-provider@([^@:]+)$/.exec(urn)?.[1] : undefined;
    return name === undefined ? [] : [{ name, uri: typeof uri === "string" ? uri : undefined }];
  });
  const machines = ofType("libvirt:index/domain:Domain").flatMap((resource) => {
    const [provider, outputs] = [field(resource, "provider"), field(resource, "outputs")];
    const [name, id] = [field(outputs, "name"), field(resource, "id")];
    const [card] = list(field(outputs, "networkInterfaces"));
    const mac = field(card, "mac");
    const host = typeof provider === "string" ? /-provider@([^@:]+)::/.exec(provider)?.[1] : undefined;
    if (field(resource, "delete") === true || host === undefined) return [];
    if (typeof name !== "string" || typeof id !== "string") return [];
    return [{ name, mac: typeof mac === "string" ? mac.toLowerCase() : "", host, domainId: id }];
  });
  const [stack] = ofType("pulumi:pulumi:Stack");
  return {
    ...{ owners, hosts, outputs: field(stack, "outputs") ?? {}, tls: hasTls(resourcesIn(text)), session },
    ...(machines.length === 0 ? {} : { machines }),
  };
}

const exportOf = (stack: string | undefined): [string, ...string[]] => [
  ...(["pulumi", "stack", "export", "--non-interactive", "--color", "never"] as const),
  ...(stack === undefined ? [] : ["--stack", stack]),
];

/**
 * The state of a stack of this checkout: in the lab's backend, or in the one that `pulumi` is logged in to.
 * @param stack on an own host, undefined stands for the selected one.
 * @throws UserError when there is no such stack, or no pulumi, with its reason; when its outputs are secret; when its one host does not answer
 */
export async function readStack(
  paths: LabPaths,
  reached: Reached,
  stack: string | undefined,
): Promise<StackState> {
  const { lab, silent } = reached;
  const { secrets, ...state } = await exported(paths, lab, stack).catch((error: unknown) => {
    throw silent ?? error;
  });
  requirePlain(state.outputs);
  const hosts = everyHost(reached, state);
  if (silent !== undefined && hosts.length === 1) throw silent;
  const found = lab === undefined ? undefined : await labStatus(lab);
  const leases = found?.state === "up" ? found.leases : [];
  const { owners, machines = [], tls } = state;
  const outputs = await withUnreported(state.outputs, owners, hosts, { machines, leases, tls });
  return { ...state, outputs, ...credentialsBy(secrets, outputs !== state.outputs) };
}

/** @throws UserError where the outputs are encrypted, as they are where connections are secret that they are made of. */
function requirePlain({ nodes }: Outputs): void {
  if (nodes === undefined || Array.isArray(nodes)) return;
  throw new UserError(
    "the stack's outputs are secret in its state, since its config keeps hosts secret, and they are read without the stack's passphrase. " +
      "They are shown by: pulumi stack output --show-secrets. What needs none of them works, such as list, logs, and pause and resume " +
      "with --owner ID --connect URI",
  );
}

async function exported(
  paths: LabPaths,
  lab: Reached["lab"],
  stack: string | undefined,
): Promise<StackState & { readonly secrets: () => Promise<string> }> {
  if (lab !== undefined) {
    requireStack(paths, stack ?? devStack);
    const session = await openLab(paths, stack ?? devStack);
    try {
      const { stdout } = await runInLab(session, exportOf(session.stack));
      return { ...parseState(stdout, session), secrets: () => labSecrets(session) };
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      throw new UserError(reasonOf(error.output, session.stack), { cause: error });
    }
  }
  const [file, ...args] = exportOf(stack);
  const result = await execa(file, args, { cwd: paths.checkout, reject: false, all: true, stdin: "ignore" });
  if (!result.failed) return { ...parseState(result.stdout), secrets: once(() => ownSecrets(paths, stack)) };
  if (result.code === "ENOENT")
    throw new UserError(
      "pulumi is not on this machine's PATH, and the stack's state is read with it: " +
        "npm run cluster -- tools COMMAND runs a command with the program's own tools",
    );
  throw new UserError(reasonOf(result.all, stack));
}

/** What is made when it is first asked for, and not again. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const credentialsBy = (
  secrets: () => Promise<string>,
  newer: boolean,
): Required<Pick<StackState, "credentials" | "dockerCredentials">> => ({
  credentials: async () => credentialsIn(await secrets(), newer),
  dockerCredentials: async () => dockerCredentialsIn(await secrets(), newer),
});

/** Of a stack in the backend that `pulumi` is logged in to. */
async function ownSecrets(paths: LabPaths, stack: string | undefined): Promise<string> {
  const [file, ...args] = credentialsCommand(stack);
  const options = { cwd: paths.checkout, reject: false, stdin: "ignore" } as const;
  const { failed, stdout, stderr } = await execa(file, args, options);
  if (failed) throw new UserError(`the stack's secrets can't be read: ${reasonOf(stderr, stack)}`);
  return stdout;
}

/** Why a state can't be read, in Pulumi's own last words. */
function reasonOf(output: string, stack: string | undefined): string {
  const reason = diagnostics(output)
    .replace(/^error: /gm, "")
    .trim();
  return stack === undefined ? reason : `stack ${stack}: ${reason}`;
}
