/** What Pulumi's engine announces or does, read off its event log (`--event-log FILE`, an event a line). */

interface Step {
  readonly op: string;
  readonly urn: string;
}

/** The engine writes up to three steps for a replacement. */
function whole(ops: ReadonlySet<string>): string {
  if (ops.has("replace") || ops.has("create-replacement")) return "replace";
  // Deleted with what it hangs on, and not made again.
  return ops.has("delete-replaced") ? "delete" : [...ops].toSorted().join(" and ");
}

/** What becomes of each resource that doesn't stay as it is: name and operation. */
export function stepsIn(eventLog: string): readonly { readonly name: string; readonly op: string }[] {
  const byName = new Map<string, Set<string>>();
  for (const line of eventLog.split("\n").filter((text) => text.trim() !== "")) {
    const { resourcePreEvent } = JSON.parse(line) as { resourcePreEvent?: { metadata: Step } };
    if (resourcePreEvent === undefined) continue;
    const { op, urn } = resourcePreEvent.metadata;
    if (/^(same|read)$/.test(op) || urn.includes("::pulumi:pulumi:Stack::")) continue;
    const name = urn.split("::").at(-1) ?? "";
    byName.set(name, (byName.get(name) ?? new Set()).add(op));
  }
  return [...byName].map(([name, ops]) => ({ name, op: whole(ops) }));
}
