/**
 * Makes an Ignition 2 config fit for every reader. Ignition 2 let pass, and the converter to Ignition 3 refuses: a networkd
 * section, and a unit that is listed twice (ct does so when a config has an etcd section and its own drop-in for etcd). Pure.
 */
import { RenderError } from "../errors.ts";
import type { Dropin, FileEntry, Ignition2, Unit } from "./ignition2.ts";

const NETWORK_FOLDER = "/etc/systemd/network";

/** One value of two, where at most one is given or both are equal. */
function one<T>(first: T | undefined, second: T | undefined, what: string): T | undefined {
  if (first !== undefined && second !== undefined && first !== second) {
    throw new RenderError(`${what} is given twice, and differently`);
  }
  return first ?? second;
}

function mergeDropins(first: readonly Dropin[], second: readonly Dropin[], unit: string): Dropin[] {
  const dropins = new Map<string, Dropin>();
  for (const dropin of [...first, ...second]) {
    const known = dropins.get(dropin.name);
    const contents = one(known?.contents, dropin.contents, `${unit}: its drop-in ${dropin.name}`);
    dropins.set(dropin.name, { name: dropin.name, ...(contents === undefined ? {} : { contents }) });
  }
  return [...dropins.values()];
}

/** `enable` is Ignition 2.0's name for `enabled`. An empty `contents` means none. */
const plain = ({ enable, enabled, contents, ...rest }: Unit): Unit => ({
  ...rest,
  ...(contents === undefined || contents === "" ? {} : { contents }),
  ...(((enabled ?? enable) === undefined ? {} : { enabled: enabled ?? enable }) as { enabled?: boolean }),
});

function mergeUnits(first: Unit, second: Unit): Unit {
  const { name } = first;
  const contents = one(first.contents, second.contents, `${name}: its contents`);
  const enabled = one(first.enabled, second.enabled, `${name}: whether it is enabled`);
  const mask = one(first.mask, second.mask, `${name}: whether it is masked`);
  const dropins = mergeDropins(first.dropins ?? [], second.dropins ?? [], name);
  return {
    name,
    ...(contents === undefined ? {} : { contents }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(mask === undefined ? {} : { mask }),
    ...(dropins.length === 0 ? {} : { dropins }),
  };
}

function uniqueUnits(units: readonly Unit[]): Unit[] {
  const byName = new Map<string, Unit>();
  for (const unit of units.map(plain)) {
    const known = byName.get(unit.name);
    byName.set(unit.name, known === undefined ? unit : mergeUnits(known, unit));
  }
  return [...byName.values()];
}

const textFile = (path: string, text: string): FileEntry => ({
  filesystem: "root",
  path,
  contents: { source: `data:,${encodeURIComponent(text)}`, verification: {} },
  mode: 0o644,
});

const networkFiles = (units: readonly Unit[]): FileEntry[] =>
  uniqueUnits(units).flatMap(({ name, contents, dropins = [] }) => [
    ...(contents === undefined ? [] : [textFile(`${NETWORK_FOLDER}/${name}`, contents)]),
    ...dropins.map((dropin) => textFile(`${NETWORK_FOLDER}/${name}.d/${dropin.name}`, dropin.contents ?? "")),
  ]);

/** The networkd section as files beside those that there are. */
function withNetworkFiles(
  storage: Ignition2["storage"],
  units: readonly Unit[],
): NonNullable<Ignition2["storage"]> {
  const moved = networkFiles(units);
  const files = storage?.files ?? [];
  for (const { path } of moved) {
    if (files.some((file) => file.path === path)) {
      throw new RenderError(`${path} is given twice: as a file and as a unit of the networkd section`);
    }
  }
  return { ...storage, ...(files.length + moved.length === 0 ? {} : { files: [...files, ...moved] }) };
}

/**
 * The same configuration with each unit once, networkd's units as files, and no empty `tls`.
 * @param keepNetworkd leaves the networkd section in, for a system that reads it
 * @throws RenderError where a unit or file is given twice with different content.
 */
export function normalise(config: Ignition2, keepNetworkd = false): Ignition2 {
  const { networkd, ignition, ...rest } = config;
  const { security, ...head } = ignition;
  const units = networkd?.units ?? [];
  const hasTls = security?.tls !== undefined && Object.keys(security.tls).length > 0;
  return {
    ...rest,
    ignition: { ...head, ...(hasTls ? { security } : {}) },
    ...(keepNetworkd && units.length > 0 ? { networkd: { units: uniqueUnits(units) } } : {}),
    storage: withNetworkFiles(rest.storage, keepNetworkd ? [] : units),
    systemd: { ...rest.systemd, units: uniqueUnits(rest.systemd?.units ?? []) },
  };
}
