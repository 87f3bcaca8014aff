/** What differs between two looks at a host. Pure. */
import { type Part, PARTS, type Snapshot, type Unseen } from "./types.ts";

/** One thing that is there now and was not, or the other way round. */
export interface Difference<Of extends string = Part> {
  readonly part: Of;
  readonly what: "left" | "gone";
  readonly thing: string;
}

/**
 * What is more in one list than in another; a thing that is there twice counts twice.
 * @param name what a thing is known by.
 */
export function surplus(
  list: readonly string[],
  than: readonly string[],
  name: (thing: string) => string = (thing) => thing,
): string[] {
  const counts = new Map<string, number>();
  for (const one of than.map(name)) counts.set(one, (counts.get(one) ?? 0) + 1);
  return list.filter((one) => {
    const left = counts.get(name(one)) ?? 0;
    counts.set(name(one), left - 1);
    return left <= 0;
  });
}

/** A thing without the numbers that libvirt gives to a machine anew with each start. */
export const withoutNumbers = (thing: string): string =>
  thing.replaceAll(/\bvnet\d+\b/g, "vnet").replace(/\/domain-\d+-/, "/domain-");

const OF_DEVICE = /^\/proc\/sys\/net\/(?:ipv[46]\/(?:conf|neigh)|mpls\/conf)\/([^/]+)\//;

/** The device that a setting, of the kernel's or of its own, is about. */
function deviceOf(part: string, thing: string): string | undefined {
  if (part === "devices") return thing.replace(/ .*/, "");
  return part === "settings" ? OF_DEVICE.exec(thing)?.[1] : undefined;
}

type Lists<Of extends string> = Readonly<Record<Of, readonly string[]>>;

/** What differs in these parts. A device's settings come and go with it: it is told once. */
export function compareLists<Of extends string>(
  parts: readonly Of[],
  before: Lists<Of>,
  now: Lists<Of>,
  name: (thing: string) => string = withoutNumbers,
): Difference<Of>[] {
  const all = parts.flatMap((part): Difference<Of>[] => [
    ...surplus(now[part], before[part], name).map((thing) => ({ part, what: "left" as const, thing })),
    ...surplus(before[part], now[part], name).map((thing) => ({ part, what: "gone" as const, thing })),
  ]);
  const devices = new Set(
    all.filter(({ part }) => part === "links").map(({ what, thing }) => `${what} ${name(thing)}`),
  );
  return all.filter(({ part, what, thing }) => {
    const device = deviceOf(part, thing);
    return device === undefined || !devices.has(`${what} ${name(device)}`);
  });
}

const covers = ({ part, what }: Unseen, difference: Difference): boolean =>
  part === difference.part &&
  (what === "" ||
    difference.thing === what ||
    (difference.thing.startsWith(what) && /^[/: ]/.test(difference.thing.slice(what.length))));

/** What differs between two snapshots, as far as both have looked: nothing is left or gone where one of them could not look. */
export const compare = (
  before: Pick<Snapshot, "things" | "unseen">,
  now: Pick<Snapshot, "things" | "unseen">,
): Difference[] =>
  compareLists(PARTS, before.things, now.things).filter(
    (difference) => ![...before.unseen, ...now.unseen].some((unseen) => covers(unseen, difference)),
  );
