/** What members with TLS want to see, out of a stack's outputs: read when it is needed, and written nowhere. */
import type { Credentials } from "../http.ts";
import { field, parsed } from "../http.ts";
import { UserError } from "../ui/errors.ts";
import { runInLab, type LabSession } from "./session.ts";

/** The command that prints them; the stack's secrets must be readable for it. */
export const credentialsCommand = (stack: string | undefined): [string, ...string[]] => [
  ...(["pulumi", "stack", "output", "--json", "--show-secrets", "--non-interactive"] as const),
  ...(stack === undefined ? [] : ["--stack", stack]),
];

function credentialsAt(text: string, output: string): Credentials | undefined {
  const found = field(parsed(text), output);
  const [ca, cert, key] = [field(found, "ca"), field(found, "cert"), field(found, "key")];
  return typeof ca === "string" && typeof cert === "string" && typeof key === "string"
    ? { ca, cert, key }
    : undefined;
}

/** What Docker's remote API wants to see; undefined where no node has it. */
export const dockerCredentialsIn = (text: string): Credentials | undefined =>
  credentialsAt(text, "dockerCredentials");

/**
 * What members want to see, in what the command prints.
 * @throws UserError where there is nothing
 */
export function credentialsIn(text: string): Credentials {
  const found = credentialsAt(text, "etcdCredentials");
  if (found !== undefined) return found;
  throw new UserError(
    "the stack has no output etcdCredentials: it was brought up without TLS (npm run cluster -- exec pulumi config set tls true)",
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
