/** `doctor`: checks a libvirt host for a plan. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { labStatus } from "../../lab/libvirt/index.ts";
import { binFolder } from "../../lab/toolchain/index.ts";
import { layout } from "../../lab/libvirt/layout.ts";
import { parseConnection } from "../../host/remote.ts";
import { isLocal } from "../../host/virsh.ts";
import { quote } from "../../plan/remedies.ts";
import { prefixIn } from "../../plan/typed.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { examine } from "../doctor/index.ts";
import { hostUris, planFacts, readStackConfig } from "../doctor/planFacts.ts";
import { renderFinding, summary } from "../doctor/render.ts";
import type { Finding, PlanFacts } from "../doctor/types.ts";
import { requireStack, requireStackName } from "../lab/known.ts";
import { labContext } from "../lab/prepare.ts";
import { forUser } from "../hosts/reach.ts";
import { openLab } from "../lab/opened.ts";
import { devStack } from "../lab/session.ts";
import { ExitError, messageOf, UserError } from "../ui/errors.ts";
import { onTerminal } from "./exec.ts";

export interface DoctorOptions {
  readonly connect?: string;
  readonly stack: string;
  readonly bridge?: string;
  readonly json?: boolean;
}

/** Where a stack's definition lies: what Pulumi itself would read. */
export const stackFile = (paths: LabPaths, stack: string, env: NodeJS.ProcessEnv = process.env): string =>
  env["PULUMI_OPTION_CONFIG_FILE"] || join(paths.checkout, `Pulumi.${stack}.yaml`);

/**
 * A stack's facts, and the libvirt host that its config names: of several the first.
 * @param asked the host that is asked for.
 */
export function factsOfStack(
  paths: LabPaths,
  stack: string,
  bridge: string | undefined,
  asked?: string,
): { readonly plan: PlanFacts; readonly uri: string | undefined } {
  const file = stackFile(paths, stack);
  try {
    const { config, source } = readStackConfig(file);
    const configured = config["libvirt:uri"];
    const single = typeof configured === "string" && configured !== "" ? configured : undefined;
    const uri = hostUris(stack, config)[0] ?? single;
    const host = asked ?? uri;
    const plan = planFacts(stack, config, {
      folder: paths.checkout,
      ...(host === undefined ? {} : { uri: host }),
      ...(bridge === undefined ? {} : { bridge }),
      ...(source === undefined ? {} : { source }),
    });
    return { plan, uri };
  } catch (error) {
    throw new UserError(`${file} can't be read: ${messageOf(error)}`);
  }
}

/** What Linux takes as an interface's name; a leading - would be an option to the programs that are asked. */
export function requireBridgeName(name: string): void {
  if (!/^[^\s/:-][^\s/:]{0,14}$/.test(name))
    throw new UserError(
      `--bridge is "${name}"; it must be the name of an interface: 15 characters at most, none of them blank, / or :`,
    );
}

/** @throws UserError where a lab may be up that only root can see. */
async function labIsUp(paths: LabPaths): Promise<boolean> {
  if (!existsSync(layout(paths).root)) return false;
  if (process.getuid?.() !== 0)
    throw new UserError(
      "the lab is up, and only root can look at it: sudo npm run cluster -- doctor\n" +
        "This machine's own libvirt: npm run cluster -- doctor --connect qemu:///system",
    );
  return (await labStatus(labContext(paths))).state !== "down";
}

/** The same command inside the lab, where its host is. */
async function insideLab(paths: LabPaths, { stack, bridge, json }: DoctorOptions): Promise<void> {
  if (stack !== devStack) requireStack(paths, stack);
  const session = await openLab(paths, stack);
  await onTerminal(session, [
    ...[process.execPath, join(paths.checkout, "commands", "main.ts"), "doctor"],
    ...["--connect", session.env["LIBVIRT_DEFAULT_URI"] ?? "qemu:///system", "--stack", stack],
    ...(bridge === undefined ? [] : ["--bridge", bridge]),
    ...(json === true ? ["--json"] : []),
  ]);
}

/**
 * Prints what is found, as it is found.
 * @throws ExitError 1 where there is a problem
 */
export async function doctor(paths: LabPaths, options: DoctorOptions): Promise<void> {
  const { connect, stack, bridge, json } = options;
  if (bridge !== undefined) requireBridgeName(bridge);
  requireStackName(stack);
  if (connect !== undefined) await forUser(() => Promise.resolve(parseConnection(connect)));
  if (connect === undefined && (await labIsUp(paths))) {
    await insideLab(paths, options);
    return;
  }
  const { plan, uri: configured } = factsOfStack(paths, stack, bridge, connect);
  const uri = connect ?? configured ?? (process.env["LIBVIRT_DEFAULT_URI"] || "qemu:///system");
  const { stdout } = process;
  if (json !== true) stdout.write(`${heading(uri, plan)}\n\n`);
  const findings = await examine(uri, plan, {
    pinned: binFolder(paths),
    onFinding: (finding) => {
      if (json !== true) stdout.write(renderFinding(finding, stdout));
    },
  });
  const sound = findings.every(({ level }) => level !== "problem");
  stdout.write(
    json === true
      ? `${JSON.stringify({ uri, stack, source: plan.source ?? null, ok: sound, findings }, null, 2)}\n`
      : `\n${summary(findings)}\n${advice(uri, plan, findings)}`,
  );
  if (!sound) throw new ExitError(1);
}

/** The one command for several remedies, where there is one: not inside the lab, which has a network of its own. */
function advice(uri: string, { bridge }: PlanFacts, findings: readonly Finding[]): string {
  // It makes no bridge, and needs one.
  if (findings.some(({ id, level, prepared }) => id === "bridge" && level === "problem" && prepared !== true))
    return "";
  const ids = new Set(findings.filter(({ prepared }) => prepared === true).map(({ id }) => id));
  if (ids.size === 0 || prefixIn(process.env) !== undefined) return "";
  const where = isLocal(uri) ? "" : ` --connect ${quote(uri)}`;
  return `${[...ids].join(", ")}: npm run cluster -- host-prepare --bridge ${quote(bridge)}${where} mends what is not right there, and can take it back.\n`;
}

/** What is checked, and for what. */
export function heading(
  uri: string,
  { stack, source, host, nodes, bridge, os, domainType }: PlanFacts,
): string {
  const from = source === undefined ? `defaults (there is no Pulumi.${stack}.yaml)` : source;
  return (
    `${uri}${host === undefined ? "" : ` (host ${host})`}, for stack ${stack}: ${nodes.length} machines of ${os}, type ${domainType}, on bridge ${bridge}\n` +
    `(from ${from})`
  );
}
