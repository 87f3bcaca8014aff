/** How people and programs find the machines: /etc/hosts, ssh, etcdctl. */
import { isIP } from "node:net";
import { addressOf, type Machine, text } from "./machine.ts";

/** Lines for /etc/hosts (hosts(5)), of machines whose address is known. */
export const hostsLines = (machines: readonly Machine[]): string =>
  text(
    machines.flatMap((machine) => {
      const address = addressOf(machine);
      return address === undefined ? [] : [`${address} ${machine.name}`];
    }),
  );

/**
 * What ssh makes of host keys. A machine that is made anew keeps its address and has another key, so whoever remembers keys
 * has to forget one after each rebuild.
 * - `ignore`: none is asked for or kept. Whoever answers at the address is believed: therefore no password is offered and no
 *   agent forwarded, and a false machine learns what is typed, nothing else.
 * - `accept-new`: the first is kept, and another one is refused.
 */
export type HostKeys = "ignore" | "accept-new";

/** A block for ~/.ssh/config (ssh_config(5)) per machine; where no address is known, ssh looks the name up. */
export function sshConfig(machines: readonly Machine[], hostKeys: HostKeys = "ignore"): string {
  const keys =
    hostKeys === "accept-new"
      ? ["  StrictHostKeyChecking accept-new"]
      : ["  StrictHostKeyChecking no", "  UserKnownHostsFile /dev/null", "  LogLevel ERROR"];
  return text(
    machines.flatMap((machine) => [
      `Host ${machine.name}`,
      `  HostName ${addressOf(machine) ?? machine.name}`,
      "  User core",
      ...(machine.proxyCommand === undefined ? [] : [`  ProxyCommand ${machine.proxyCommand}`]),
      "  PasswordAuthentication no",
      "  KbdInteractiveAuthentication no",
      "  ForwardAgent no",
      ...keys,
    ]),
  );
}

/** An endpoint whose host is an IP address or a plain name: nothing in it means anything to a shell. */
function isPlain(endpoint: string): boolean {
  const host = /^https?:\/\/(\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/.exec(endpoint)?.[1];
  return host !== undefined && (!host.startsWith("[") || isIP(host.slice(1, -1)) === 6);
}

/** Members whose URLs are https want to see certificates. */
const wantCertificates = (endpoints: readonly string[]): boolean =>
  endpoints.some((endpoint) => isPlain(endpoint) && endpoint.startsWith("https:"));

/** What etcdctl calls the files that `npm run cluster -- credentials` writes. */
const CREDENTIAL_FILES = { ETCDCTL_CACERT: "ca.pem", ETCDCTL_CERT: "cert.pem", ETCDCTL_KEY: "key.pem" };

/**
 * What etcdctl reads from its environment. Endpoints were told by the guests themselves: what is none is passed over.
 * @param endpoints client URLs of members.
 */
export const etcdVariables = (endpoints: readonly string[]): Readonly<Record<string, string>> => ({
  ETCDCTL_API: "3",
  ETCDCTL_ENDPOINTS: endpoints.filter(isPlain).join(","),
});

/**
 * The same for a shell: `eval "$(pulumi stack output etcdEnvironment)"`. Where members want certificates, the shell's variable
 * ETCD_CREDENTIALS names the folder where they lie, and the shell says so where it is not set.
 */
export const etcdEnvironment = (endpoints: readonly string[]): string =>
  text([
    ...Object.entries(etcdVariables(endpoints)).map(([name, value]) => `export ${name}=${value}`),
    ...(wantCertificates(endpoints)
      ? Object.entries(CREDENTIAL_FILES).map(
          ([name, file]) =>
            `export ${name}="\${ETCD_CREDENTIALS:?names the folder that npm run cluster -- credentials wrote}/${file}"`,
        )
      : []),
  ]);
