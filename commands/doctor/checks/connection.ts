/** Whether the libvirt host answers, and who may ask it. */
import { disagreements, withoutPassword } from "../../../host/agreement.ts";
import { connectionIn, type ConnectionUri, isBySsh } from "../../../host/remote.ts";
import { virshsUri } from "../../../host/sharedSsh.ts";
import { adviceFor, destinationOf } from "../../../host/trouble.ts";
import { runHere } from "../shell.ts";
import type { Check, Output, Verdict } from "../types.ts";
import { ok } from "../words.ts";

const WHY = "Everything is made through this connection.";

interface Refusal {
  readonly pattern: RegExp;
  readonly says: string;
  readonly remedy?: (connection: ConnectionUri, here: Here) => string;
  /** The remedy is not all that there is to say (host/trouble.ts). */
  readonly more?: boolean;
}

/** A command as it is typed on this machine, so that it runs as root. */
type Here = (command: string) => string;

/** The command at the place where the host's own programs run. */
const there = (connection: ConnectionUri, here: Here, command: string): string => {
  if (connection.host === "") return here(command);
  const login = `ssh ${destinationOf(connection)}`;
  return `${login} ${connection.user === "root" ? command : `sudo ${command}`}`;
};

/** What libvirt and ssh say, and what it means. The first that fits counts. */
const REFUSALS: readonly Refusal[] = [
  {
    pattern: /host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    says: "ssh does not know the host's key, or it has changed",
    remedy: (c) => `ssh ${destinationOf(c)} true`,
    more: true,
  },
  {
    pattern: /permission denied \((publickey|password|keyboard|gssapi)/i,
    says: "ssh was refused: the host takes none of your keys",
    remedy: (c) => `ssh-copy-id ${destinationOf(c)}`,
    more: true,
  },
  {
    pattern:
      /could not resolve hostname|name or service not known|temporary failure in name resolution|unable to resolve address/i,
    says: "there is no host of that name",
  },
  {
    pattern: /libvirt-sock[^\n]*permission denied/i,
    says: "this user may not open libvirt's socket: it is not in the group libvirt",
    remedy: (c, here) =>
      `${there(c, here, `usermod -aG libvirt ${c.user ?? '"$USER"'}`)} # then log in again`,
  },
  {
    pattern: /failed to connect socket to '[^']*': (no such file|connection refused)/i,
    says: "libvirt's daemon is not running there, or not installed",
    remedy: (c, here) =>
      c.session
        ? `${here("apt-get install libvirt-daemon-driver-qemu")} # a user's own libvirtd then starts by itself`
        : there(c, here, "systemctl enable --now libvirtd"),
  },
  {
    pattern: /connection refused/i,
    says: "the host refuses the connection: nothing listens there",
    remedy: (c, here) => {
      if (c.host === "") return here("systemctl enable --now libvirtd");
      if (isBySsh(c)) return `ssh ${destinationOf(c)} true`;
      // Its port is libvirt's, not sshd's.
      return there(
        { ...c, port: undefined },
        here,
        `systemctl enable --now libvirtd-${c.transport === "tcp" ? "tcp" : "tls"}.socket`,
      );
    },
    more: true,
  },
  {
    pattern:
      /no route to host|connection timed out|operation timed out|no answer within|network is unreachable/i,
    says: "the host can't be reached",
    remedy: (c, here) => (c.host === "" ? here("systemctl restart libvirtd") : `ping -c 3 ${c.host}`),
  },
  {
    pattern: /(nc|netcat|virt-ssh-helper): (command )?not found|cannot recv data/i,
    says: "ssh works, but what libvirt needs at the other end is missing or ended (libvirt's daemon, virt-ssh-helper or nc)",
    remedy: (c, here) => there(c, here, "apt-get install libvirt-daemon-system netcat-openbsd"),
  },
  {
    pattern:
      /authentication unavailable: no polkit agent|polkit|authentication (failed|cancelled)|access denied by policy/i,
    says: "polkit does not let this user manage machines: it is not in the group libvirt",
    remedy: (c, here) =>
      `${there(c, here, `usermod -aG libvirt ${c.user ?? '"$USER"'}`)} # then log in again`,
  },
  {
    pattern: /no connection driver available|unknown (driver|scheme|transport)|invalid (uri|argument)/i,
    says: "libvirt has no driver for that URI",
    remedy: () => "pulumi config set libvirt:uri qemu:///system",
  },
];

