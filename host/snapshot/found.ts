/** From what the look at a host printed to what is there, and what could not be looked at. Pure. */
import { createHash } from "node:crypto";
import { devicesOf, neighboursOf } from "./devices.ts";
import { addressesOf, nftRules, queuesOf, routesOf, savedRules } from "./network.ts";
import { type Section, type Sections, unseenOf } from "./sections.ts";
import type { Part, Things, Unseen } from "./types.ts";

/** A QEMU process by its program and its guest; what libvirt names and numbers anew for each start is left out. */
export function qemuProcess(commandLine: string): string {
  const [program = ""] = commandLine.split(" ");
  const guest = /\s-name (?:guest=)?([^,\s]+)/.exec(commandLine)?.[1];
  return guest === undefined ? commandLine.trim() : `${program} of ${guest}`;
}

/** `PATH SIZE CHECKSUM` of cksum(1)'s `CHECKSUM SIZE PATH`; other lines stay. By the content, since much is written anew as it was. */
const fileWithSum = (line: string): string => line.replace(/^(\d+) (\d+) (\/.*)$/, "$3 $2 $1");

/** A secret seed of addresses is kept as what tells whether it is another one. */
const withoutSecret = (line: string): string =>
  line.replace(
    /(\/stable_secret:)(.+)$/,
    (_, name: string, value: string) => name + createHash("sha256").update(value).digest("hex").slice(0, 12),
  );

const NOTHING: Section = { lines: [], complaints: [] };

/** `filters iptables`: one section for each tool. */
const FILTERS = /^filters (.+)$/;

const toolsOf = (sections: Sections): [string, Section][] =>
  [...sections].flatMap(([name, section]): [string, Section][] => {
    const tool = FILTERS.exec(name)?.[1];
    return tool === undefined ? [] : [[tool, section]];
  });

/** All that is found without libvirt and registry. */
export function foundIn(
  sections: Sections,
): Omit<Things, "domains" | "pools" | "volumes" | "networks" | "tokens"> {
  const of = (name: string): readonly string[] => (sections.get(name) ?? NOTHING).lines;
  return {
    processes: of("processes").map(qemuProcess),
    links: of("links"),
    devices: devicesOf(of("devices"), of("links")),
    namespaces: of("namespaces"),
    addresses: [...addressesOf(of("addresses")), ...neighboursOf(of("neighbours"))],
    routes: [...routesOf(of("routes"), of("addresses")), ...of("rules").map((rule) => `rule ${rule}`)],
    queues: queuesOf(of("queues")),
    filters: toolsOf(sections).flatMap(([tool, { lines }]) =>
      tool === "nft" ? nftRules(lines) : savedRules(tool, lines),
    ),
    settings: of("settings").map(withoutSecret),
    mounts: of("mounts"),
    files: [...new Set(of("files"))],
    configuration: of("configuration").map(fileWithSum),
    places: [...new Set(of("places"))],
    logs: of("logs"),
  };
}

/** Sections that have complaints, by the part that they are of. */
const COMPLAINTS: readonly (readonly [section: string, part: Part])[] = [
  ["devices", "devices"],
  ["addresses", "addresses"],
  ["neighbours", "addresses"],
  ["routes", "routes"],
  ["rules", "routes"],
  ["queues", "queues"],
  ["settings", "settings"],
  ["files", "files"],
  ["configuration", "configuration"],
  ["places", "places"],
  ["logs", "logs"],
];

/** What the host did not let be looked at. */
export function unseenIn(sections: Sections): Unseen[] {
  const isRoot = sections.get("user")?.lines[0] === "0";
  const tools = toolsOf(sections);
  // A host that hides users' processes from each other says so where it mounts them.
  const isHiding = /^\S+ \/proc proc \S*\bhidepid=(?!0|off)/m.test(
    (sections.get("mounts") ?? NOTHING).lines.join("\n"),
  );
  const all = [
    ...COMPLAINTS.flatMap(([name, part]) => unseenOf(part, sections.get(name) ?? NOTHING, { isRoot })),
    ...tools.flatMap(([tool, section]) => unseenOf("filters", section, { isRoot, whole: tool })),
    ...(tools.length === 0 ? [{ part: "filters", what: "", why: "no tool" } as const] : []),
    ...(isHiding && !isRoot ? [{ part: "processes", what: "", why: "not allowed" } as const] : []),
  ];
  // Some parts are put together of several sections.
  return [...new Map(all.map((one) => [`${one.part} ${one.why} ${one.what}`, one])).values()];
}
