/** What ssh and libvirt say about a host that can't be reached, with what to do about it. Pure. */
import { connectionIn, type ConnectionUri, isBySsh, knownHostsOf } from "./remote.ts";
import { shellCommand } from "./shell.ts";

interface Way {
  readonly host: string;
  readonly port: number | undefined;
  /** `ssh -p 2222 root@host`, as people type it. */
  readonly login: string;
  readonly knownHosts: string;
  /** As known_hosts files have it. */
  readonly entry: string;
  readonly key: string | undefined;
}

/** What stands behind `ssh` and its like (ssh-copy-id) to get to a connection's host, for people to paste. */
export function destinationOf(connection: ConnectionUri): string {
  const { host, port, user, parameters } = connection;
  const knownHosts = knownHostsOf(connection);
  const key = parameters.get("keyfile");
  return shellCommand([
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(key === undefined ? [] : ["-i", key]),
    ...(knownHosts === undefined ? [] : ["-o", `UserKnownHostsFile="${knownHosts}"`]),
    user === undefined ? host : `${user}@${host}`,
  ]);
}

/** Undefined where it is none by ssh, and where it is no connection at all: what libvirt says of that is advice enough. */
function wayOf(uri: string): Way | undefined {
  const connection = connectionIn(uri);
  if (connection === undefined || !isBySsh(connection)) return undefined;
  const { host, port, parameters } = connection;
  const knownHosts = knownHostsOf(connection);
  return {
    ...{ host, port, key: parameters.get("keyfile") },
    login: `ssh ${destinationOf(connection)}`,
    knownHosts: knownHosts ?? "~/.ssh/known_hosts",
    entry: port === undefined || port === 22 ? host : `[${host}]:${port}`,
  };
}

/** A file as a shell takes it; `~` stays the home. */
const file = (path: string): string =>
  path.startsWith("~/") ? `~/${shellCommand([path.slice(2)])}` : shellCommand([path]);

const scan = ({ host, port, knownHosts }: Way): string =>
  `ssh-keyscan -t ed25519 ${port === undefined ? "" : `-p ${port} `}${host} >> ${file(knownHosts)}`;

interface Trouble {
  readonly pattern: RegExp;
  readonly advice: (way: Way) => string;
}

/** In the order in which they count: ssh says several things at once. */
const TROUBLES: readonly Trouble[] = [
  {
    pattern: /Identity file .* not accessible/i,
    advice: (way) =>
      `there is no key ${way.key ?? ""} here: keyfile= in the URI names the file of a private key`,
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|key mismatch/i,
    advice: (way) =>
      `the key of ${way.host} is another one than ${way.knownHosts} has: the host was installed anew, or somebody stands between. ` +
      `Ask who runs it; if the new key is right: ssh-keygen -R ${shellCommand([way.entry])} -f ${file(way.knownHosts)}; ${scan(way)}`,
  },
  {
    pattern: /Host key verification failed|No \S+ host key is known|key is unknown/i,
    advice: (way) =>
      `the key of ${way.host} is not in ${way.knownHosts}. Once you have made sure that it is the host's: ${scan(way)}`,
  },
  {
    pattern: /Permission denied \([a-z,-]+\)|Too many authentication failures/i,
    advice: (way) =>
      `${way.host} lets nobody in with that user and ${way.key === undefined ? "the keys that there are" : `the key ${way.key}`}. ` +
      `User and key are parts of the URI (qemu+ssh://USER@${way.host}/system?keyfile=FILE); the key must be in that user's ` +
      `authorized_keys there. A key with a passphrase must be in an ssh agent (ssh-add${way.key === undefined ? "" : ` ${file(way.key)}`}): nobody is asked for it here. ` +
      `Try: ${way.login} true`,
  },
  {
    pattern: /Could not resolve hostname/i,
    advice: (way) => `no host of the name ${way.host} is known here; is it spelled right?`,
  },
  {
    pattern: /Connection refused$|connect to host \S+ port \d+: Connection refused/im,
    advice: (way) =>
      `${way.host} is there, but no sshd answers at port ${way.port ?? 22}. Start it there, or name its port: qemu+ssh://USER@HOST:PORT/system`,
  },
  {
    pattern: /Failed to connect socket to .*libvirt.*: Permission denied|authentication unavailable/i,
    advice: () => `the user may not use libvirt there: connect as root, or add the user to the group libvirt`,
  },
  {
    pattern: /Failed to connect socket to .*libvirt/i,
    advice: (way) => `libvirt does not run on ${way.host}: ${way.login} systemctl start libvirtd`,
  },
  {
    pattern: /(?:nc|netcat|virt-ssh-helper)\S* (?:command )?not found|command not found/i,
    advice: (way) =>
      `${way.host} has neither virt-ssh-helper (libvirt-daemon) nor nc, through which virsh reaches libvirt there: install one`,
  },
  {
    pattern:
      /timed out|not responding|No route to host|Network is unreachable|Broken pipe|Connection reset|closed by remote host|End of file while reading/i,
    advice: (way) =>
      `${way.host} does not answer. Is it on, is its sshd running, is there a way to it from here? Try: ${way.login} true`,
  },
];

/** The advice for what a failed command said; undefined where it is about something else, or the host is this machine. */
export function adviceFor(uri: string, said: string): string | undefined {
  const way = wayOf(uri);
  if (way === undefined) return undefined;
  return TROUBLES.find(({ pattern }) => pattern.test(said))?.advice(way);
}

/** ssh's banner about a changed key is a dozen lines of shouting: one of them is enough. */
export const withoutBanner = (said: string): string =>
  /REMOTE HOST IDENTIFICATION HAS CHANGED/.test(said)
    ? "Host key verification failed: the host's key has changed"
    : said;

/** What was said, and what to do about it. */
export function withAdvice(uri: string, said: string): string {
  const advice = adviceFor(uri, said);
  const words = withoutBanner(said);
  return advice === undefined ? words : `${words}\n  ${advice}`;
}
