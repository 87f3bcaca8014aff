/**
 * What a user's file says in vain: it is valid, and was right on the system that it was written for, but does nothing on this
 * one, or keeps etcd from starting. Pure.
 */
import type { OsFamily } from "../../plan/types.ts";
import type { Document, Origin } from "../render/document.ts";
import { isMap, type Value } from "../render/values.ts";
import { dropinsOf, type Dropin } from "./dropins.ts";
import type { Finding } from "./findings.ts";

/** Why a section of a Container Linux Config does nothing on a system. */
const IN_VAIN: Readonly<Partial<Record<OsFamily, Readonly<Record<string, string>>>>> = {
  "fedora-coreos": {
    etcd: "it has no etcd-member.service of its own. The profile etcd brings one, whose options are files under /etc/containers/systemd/etcd-member.container.d",
    flannel: "it has no flanneld.service",
    docker: "its docker.service does not read DOCKER_OPTS",
    locksmith: "it has no locksmithd.service: Zincati updates it",
    update: "it has no update-engine.service: Zincati updates it",
    networkd: "NetworkManager runs its network, by files under /etc/NetworkManager/system-connections",
  },
  lab: {
    flannel: "it has no flanneld.service",
    docker: "it has no Docker",
  },
};

/** A section of nothing (ct and the terraform provider write empty ones) asks for nothing. */
const saysSomething = (value: Value | undefined): boolean =>
  isMap(value)
    ? Object.values(value).some(saysSomething)
    : Array.isArray(value)
      ? value.length > 0
      : value !== undefined && value !== null;

/** Warnings of sections of a user's Container Linux Config or Ignition 2 config that have no meaning on the system. */
export const sectionsInVain = ({ value, originOf }: Document, os: OsFamily): Finding[] =>
  Object.entries(IN_VAIN[os] ?? {})
    .filter(([section]) => saysSomething(value[section]))
    .map(([section, why]) => ({
      fatal: false,
      message: `${section} has no effect on ${os}: ${why}`,
      origin: originOf([section]),
    }));

const QUADLET = "/etc/containers/systemd/etcd-member.container";

/** Whether etcd is the one that the profile of Fedora CoreOS brings. */
const hasQuadlet = ({ value }: Document): boolean => {
  const files = isMap(value["storage"]) ? value["storage"]["files"] : undefined;
  return Array.isArray(files) && files.some((file) => isMap(file) && file["path"] === QUADLET);
};

const isUsers = ({ origin }: { readonly origin: Origin | undefined }): boolean => origin?.user === true;

function besideQuadlet(dropins: readonly Dropin[]): Finding[] {
  const way = `etcd's options go into files under ${QUADLET}.d`;
  return dropins.filter(isUsers).flatMap(({ name, commands, variables, origin }): Finding[] => {
    const by = name === "20-clct-etcd-member.conf" ? " (ct's, of the section etcd)" : "";
    const what = `the drop-in ${name} of etcd-member.service${by}`;
    if (commands.length > 0) {
      const message = `${what} takes the place of the Podman container that runs etcd here: take it out; ${way}`;
      return [{ fatal: true, message, origin }];
    }
    const lost = [...variables.keys()].filter((key) => key.startsWith("ETCD_"));
    if (lost.length === 0) return [];
    return [
      {
        fatal: false,
        message: `${what} sets ${lost.join(", ")}, which etcd's container does not get: ${way}`,
        origin,
      },
    ];
  });
}

/** The first release that refuses to start where a variable and a flag say the same (etcd-io/etcd#9382). */
const STRICT_SINCE = [3, 4] as const;

/** Whether this etcd refuses. Container Linux's own is 3.3; the lab's wrapper takes the variables away. */
function isStrict(tag: string | undefined, os: OsFamily): boolean {
  if (os === "lab") return false;
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(tag ?? "") ?? [];
  if (major === undefined) return os !== "container-linux";
  return Number(major) * 100 + Number(minor) >= STRICT_SINCE[0] * 100 + STRICT_SINCE[1];
}

/** `--initial-cluster` and `-initial-cluster` are ETCD_INITIAL_CLUSTER. */
const flagsOf = (command: string): string[] =>
  [...command.matchAll(/\s--?([a-z][a-z0-9-]*)/g)].map(
    ([, flag = ""]) => `ETCD_${flag.toUpperCase().replaceAll("-", "_")}`,
  );

/** Options that etcd gets twice, by variable and by flag: newer ones don't start then, older ones don't look at the variable. */
function givenTwice(dropins: readonly Dropin[], os: OsFamily): Finding[] {
  const last = dropins.findLast(({ commands }) => commands.length > 0);
  if (last === undefined) return [];
  const flags = new Set(last.commands.flatMap(flagsOf));
  // Flatcar's wrapper takes this variable away where there is the flag (its unit sets it for all).
  flags.delete("ETCD_NAME");
  const tag = dropins
    .findLast(({ variables }) => variables.has("ETCD_IMAGE_TAG"))
    ?.variables.get("ETCD_IMAGE_TAG");
  const strict = isStrict(tag, os);
  return dropins.flatMap((dropin): Finding[] => {
    const twice = [...dropin.variables.keys()].filter((key) => flags.has(key));
    const mine = [dropin, last].find(isUsers);
    if (twice.length === 0 || mine === undefined) return [];
    const effect = strict ? "etcd does not start with both" : "etcd reads the flags alone";
    const message = `etcd-member.service gets ${twice.join(", ")} by the drop-in ${dropin.name}, and flags for the same by ${last.name}: ${effect}. Leave out one of them, or the profile etcd where that brings it`;
    return [{ fatal: strict, message, origin: mine.origin }];
  });
}

/** What keeps etcd from being what the user's files say, in the config that a node gets. */
export function etcdFindings(document: Document, os: OsFamily): Finding[] {
  const dropins = dropinsOf(document, "etcd-member.service");
  if (os === "fedora-coreos") return hasQuadlet(document) ? besideQuadlet(dropins) : [];
  return givenTwice(dropins, os);
}
