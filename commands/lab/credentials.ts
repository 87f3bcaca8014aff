/**
 * What members with TLS want to see, out of a stack's state: of its outputs, or, where no `up` has ended well since they were made, of the
 * Commands that made them (components/certificates.ts). Read when it is needed, and written nowhere.
 */
import type { Credentials } from "../http.ts";
import { field, list, parsed } from "../http.ts";
import { UserError } from "../ui/errors.ts";
import { runInLab, type LabSession } from "./session.ts";

/** The command that prints them; the stack's secrets must be readable for it. */
export const credentialsCommand = (stack: string | undefined): [string, ...string[]] => [
  ...(["pulumi", "stack", "export", "--show-secrets", "--non-interactive", "--color", "never"] as const),
  ...(stack === undefined ? [] : ["--stack", stack]),
];

/** By which a state marks what is secret, and the JSON of what that is, where secrets are shown (pulumi/sdk, resource/sig). */
const SECRET_KEY = "4dabf18193072939515e22adb298388d";

/** A value of the state, a secret one in the clear where it is shown. */
const shown = (value: unknown): unknown =>
  typeof field(value, SECRET_KEY) === "string" ? parsed(textOf(field(value, "plaintext"))) : value;

/** Empty for what is no text, as a secret is that is not shown. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const resourcesIn = (text: string): unknown[] =>
  list(field(field(parsed(text), "deployment"), "resources")).filter((one) => field(one, "delete") !== true);

const nameOf = (resource: unknown): string => textOf(field(resource, "urn")).split("::").at(-1) ?? "";

/** The outputs of the Commands that make what clusters with such an authority have one of, by cluster. */
function madeIn(text: string, infix: "" | "-docker"): { readonly ca: unknown; readonly client: unknown }[] {
  const resources = resourcesIn(text);
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

/** Whether a state, with its secrets or without, is that of a cluster whose members serve with TLS. Pure. */
export const hasTls = (text: string): boolean => madeIn(text, "").length > 0;

function credentialsOf(ca: unknown, cert: unknown, key: unknown): Credentials | undefined {
  return typeof ca === "string" && typeof cert === "string" && typeof key === "string"
    ? { ca, cert, key }
    : undefined;
}

function outputOf(text: string, output: string): Credentials | undefined {
  const stack = resourcesIn(text).find((one) => field(one, "type") === "pulumi:pulumi:Stack");
  const found = shown(field(field(stack, "outputs"), output));
  return credentialsOf(field(found, "ca"), field(found, "cert"), field(found, "key"));
}

function madeOf(text: string, infix: "" | "-docker"): Credentials | undefined {
  const [made, ...more] = madeIn(text, infix);
  if (more.length > 0) return undefined; // of several clusters: which one is meant is not known
  return credentialsOf(field(made?.ca, "cert"), field(made?.client, "cert"), field(made?.client, "key"));
}

/**
 * What Docker's remote API wants to see; undefined where no node has it.
 * @param newer whether machines are there that no outputs tell of.
 */
export const dockerCredentialsIn = (text: string, newer = false): Credentials | undefined =>
  newer
    ? (madeOf(text, "-docker") ?? outputOf(text, "dockerCredentials"))
    : (outputOf(text, "dockerCredentials") ?? madeOf(text, "-docker"));

/**
 * What members want to see, in what the command prints.
 * @param newer whether machines are there that no outputs tell of: then what was made last counts.
 * @throws UserError where there is nothing
 */
export function credentialsIn(text: string, newer = false): Credentials {
  const found = newer
    ? (madeOf(text, "") ?? outputOf(text, "etcdCredentials"))
    : (outputOf(text, "etcdCredentials") ?? madeOf(text, ""));
  if (found !== undefined) return found;
  throw new UserError(
    hasTls(text)
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
