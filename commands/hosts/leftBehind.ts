/** What a stack's state knows of on its libvirt hosts: what stays there when the state is forgotten. Pure. */
import { field } from "../http.ts";
import { resourcesIn, shown } from "../lab/state.ts";
import { quote } from "../../plan/remedies.ts";

/** All of a cluster on one host. */
export interface OnHost {
  /** As the config names it; undefined where the cluster has one host, which nobody had to name. */
  readonly name?: string;
  /** Its connection; undefined where that is a secret which the text of the state does not show. */
  readonly uri: string | undefined;
  /** 32 hex digits. */
  readonly owner: string;
  readonly machines: readonly string[];
  readonly pool: string;
  readonly volumes: readonly string[];
}

/** A Command that has made a discovery URL: what it was given, and the URL. */
export interface KnownToken {
  readonly environment: Readonly<Record<string, string>>;
  readonly url: string;
}

export interface LeftBehind {
  readonly hosts: readonly OnHost[];
  readonly tokens: readonly KnownToken[];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Values that are texts: encrypted ones are left out. */
const texts = (given: unknown): Record<string, string> => {
  const value = shown(given);
  return Object.fromEntries(
    Object.entries(typeof value === "object" && value !== null ? value : {})
      .map(([key, each]) => [key, shown(each)] as const)
      .filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
};

/** Reads what `pulumi stack export` prints, with `--show-secrets` or without. */
export function leftBehind(state: string): LeftBehind {
  const resources = resourcesIn(state);
  const ofType = (type: string): unknown[] => resources.filter((one) => field(one, "type") === type);
  const commands = ofType("command:local:Command").map((one) => ({
    urn: text(field(one, "urn")),
    create: text(field(field(one, "inputs"), "create")),
    environment: texts(field(field(one, "inputs"), "environment")),
    stdout: text(shown(field(field(one, "outputs"), "stdout"))),
  }));
  /** Names on the host of a check: all there is deleted with it, while pools and base volumes have one name on all hosts. */
  const namesOn = (check: string, ...types: string[]): string[] =>
    types
      .flatMap((type) => ofType(`libvirt:index/${type}`))
      .filter((one) => field(one, "deletedWith") === check)
      .map((one) => text(field(field(one, "outputs"), "name")));
  const checks = commands.filter(({ create, environment }) => create === "check" && "OWNER" in environment);
  return {
    hosts: checks.map(({ urn, environment }) => {
      const [, name] = /-host@([^@:]+)$/.exec(urn) ?? []; // as components/sites.ts calls them
      return {
        ...(name === undefined ? {} : { name }),
        uri: environment["LIBVIRT_URI"],
        owner: environment["OWNER"] ?? "",
        machines: namesOn(urn, "domain:Domain"),
        pool: environment["POOL"] ?? "",
        volumes: namesOn(urn, "volume:Volume", "ignition:Ignition"),
      };
    }),
    tokens: commands.flatMap(({ urn, environment, stdout }) =>
      /::[^:]*-discovery-[^:]*$/.test(urn) && stdout !== "" ? [{ environment, url: stdout }] : [],
    ),
  };
}

/** What a host is called: by its connection, or where that can't be read, by its name. */
export const titleOf = ({ name, uri }: OnHost): string =>
  uri ?? `${name === undefined ? "the host" : `the host ${name}`}, whose connection is secret`;

/** The connection as a word of a shell; a stand-in where it can't be read. */
const connection = ({ uri }: OnHost): string => (uri === undefined ? "URI" : quote(uri));

/** The command that removes all of a cluster when its host is back, by the mark that everything there carries. */
export const sweepCommand = (host: OnHost): string =>
  `npm run cluster -- destroy --owner ${host.owner} --connect ${connection(host)}`;

/** The same by hand, as far as the state knows what is there. */
function byHand(host: OnHost): string[] {
  const { machines, pool, volumes } = host;
  const virsh = `virsh --connect ${connection(host)}`;
  return [
    ...machines.flatMap((name) => [`${virsh} destroy ${name}`, `${virsh} undefine --nvram ${name}`]),
    ...volumes.map((name) => `${virsh} vol-delete ${name} --pool ${pool}`),
    ...["pool-destroy", "pool-delete", "pool-undefine"].map((verb) => `${virsh} ${verb} ${pool}`),
  ];
}

/** What stays, for people. */
export function renderLeft(hosts: readonly OnHost[]): string {
  const named = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
  const parts = hosts.flatMap((host) => [
    `On ${titleOf(host)}:`,
    `  machines: ${named(host.machines)}`,
    `  pool:     ${host.pool}`,
    `  volumes:  ${named(host.volumes)}`,
    "  When the host is back, this removes all of it, and nothing else:",
    `    ${sweepCommand(host)}`,
    "  Or, by hand:",
    ...byHand(host).map((line) => `    ${line}`),
  ]);
  return parts.join("\n");
}
