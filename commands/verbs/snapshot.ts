/** `snapshot save FILE` and `snapshot status FILE`: all of etcd's data in one file (docs/day-two.md). */
import { resolve } from "node:path";
import type { LabPaths } from "../../lab/shared/context.ts";
import { forUser, reach, stackAsked } from "../hosts/reach.ts";
import { requireRunning } from "../hosts/spread.ts";
import { readStack } from "../hosts/stackState.ts";
import { size as sizeInWords } from "../hosts/words.ts";
import { readSnapshot, type SnapshotFile } from "../snapshot/file.ts";
import { saveSnapshot } from "../snapshot/save.ts";
import { stayForChildren } from "../ui/interrupt.ts";
import { Phases } from "../ui/phases.ts";

export interface SaveOptions {
  readonly stack?: string;
  readonly connect?: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** "revision 120, 35 keys, 1.2 MiB". */
export const inWords = ({ revision, keys, size }: SnapshotFile): string =>
  `revision ${revision}, ${keys} ${keys === 1 ? "key" : "keys"}, ${sizeInWords(size)}`;

const asJson = (file: string, found: SnapshotFile): string => {
  const { size, sha256, revision, keys, clusterVersion, members } = found;
  return JSON.stringify({ file, size, sha256, revision, keys, clusterVersion, members }, null, 2);
};

/** @throws UserError; then no new file is there */
export async function save(paths: LabPaths, name: string, options: SaveOptions): Promise<void> {
  const file = resolve(name);
  stayForChildren(`${file} is not written. Run snapshot save again to begin anew.`);
  const reached = await reach(paths, options.connect);
  const state = await forUser(() => readStack(paths, reached, stackAsked(reached, options.stack)));
  const saved = await new Phases().run("Snapshot", async (report) => {
    const cluster = { ...state, hostUri: reached.access.uri };
    const found = await saveSnapshot(paths, cluster, file, options.overwrite === true, report).catch(
      async (error: unknown) => {
        const members = (state.outputs.nodes ?? []).filter(({ role }) => role !== "client");
        const names = members.map((node) => node.name);
        await forUser(() => requireRunning(reached, state, names, options)); // what is off explains more
        throw error;
      },
    );
    return { note: `${inWords(found)}, from ${found.endpoint}`, value: found };
  });
  if (saved.v2Keys)
    process.stderr.write(
      "  warning: the members have keys of the v2 API. etcd keeps those apart, and no snapshot holds them.\n",
    );
  say(
    options.json === true
      ? asJson(file, saved)
      : `${file} holds all data of the cluster, as their owner alone may read it.\nBring them back with: npm run cluster -- restore ${name}`,
  );
}

/** @throws UserError where the file is not whole */
export function status(name: string, options: { readonly json?: boolean }): void {
  const file = resolve(name);
  const found = readSnapshot(file);
  if (options.json === true) {
    say(asJson(file, found));
    return;
  }
  const rows = [
    ["revision", String(found.revision)],
    ["keys", String(found.keys)],
    ["size", `${sizeInWords(found.size)} (${found.size} bytes)`],
    ["sha256", `${found.sha256} (as etcd has put at its end)`],
    ["etcd", found.clusterVersion ?? "not told"],
    ["members", found.members.join(", ") || "not told"],
  ];
  say(rows.map(([name, value]) => `${(name ?? "").padEnd(9)} ${value ?? ""}`).join("\n"));
}
