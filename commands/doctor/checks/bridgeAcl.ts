/** Whether users' own sessions may attach machines to the bridge: QEMU's bridge helper and its list. */
import { connectionIn } from "../../../host/remote.ts";
import type { Check, HostShell, Output, PlanFacts, Verdict } from "../types.ts";
import { noShell, ok, unproven } from "../words.ts";

/** The helper's list (QEMU's qemu-bridge-helper.c): `allow NAME`, `allow all`, `deny ...`, `include FILE`. */
export const ACL_FILE = "/etc/qemu/bridge.conf";

const HELPERS = ["/usr/lib/qemu/qemu-bridge-helper", "/usr/libexec/qemu-bridge-helper"];

export type AclVerdict = "allowed" | "denied" | "silent";

/** What a list says of a bridge: a denial wins over all else, as in the helper. Included files are not followed. */
export function aclFor(text: string, bridge: string): AclVerdict {
  const rules = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
    .filter(([, name]) => name === bridge || name === "all");
  if (rules.some(([verb]) => verb === "deny")) return "denied";
  return rules.some(([verb]) => verb === "allow") ? "allowed" : "silent";
}

export interface AclSeen {
  /** `cat` of the list. */
  readonly list: Output;
  /** `stat -c "%a %n"` of the helper, with code 0 where there is one. */
  readonly helper: Output;
}

export const lookAtAcl = async (shell: HostShell): Promise<AclSeen> => {
  const [list, helper] = await Promise.all([
    shell.run(["cat", ACL_FILE]),
    shell.run([
      "sh",
      "-c",
      'for file; do if [ -e "$file" ]; then exec stat -c "%a %n" "$file"; fi; done; exit 1',
      "helper",
      ...HELPERS,
    ]),
  ]);
  return { list, helper };
};

export function judgeAcl(
  { bridge }: Pick<PlanFacts, "bridge">,
  seen: AclSeen,
  session: boolean,
  asRoot: (command: string) => string,
): Verdict {
  const why = session
    ? `This connection is a user's own: its machines get to ${bridge} through QEMU's bridge helper, which asks ${ACL_FILE}.`
    : "Only connections of a user's own (qemu:///session) ask it.";
  if (!session) return ok("not needed: the connection is privileged", why);
  if (seen.helper.code !== 0)
    return {
      level: "problem",
      found: "the host has no qemu-bridge-helper",
      why,
      remedy: asRoot("apt-get install qemu-system-common"),
    };
  const [mode = "", helper = ""] = seen.helper.stdout.trim().split(" ");
  if (!/^[4-7]\d{3}$/.test(mode))
    return {
      level: "problem",
      found: `${helper} (mode ${mode}) is not set-user-ID`,
      why,
      remedy: asRoot(`chmod u+s ${helper}`),
    };
  if (seen.list.code !== 0 && /permission denied/i.test(seen.list.stderr))
    return unproven(ACL_FILE, "this user may not read it", why);
  const verdict = aclFor(seen.list.stdout, bridge);
  if (verdict === "allowed") return ok(`${ACL_FILE} allows ${bridge}`, why);
  return verdict === "denied"
    ? {
        level: "problem",
        found: `${ACL_FILE} denies ${bridge}`,
        why,
        remedy: asRoot(
          `sed -i -E '/^[[:space:]]*deny[[:space:]]+(${bridge}|all)([[:space:]]|$)/d' ${ACL_FILE} && echo allow ${bridge} | tee -a ${ACL_FILE}`,
        ),
      }
    : {
        level: "problem",
        found: `${ACL_FILE} does not allow ${bridge}`,
        why,
        remedy: asRoot(`mkdir -p /etc/qemu && echo allow ${bridge} | tee -a ${ACL_FILE}`),
        prepared: true,
      };
}

export const bridgeAcl: Check = {
  id: "bridge-acl",
  about: `${ACL_FILE} lets a user's own session attach to the bridge, where the connection is one`,
  quick: {},
  run: async (situation) => {
    const { shell, plan, uri } = situation;
    const connection = connectionIn(uri);
    if (connection === undefined)
      return [unproven(ACL_FILE, noShell(situation), "It counts where the connection is a user's own.")];
    if (!connection.session)
      return [judgeAcl(plan, { list: none, helper: none }, false, (command) => command)];
    if (shell === undefined)
      return [unproven(ACL_FILE, noShell(situation), "This connection is a user's own.")];
    return [judgeAcl(plan, await lookAtAcl(shell), true, shell.asRoot)];
  },
};

const none: Output = { code: 1, stdout: "", stderr: "" };
