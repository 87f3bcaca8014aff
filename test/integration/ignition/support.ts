/** Plans with files of the user's, for tests. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plan } from "../../unit/plan/fixtures.ts";
import { renderIgnition } from "../../../ignition/index.ts";
import { dataText } from "../../../ignition/sources/dataUrl.ts";
import type { ClusterPlan, NodePlan, SourceFile } from "../../../plan/types.ts";

export const shapes = join(import.meta.dirname, "shapes");
export const bootstrap = { discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/0123" };

/** A file of the user's with this text. */
export const text = (source: string, content: string): SourceFile => ({
  source,
  path: join("/nowhere", source),
  text: content,
});

/** One of the files in shapes/. */
export const shape = (name: string): SourceFile => ({
  source: name,
  path: join(shapes, name),
  text: readFileSync(join(shapes, name), "utf8"),
});

/** The plan with these snippets for all nodes. */
export const withSnippets = (made: ClusterPlan, ...snippets: readonly SourceFile[]): ClusterPlan => ({
  ...made,
  nodes: made.nodes.map((node) => ({ ...node, snippets })),
});

/** The plan without profiles. */
export const bare = (made: ClusterPlan): ClusterPlan => ({
  ...made,
  nodes: made.nodes.map((node) => ({ ...node, profiles: [] })),
});

export const withOwn = (changes: Record<string, unknown>, ignition: SourceFile): ClusterPlan => ({
  ...plan(changes),
  ignition,
});

export function first(made: ClusterPlan): NodePlan {
  const [node] = made.nodes;
  assert.ok(node);
  return node;
}

interface Unit {
  readonly name: string;
  readonly contents?: string;
  readonly enabled?: boolean;
  readonly dropins?: readonly { readonly name: string; readonly contents?: string }[];
}

/** The parts of an Ignition config that tests look at. */
export interface Config {
  readonly ignition: { readonly version: string };
  readonly networkd?: { readonly units: readonly Unit[] };
  readonly passwd?: { readonly users?: readonly { readonly name: string; readonly passwordHash?: string }[] };
  readonly storage?: {
    readonly files?: readonly { readonly path: string; readonly contents?: { readonly source?: string } }[];
  };
  readonly systemd?: { readonly units?: readonly Unit[] };
}

export const config = (made: ClusterPlan, node = first(made)): Config =>
  JSON.parse(renderIgnition(made, node, bootstrap)) as Config;

export const fileText = ({ storage }: Config, path: string): string | undefined =>
  dataText(storage?.files?.find((file) => file.path === path)?.contents?.source ?? "");

export const unit = ({ systemd }: Config, name: string): Unit | undefined => {
  const found = systemd?.units?.filter((one) => one.name === name) ?? [];
  assert.ok(found.length < 2, `${name} is listed once`);
  return found[0];
};

/** The message of the refusal. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "RenderError", String(error));
    return error.message;
  }
  return assert.fail("it was taken");
}
