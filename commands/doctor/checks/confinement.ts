/** Whether AppArmor or SELinux let QEMU open the machines' disks and Ignition files in the pool's folder. */
import type { Virsh } from "../../../host/virsh.ts";
import type { Check, HostShell, Output, PlanFacts, Verdict } from "../types.ts";
import { complaint, noShell, ok, unproven } from "../words.ts";

const WHY =
  "QEMU is confined to the files that its domain names; a disk or an Ignition file that it can't open stops a machine's start.";

/** The security models of a host, of `virsh capabilities`. */
export const modelsIn = (capabilities: string): string[] =>
  [...capabilities.matchAll(/<secmodel>\s*<model>([^<]+)<\/model>/g)].map(([, model]) => model ?? "");

/** Where distributions put libvirt's helper that writes a domain's AppArmor profile. */
const HELPERS = [
  "/usr/lib/libvirt/virt-aa-helper",
  "/usr/libexec/virt-aa-helper",
  "/usr/lib64/libvirt/virt-aa-helper",
];

const UUID = "00000000-0000-4000-8000-000000000001";

/** A domain with files as the program's have them, for a dry run of the helper. */
export const probeDomain = (folder: string): string =>
  `<domain type='qemu'><name>doctor</name><uuid>${UUID}</uuid><memory>1024</memory>` +
  `<os><type arch='x86_64'>hvm</type></os><sysinfo type='fwcfg'>` +
  `<entry name='opt/com.coreos/config' file='${folder}/doctor.ign'/></sysinfo><devices>` +
  `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${folder}/doctor.qcow2'/>` +
  `<target dev='vda' bus='virtio'/></disk></devices></domain>`;

/** Lets the helper say what it would grant; nothing is written. @returns code 127 where there is no helper. */
export async function askHelper(shell: HostShell, folder: string): Promise<Output> {
  const script = `for helper in ${HELPERS.join(" ")}; do
  if [ -x "$helper" ]; then exec "$helper" --dryrun --create --uuid libvirt-${UUID}; fi
done
exit 127`;
  return await shell.run(["sh", "-c", script], { input: probeDomain(folder) });
}

/** @param answer of the helper's dry run. */
export function judgeAppArmor(folder: string, answer: Output, typed: (command: string) => string): Verdict {
  if (answer.code === 127)
    return unproven("AppArmor's rules", "libvirt's virt-aa-helper is in none of its usual places", WHY);
  const granted = (file: string, rights: RegExp): boolean =>
    answer.stdout.split("\n").some((line) => {
      const [, path, given] = /^\s*"([^"]+)" (\w+),/.exec(line) ?? [];
      return path === `${folder}/${file}` && rights.test(given ?? "");
    });
  const said = `${answer.stdout}\n${answer.stderr}`;
  if (answer.code === 0 && granted("doctor.qcow2", /r.*w/) && granted("doctor.ign", /r/))
    return ok(`AppArmor: libvirt grants the disks and Ignition files in ${folder}`, WHY);
  if (/skipped restricted file/.test(said))
    return {
      level: "problem",
      found: `AppArmor: libvirt gives no machine a file in ${folder}, a folder of the system's own`,
      why: WHY,
      remedy: typed("pulumi config set poolPath /var/lib/libvirt/coreos-cluster"),
    };
  if (answer.code === 0)
    return {
      level: "problem",
      found: `AppArmor: libvirt does not grant Ignition files by fw_cfg in ${folder}`,
      why: `${WHY} This libvirt is too old to know them.`,
    };
  return unproven("AppArmor's rules", `virt-aa-helper: ${complaint(answer)}`, WHY);
}

/** Types of SELinux labels through whose folders QEMU may go; it gets the files relabelled by libvirt. */
const PASSABLE = [
  "virt_image_t",
  "virt_var_lib_t",
  "svirt_image_t",
  "virt_content_t",
  "var_lib_t",
  "nfs_t",
  "cifs_t",
  "fusefs_t",
];

/**
 * @param answer of `ls -Zd` of the folder, or of the nearest one above it that exists.
 * @param mode of `getenforce`.
 */
export function judgeSelinux(
  folder: string,
  answer: Output,
  mode: Output,
  asRoot: (command: string) => string,
): Verdict {
  const permissive = /permissive|disabled/i.test(mode.stdout);
  const type = /\S+:\S+:(\w+_t)(?::\S+)?\s/.exec(answer.stdout)?.[1];
  if (type === undefined) return unproven("SELinux labels", `${folder}: ${complaint(answer)}`, WHY);
  if (PASSABLE.includes(type)) return ok(`SELinux: ${folder} is, or will be, of type ${type}`, WHY);
  return {
    level: permissive ? "note" : "warning",
    found: `SELinux${permissive ? " (permissive)" : ""}: ${folder} is, or will be, of type ${type}, which is none of virtual machines' images`,
    why: WHY,
    remedy: asRoot(
      `semanage fcontext -a -t virt_image_t '${folder}(/.*)?' && mkdir -p ${folder} && restorecon -R ${folder}`,
    ),
  };
}

/** The label of a folder, or of the nearest one above it that exists. */
const labelOf = (shell: HostShell, folder: string): Promise<Output> =>
  shell.run([
    "sh",
    "-c",
    'p=$1; while [ ! -e "$p" ]; do p=$(dirname "$p"); done; ls -Zd "$p"',
    "label",
    folder,
  ]);

async function look(
  virsh: Virsh,
  plan: PlanFacts,
  situation: { shell: HostShell | undefined; uri: string; typed: (command: string) => string },
): Promise<Verdict[]> {
  const models = modelsIn(await virsh("capabilities"));
  const strict = models.filter((model) => model === "apparmor" || model === "selinux");
  const { shell } = situation;
  if (strict.length === 0)
    return [
      ok(`libvirt confines machines by ${models.length === 0 ? "nothing" : models.join(", ")} only`, WHY),
    ];
  if (shell === undefined) return [unproven(`rules of ${strict.join(", ")}`, noShell(situation), WHY)];
  return await Promise.all(
    strict.map(async (model) =>
      model === "apparmor"
        ? judgeAppArmor(plan.pool.path, await askHelper(shell, plan.pool.path), situation.typed)
        : judgeSelinux(
            plan.pool.path,
            await labelOf(shell, plan.pool.path),
            await shell.run(["getenforce"]),
            shell.asRoot,
          ),
    ),
  );
}

export const confinement: Check = {
  id: "confinement",
  about:
    "AppArmor (a dry run of libvirt's own helper) or SELinux (labels) lets machines open their files in the pool's folder",
  connected: true,
  run: ({ virsh, plan, shell, uri, typed }) => look(virsh, plan, { shell, uri, typed }),
};
