/** What `pulumi preview --json` says that an update would do, as far as it is about a cluster's machines. Pure. */
import { field, list, parsed } from "../http.ts";

/** A change of one resource. */
export interface Step {
  /** The resource's name, as the program gives it. */
  readonly name: string;
  /** The last part of its type, such as `domain:Domain`. */
  readonly type: string;
  readonly op: "create" | "update" | "replace" | "delete";
}

const OPS: Readonly<Record<string, Step["op"]>> = {
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The steps that change something, one for each resource. @throws Error where the text is no preview. */
export function stepsIn(text: string): readonly Step[] {
  const preview = parsed(text);
  if (typeof preview !== "object" || preview === null)
    throw new Error("pulumi preview --json printed no JSON");
  const found = new Map<string, Step>();
  for (const step of list(field(preview, "steps"))) {
    const op = OPS[textOf(field(step, "op"))];
    const urn = textOf(field(step, "urn"));
    const [types = "", name = ""] = urn.split("::").slice(-2);
    const type = types.split("$").at(-1) ?? "";
    if (op !== undefined && type !== "pulumi:pulumi:Stack" && !found.has(urn))
      found.set(urn, { op, name, type });
  }
  return [...found.values()];
}

/** The messages of a preview that failed; undefined where it says none. */
export function errorsIn(text: string): string | undefined {
  const errors = list(field(parsed(text), "diagnostics")).flatMap((one) =>
    field(one, "severity") === "error" ? [textOf(field(one, "message")).trim()] : [],
  );
  return errors.length === 0 ? undefined : errors.join("\n");
}

/** What happens to one machine. */
export interface Touched {
  readonly name: string;
  /** Its disk is made anew, too: else it is the same machine, started anew. */
  readonly disk: boolean;
  /** Nothing of it was there, or nothing is to stay. */
  readonly whole: "comes" | "goes" | undefined;
}

/** How a node's own resources are called (components/node.ts, components/membership.ts). */
const PARTS = ["disk", "ignition", "domain", "membership"] as const;

/** The machines that steps are about, of those with these names. */
export function touchedIn(steps: readonly Step[], names: readonly string[]): readonly Touched[] {
  const opOf = (name: string): Step["op"] | undefined => steps.find((step) => step.name === name)?.op;
  return names.flatMap((name) => {
    const [disk, ignition, domain, membership] = PARTS.map((part) => opOf(`${name}-${part}`));
    if ([disk, ignition, domain].every((op) => op === undefined) && membership !== "create") return [];
    const all = [disk, ignition, domain];
    const whole = all.every((op) => op === "create")
      ? "comes"
      : all.every((op) => op === "delete")
        ? "goes"
        : undefined;
    return [{ name, disk: disk !== undefined || membership === "create", whole }];
  });
}

/** The generation that a preview begins a cluster of; undefined where the one that is there goes on. */
export function newGeneration(steps: readonly Step[]): string | undefined {
  for (const { op, name } of steps) {
    const found = /-(?:discovery|life)-([0-9a-f]{12})$/.exec(name)?.[1];
    if (op === "create" && found !== undefined) return found;
  }
  return undefined;
}

/** Whether all machines are as they are to be, and only the wait for their health is left of an update that was ended. */
export const waitsOnly = (steps: readonly Step[]): boolean =>
  steps.length > 0 &&
  steps.every(({ name, op }) => /-(?:host|readiness|membership)(?:@|$)/.test(name) && op === "update");

/** Changes that are none of a machine of these names, of what goes along with them, or of what may change at any time. */
export function othersIn(steps: readonly Step[], names: readonly string[]): readonly Step[] {
  const parts = new Set(names.flatMap((name) => [name, ...PARTS.map((part) => `${name}-${part}`)]));
  const isJoin = (name: string): boolean => names.some((own) => name.startsWith(`${own}-join-`));
  return steps.filter(
    ({ name, type, op }) =>
      !parts.has(name) &&
      !isJoin(name) &&
      // A membership that is there is told who was made anew since; nothing is done by that.
      !(/-(?:host|readiness|base-volume|membership)(?:@|$)/.test(name) && op === "update") &&
      // Another image lies beside the one before until no disk is over that.
      !(/-base-[0-9a-f]{16}(?:@|$)/.test(name) && type.endsWith("volume:Volume")),
  );
}