/** virsh's last error is the telling one; the first says that there was an error. */
const complaint = ({ stderr, code }: Output): string =>
  stderr
    .split("\n")
    .filter((line) => line.trim() !== "")
    .at(-1)
    ?.replace(/^error: /, "")
    .trim() ?? `exit code ${code}`;

/**
 * @param answer of `virsh version --daemon`.
 * @param root whether this process is root's already.
 */
export function judgeConnection(
  uri: string,
  answer: Output,
  root: boolean = process.getuid?.() === 0,
): Verdict {
  const here: Here = (command) => (root ? command : `sudo ${command}`);
  const connection = connectionIn(uri);
  if (connection === undefined)
    return {
      level: "problem",
      found: `"${uri}" is no libvirt connection URI`,
      why: WHY,
      remedy: "pulumi config set libvirt:uri qemu:///system",
    };
  if (answer.code === 0) {
    const hypervisor = /Running hypervisor: *(.+)/.exec(answer.stdout)?.[1];
    const daemon = /Running against daemon: *(\S+)/.exec(answer.stdout)?.[1];
    const libvirt = daemon ?? /Using library: *libvirt *(\S+)/.exec(answer.stdout)?.[1] ?? "";
    if (hypervisor === undefined || !hypervisor.startsWith("QEMU"))
      return {
        level: "problem",
        found: `${uri} answers, but is no QEMU host${hypervisor === undefined ? "" : ` (${hypervisor})`}`,
        why: "The machines are QEMU domains.",
        remedy: "pulumi config set libvirt:uri qemu:///system",
      };
    return ok(`${uri}: libvirt ${libvirt}, ${hypervisor}`, WHY);
  }
  if (answer.code === 127)
    return {
      level: "problem",
      found: "not tried: virsh is not on PATH",
      why: WHY,
      remedy: here("apt-get install libvirt-clients"),
    };
  const refusal = REFUSALS.find(({ pattern }) => pattern.test(answer.stderr));
  const remedy = refusal?.remedy?.(connection, here);
  const advice = remedy === undefined || refusal?.more === true ? adviceFor(uri, answer.stderr) : undefined;
  return {
    level: "problem",
    found:
      refusal === undefined
        ? `${uri}: ${complaint(answer)}`
        : `${uri}: ${refusal.says} (${complaint(answer)})`,
    why: advice === undefined ? WHY : `${WHY} ${advice.charAt(0).toUpperCase()}${advice.slice(1)}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}

/** The provider for libvirt has an ssh client of its own: what it would make of the URI. */
const judgeAgreement = (uri: string): Verdict[] =>
  connectionIn(uri) === undefined
    ? []
    : disagreements(uri).map(({ found, right }) => ({
        level: "problem",
        found: `${withoutPassword(uri)} has ${found}`,
        why: `Pulumi's provider and virsh would not mean the same. Right would be: ${right}`,
      }));

/** Asks the host for its versions. */
export const askVersion = (uri: string): Promise<Output> => {
  const connection = connectionIn(uri);
  const given = connection !== undefined && isBySsh(connection) ? virshsUri(uri) : uri;
  return runHere(["virsh", "--connect", given, "version", "--daemon"], { timeout: 30 });
};

export const connection: Check = {
  id: "connection",
  about: "libvirt answers and lets this user manage machines",
  here: true,
  quick: {},
  run: async ({ uri, typed }) => {
    const verdict = judgeConnection(uri, await askVersion(uri));
    const { remedy } = verdict;
    return [
      remedy?.startsWith("pulumi ") === true ? { ...verdict, remedy: typed(remedy) } : verdict,
      ...judgeAgreement(uri),
    ];
  },
};
