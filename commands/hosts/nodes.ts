/** Choosing among the clusters on a host: by stack, by owner, by a node's name. Pure. */
import type { NodeOnHost } from "../../host/clusters.ts";
import type { Mark } from "../../host/mark.ts";
import { stackOf } from "../../host/clusters.ts";
import { visible } from "../../host/visible.ts";
import { suggest } from "../../plan/suggest.ts";
import { UserError } from "../ui/errors.ts";
import { shortOwner } from "./words.ts";

export interface MarkedNode {
  readonly mark: Mark;
  readonly node: NodeOnHost;
}

export interface Choice {
  /** A stack's name, or `project/stack`, or `organization/project/stack`. */
  readonly stack?: string;
  /** An owner's id, or how it begins. */
  readonly owner?: string;
}

/** Digits of an owner's id that have to be given: fewer could mean several. */
const OWNER_DIGITS = 4;

const byName = (nodes: readonly MarkedNode[]): MarkedNode[] =>
  nodes.toSorted((a, b) => (a.node.name < b.node.name ? -1 : 1));

/** "acme/coreos-cluster/dev (owner 01234567)" of each. */
const described = (marks: readonly Mark[]): string =>
  marks.map((mark) => `${stackOf(mark)} (owner ${shortOwner(mark.owner)})`).join(", ");

/** Each owner once. */
export const ownersOf = (nodes: readonly MarkedNode[]): Mark[] => [
  ...new Map(nodes.map(({ mark }) => [mark.owner, mark])).values(),
];

const isStack = (mark: Mark, name: string): boolean =>
  [mark.stack, `${mark.project}/${mark.stack}`, stackOf(mark)].includes(name);

/** @throws UserError for what can't be the beginning of an owner's id */
export function checkOwner(owner: string): string {
  const id = owner.toLowerCase();
  if (new RegExp(`^[0-9a-f]{${OWNER_DIGITS},32}$`).test(id)) return id;
  throw new UserError(
    `"${owner}" is no owner's id: ${OWNER_DIGITS} to 32 hexadecimal digits, as \`list\` shows them`,
  );
}

/**
 * The nodes of one cluster.
 * @param title what messages call the host
 * @throws UserError when nothing or more than one fits, with what there is
 */
export function chooseCluster(nodes: readonly MarkedNode[], choice: Choice, title: string): MarkedNode[] {
  const { stack } = choice;
  const owner = choice.owner === undefined ? undefined : checkOwner(choice.owner);
  const fitting = nodes.filter(
    ({ mark }) =>
      (stack === undefined || isStack(mark, stack)) && (owner === undefined || mark.owner.startsWith(owner)),
  );
  const found = ownersOf(fitting);
  if (found.length === 1) return byName(fitting);
  const wanted = [stack === undefined ? "" : `stack ${stack}`, owner === undefined ? "" : `owner ${owner}`]
    .filter((word) => word !== "")
    .join(" of ");
  if (found.length > 1)
    throw new UserError(
      `${wanted === "" ? "several clusters are" : `${wanted} fits several clusters`} on ${title}: ${described(found)}. ` +
        (wanted === "" ? "Name one: --stack NAME, or --owner ID" : "Name one of them: --owner ID"),
    );
  const there = ownersOf(nodes);
  throw new UserError(
    there.length === 0
      ? `there are no clusters on ${title}`
      : `there are no machines of ${wanted} on ${title}; there are: ${described(there)}`,
  );
}

/** A node's name as libvirt and files have it: nothing that a path could be led astray by. */
export const isNodeName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name);

/** Why there is no node of a name: what is like it, and what there is. */
export function unknownNode(name: string, nodes: readonly MarkedNode[], title: string): UserError {
  const names = byName(nodes).map(({ node }) => node.name);
  const like = suggest(name, names);
  const there = names.length === 0 ? "there are none" : `there are: ${names.map(visible).join(", ")}`;
  return new UserError(
    `no node on ${title} is named ${name}${like === undefined ? "" : ` (did you mean ${visible(like)}?)`}; ${there}`,
  );
}
