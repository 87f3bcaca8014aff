/**
 * What members with TLS want to see, out of a stack's state: of its outputs, or, where no `up` has ended well since they were made, of the
 * Commands that made them (components/certificates.ts). Read when it is needed, and written nowhere.
 */
import type { Credentials } from "../http.ts";
import { field, parsed } from "../http.ts";
import { UserError } from "../ui/errors.ts";
import { runInLab, type LabSession } from "./session.ts";
import { resourcesIn, shown } from "./state.ts";

/** The command that prints them; the stack's secrets must be readable for it. */
export const credentialsCommand = (stack: string | undefined): [string, ...string[]] => [
  ...(["pulumi", "stack", "export", "--show-secrets", "--non-interactive", "--color", "never"] as const),
  ...(stack === undefined ? [] : ["--stack", stack]),
];

/** Empty for what is no text, as a secret is that is not shown. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const nameOf = (resource: unknown): string => textOf(field(resource, "urn")).split("::").at(-1) ?? "";

/** The outputs of the Commands that make what clusters with such an authority have one of, by cluster. */
function madeIn(
  resources: readonly unknown[],
  infix: "" | "-docker",
): { readonly ca: unknown; readonly client: unknown }[] {
  const commands = new Map(
    resources
      .filter((one) => field(one, "type") === "command:local:Command")
      .map((one) => [nameOf(one), parsed(textOf(shown(field(field(one, "outputs"), "stdout"))))]),
  );
  return resources
    .filter((one) => field(one, "type") === "coreos-cluster:index:CoreOSCluster")
    .map((one) => `${nameOf(one)}${infix}`)
    .filter((name) => commands.has(`${name}-ca`) && commands.has(`${name}-client-certificate`))
    .map((name) => ({ ca: commands.get(`${name}-ca`), client: commands.get(`${name}-client-certificate`) }));
}

/** Whether the resources of a state, with its secrets or without, are those of a cluster whose members serve with TLS. Pure. */
export const hasTls = (resources: readonly unknown[]): boolean => madeIn(resources, "").length > 0;

function credentialsOf(ca: unknown, cert: unknown, key: unknown): Credentials | undefined {
  return typeof ca === "string" && typeof cert === "string" && typeof key === "string"
    ? { ca, cert, key }
    : undefined;
}

function outputOf(resources: readonly unknown[], output: string): Credentials | undefined {
  const stack = resources.find((one) => field(one, "type") === "pulumi:pulumi:Stack");
  const found = shown(field(field(stack, "outputs"), output));
  return credentialsOf(field(found, "ca"), field(found, "cert"), field(found, "key"));
}

function madeOf(resources: readonly unknown[], infix: "" | "-docker"): Credentials | undefined {
  const [made, ...more] = madeIn(resources, infix);
  if (more.length > 0) return undefined; // of several clusters: which one is meant is not known
  return credentialsOf(field(made?.ca, "cert"), field(made?.client, "cert"), field(made?.client, "key"));
}

/** @param newer whether machines are there that no outputs tell of: then what was made last counts. */
const credentialsAt = (
  resources: readonly unknown[],
  { output, infix }: { readonly output: string; readonly infix: "" | "-docker" },
  newer: boolean,
): Credentials | undefined =>
  newer
    ? (madeOf(resources, infix) ?? outputOf(resources, output))
    : (outputOf(resources, output) ?? madeOf(resources, infix));

/** What Docker's remote API wants to see; undefined where no node has it. @param newer see {@link credentialsAt}. */
export const dockerCredentialsIn = (text: string, newer = false): Credentials | undefined =>
  credentialsAt(resourcesIn(text), { output: "dockerCredentials", infix: "-docker" }, newer);

/**
 * What members want to see, in what the command prints.
 * @param newer see {@link credentialsAt}.
 * @throws UserError where there is nothing
 */
export function credentialsIn(text: string, newer = false): Credentials {
  const resources = resourcesIn(text);
  const found = credentialsAt(resources, { output: "etcdCredentials", infix: "" }, newer);
  if (found !== undefined) return found;
  throw new UserError(
    hasTls(resources)
      ? "the stack has no output etcdCredentials, and no credentials of one cluster can be read from its state"
      : "the stack has no credentials: it was brought up without TLS (npm run cluster -- exec pulumi config set tls true)",
  );
}

const known = new WeakMap<LabSession, Promise<string>>();

/** What the command prints for a session's stack, read once; nothing of it goes to the lab's log. */
export function labSecrets(session: LabSession): Promise<string> {
  const found =
    known.get(session) ??
    runInLab(session, credentialsCommand(session.stack), { secret: true }).then(({ stdout }) => stdout);
  known.set(session, found);
  return found;
}

/** What the members of a session's stack want to see. */
export const labCredentials = async (session: LabSession): Promise<Credentials> =>
  credentialsIn(await labSecrets(session));
