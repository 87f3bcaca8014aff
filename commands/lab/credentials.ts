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

/**
 * The credentials in what the command prints.
 * @throws UserError where there are none
 */
export function credentialsIn(text: string): Credentials {
  const found = field(parsed(text), "etcdCredentials");
  const [ca, cert, key] = [field(found, "ca"), field(found, "cert"), field(found, "key")];
  if (typeof ca === "string" && typeof cert === "string" && typeof key === "string") return { ca, cert, key };
  throw new UserError(
    "the stack has no output etcdCredentials: it was brought up without TLS (npm run cluster -- exec pulumi config set tls true)",
  );
}

const known = new WeakMap<LabSession, Promise<Credentials>>();

/** Those of a session's stack, read once; nothing of it goes to the lab's log. */
export function labCredentials(session: LabSession): Promise<Credentials> {
  const found =
    known.get(session) ??
    runInLab(session, credentialsCommand(session.stack), { secret: true }).then(({ stdout }) =>
      credentialsIn(stdout),
    );
  known.set(session, found);
  return found;
}
