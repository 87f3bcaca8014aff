/** One node's Ignition config, made of the plan's profiles and the user's files. */
import { profilesOf } from "./profiles.ts";
import { written, type ContainerLinuxConfig } from "./render/compose.ts";
import { documentOf } from "./render/document.ts";
import { mergeDocuments } from "./render/merge.ts";
import { substitute, type Variables } from "./render/substitute.ts";
import { languageOf, readSource, type Source } from "./sources/kind.ts";
import { fillFiles, fillSource } from "./sources/ownFile.ts";
import { substituteKnown, type Placeholders } from "./sources/variables.ts";
import { transpile, type Ignition, type Input } from "./transpile/index.ts";
import { variablesOf, type Bootstrap } from "./variables.ts";
import type { ClusterPlan, NodePlan, SourceFile } from "../plan/types.ts";

const profileInputs = (
  plan: ClusterPlan,
  node: NodePlan,
  bootstrap: Bootstrap,
  variables: Variables,
): Input[] =>
  profilesOf(plan, node, bootstrap.initialCluster !== undefined).map((profile) => ({
    source: profile.source,
    user: false,
    language: languageOf(profile.value),
    document: documentOf(profile, substitute(profile, variables)),
  }));

/** A file of the user's with its variables filled in; the placeholders of classic configs only in their own file. */
function userInput(
  file: SourceFile,
  variables: Variables,
  warn: (message: string) => void,
  placeholders?: Placeholders,
): Input {
  const read = readSource(file);
  if (Object.keys(read.profile.value).length === 0)
    warn(`${file.source} is empty: it brings nothing to a node`);
  const source: Source =
    placeholders === undefined
      ? read
      : { ...read, profile: { ...read.profile, value: fillSource(read, placeholders) } };
  const value = substituteKnown(source.profile, variables, warn);
  return {
    source: file.source,
    user: true,
    language: source.language,
    document: documentOf(source.profile, value),
    ...(source.folder === undefined ? {} : { folder: source.folder }),
  };
}

/**
 * A node's Ignition config, checked, and what is to be said about the user's files.
 * @throws RenderError naming file and line, not the node.
 */
export function renderNode(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): Ignition {
  const variables = variablesOf(plan, node, bootstrap);
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const made = (): Ignition => {
    if (plan.ignition === undefined) {
      const own = node.snippets.map((file) => userInput(file, variables, warn));
      return transpile([...profileInputs(plan, node, bootstrap, variables), ...own], plan.os);
    }
    const placeholders: Placeholders = {
      Node_Name: node.name,
      Node_Prefix: plan.prefix,
      Etcd_Discovery_URL: bootstrap.discoveryUrl,
    };
    const input = userInput(plan.ignition, variables, warn, placeholders);
    return transpile([input], plan.os, { finish: (config) => fillFiles(config, placeholders) });
  };
  const { json, warnings: more } = made();
  return { json, warnings: [...new Set([...warnings, ...more])] };
}

/** What a node's profiles say, as one Container Linux Config, before the transpiler sees it. Runs no program. */
export const composeConfig = (
  plan: ClusterPlan,
  node: NodePlan,
  bootstrap: Bootstrap,
): ContainerLinuxConfig =>
  written(
    mergeDocuments(
      profileInputs(plan, node, bootstrap, variablesOf(plan, node, bootstrap))
        .filter(({ language }) => language.kind === "clc")
        .map(({ document }) => document),
    ),
  );
