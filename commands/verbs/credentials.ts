/** `credentials`: what members with TLS, and Docker's remote API, want to see of a client, as files that others can't read. */
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { LabPaths } from "../../lab/shared/context.ts";
import { etcdVariables } from "../../outputs/index.ts";
import { reach, stackAsked } from "../hosts/reach.ts";
import { readStack } from "../hosts/stackState.ts";
import type { Credentials } from "../http.ts";
import { messageOf, UserError } from "../ui/errors.ts";

export interface CredentialsOptions {
  readonly stack?: string;
  readonly connect?: string;
  readonly out?: string;
}

/** A text as one word of a POSIX shell. */
const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const pemFiles = ({ ca, cert, key }: Credentials): Readonly<Record<string, string>> => ({
  "ca.pem": ca,
  "cert.pem": cert,
  "key.pem": key,
});

/**
 * Writes `ca.pem`, `cert.pem`, `key.pem` and `etcd.env`, for a shell to read; where a node has Docker's remote API, what that wants to see
 * under the same names, which Docker's client expects, into a folder of its own.
 * @throws UserError where the stack has no TLS, or its secrets can't be read
 */
export async function credentials(paths: LabPaths, options: CredentialsOptions): Promise<void> {
  const reached = await reach(paths, options.connect);
  const stack = stackAsked(reached, options.stack);
  const state = await readStack(paths, reached, stack);
  const found = await state.credentials?.();
  if (found === undefined) throw new UserError("the stack's secrets can't be read");
  const folder =
    options.out === undefined
      ? join(paths.checkout, ".credentials", stack ?? "selected")
      : resolve(options.out);
  const variables = {
    ...etcdVariables(state.outputs.etcdEndpoints ?? []),
    ETCDCTL_CACERT: join(folder, "ca.pem"),
    ETCDCTL_CERT: join(folder, "cert.pem"),
    ETCDCTL_KEY: join(folder, "key.pem"),
  };
  const docker = await state.dockerCredentials?.();
  const dockerFolder = join(folder, "docker");
  await writeAll(folder, {
    ...pemFiles(found),
    "etcd.env": Object.entries(variables)
      .map(([name, value]) => `export ${name}=${word(value)}\n`)
      .join(""),
  });
  if (docker !== undefined) await writeAll(dockerFolder, pemFiles(docker));
  const lab = reached.lab === undefined ? "" : "npm run cluster -- exec ";
  process.stdout.write(
    [
      `Wrote ca.pem, cert.pem, key.pem and etcd.env to ${folder} (for you alone).`,
      "",
      `  . ${word(join(folder, "etcd.env"))}`,
      `  ${lab}etcdctl endpoint health`,
      ...(docker === undefined
        ? []
        : ["", `  export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=${word(dockerFolder)}`]),
      "",
    ].join("\n"),
  );
}

/** Files of mode 0600 in a folder of mode 0700, each there as a whole or not at all. */
async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(folder, 0o700);
    for (const [name, content] of Object.entries(files)) {
      const part = join(folder, `.${name}.part`);
      await rm(part, { force: true });
      await writeFile(part, content, { mode: 0o600, flag: "wx" });
      await rename(part, join(folder, name));
    }
  } catch (error) {
    throw new UserError(`the credentials can't be written to ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
