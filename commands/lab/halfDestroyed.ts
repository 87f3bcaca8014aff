/** Whether a stack's state is what a destroy leaves that did not come to its end. */
import { field } from "../http.ts";
import { resourcesIn } from "./state.ts";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The name in a URN, which is its last part. */
const nameOf = (resource: unknown): string => text(field(resource, "urn")).split("::").at(-1) ?? "";

/**
 * A destroy takes the wait for health out of the state first, then all machines, then their disks and Ignition files, at last the
 * discovery token out of its registry. An `up` never takes the wait away. So a state without the wait and without any machine, but with
 * outputs of an `up` that ended well or with a discovery URL, is that of a destroy which was ended in the middle (or of a first `up`
 * that was ended before its first machine): what is left there can't be built on, since some disks may be gone, and the token is used
 * up or gone. Pure.
 * @param exported what `pulumi stack export` prints, or the backend's own file of the stack.
 */
export function isHalfDestroyed(exported: string): boolean {
  const resources = resourcesIn(exported);
  const commands = resources.filter((each) => field(each, "type") === "command:local:Command").map(nameOf);
  if (commands.some((name) => name.endsWith("-readiness"))) return false;
  if (resources.some((each) => field(each, "type") === "libvirt:index/domain:Domain")) return false;
  // More than the stack itself, whose resource stays until all others are gone.
  if (resources.length < 2) return false;
  const stack = resources.find((each) => field(each, "type") === "pulumi:pulumi:Stack");
  const outputs = Object.keys(field(stack, "outputs") ?? {});
  return outputs.length > 0 || commands.some((name) => /-discovery-[0-9a-f]+$/.test(name));
}
