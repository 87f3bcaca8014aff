/** Brings everything that a lab session needs; what can run side by side does. */
import type { LabContext, LabPaths } from "../../lab/shared/context.ts";
import { installPackages, missingPackages, type Requirement } from "../../lab/shared/packages.ts";
import { ensureImage, imageRequirements, type LabImage } from "../../lab/image/index.ts";
import { labStatus, labUp, libvirtRequirements, type LabHost } from "../../lab/libvirt/index.ts";
import { ensureToolchain, type Toolchain } from "../../lab/toolchain/index.ts";
import { together, type Phases } from "../ui/phases.ts";
import { requireRoom } from "./folder.ts";

/** What the CLI itself runs. */
const cliRequirements = [
  { binary: "ssh", packages: ["openssh-client"] },
  { binary: "ssh-keygen", packages: ["openssh-client"] },
  { binary: "curl", packages: ["curl"] },
  { binary: "etcdctl", packages: ["etcd-client"] },
  { binary: "xsltproc", packages: ["xsltproc"] },
] as const;

export interface LabParts {
  readonly toolchain: Toolchain;
  readonly image: LabImage;
  readonly host: LabHost;
}

/** A context whose details go to the given report. */
export const labContext = (paths: LabPaths, report: LabContext["report"] = () => undefined): LabContext => ({
  paths,
  report,
});

/**
 * Installs the Debian packages that are missing.
 * @param more what is needed besides what every lab session needs.
 */
export async function preparePackages(
  paths: LabPaths,
  phases: Phases,
  more: readonly Requirement[] = [],
): Promise<void> {
  const requirements = [...libvirtRequirements, ...imageRequirements, ...cliRequirements, ...more];
  await phases.run("Packages", async (report) => {
    const missing = await missingPackages(requirements);
    if (missing.length > 0) await installPackages(labContext(paths, report), missing);
    return { note: missing.length === 0 ? "all there" : `installed ${missing.join(" ")}`, value: undefined };
  });
}

export const prepareToolchain = (paths: LabPaths, phases: Phases): Promise<Toolchain> =>
  phases.run("Toolchain", async (report) => {
    const toolchain = await ensureToolchain(labContext(paths, report));
    return { note: originsOf(toolchain), value: toolchain };
  });

/** "3 built, 2 found on PATH": where the tools came from. */
function originsOf(toolchain: Toolchain): string {
  const words = {
    path: "found on PATH",
    download: "downloaded",
    built: "built from source",
    "stand-in": "offline stand-ins",
  };
  return Object.entries(words)
    .map(([origin, text]) => ({
      text,
      count: toolchain.tools.filter((tool) => tool.origin === origin).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ text, count }) => `${count} ${text}`)
    .join(", ");
}

export const prepareImage = (paths: LabPaths, phases: Phases): Promise<LabImage> =>
  phases.run("Guest image", async (report) => {
    const image = await ensureImage(labContext(paths, report));
    return { note: `recipe ${image.recipe}`, value: image };
  });

export const prepareHost = (paths: LabPaths, phases: Phases): Promise<LabHost> =>
  phases.run("Lab host", async (report) => {
    const context = labContext(paths, report);
    if ((await labStatus(context)).state === "down") requireRoom(paths);
    const host = await labUp(context);
    const how = host.domainType === "kvm" ? "KVM" : "no KVM here, so guests are emulated and slower";
    return { note: `libvirt on bridge ${host.bridge}, ${how}`, value: host };
  });

/** Packages first, then tools, image and lab host side by side. */
export async function prepare(paths: LabPaths, phases: Phases): Promise<LabParts> {
  await preparePackages(paths, phases);
  const [toolchain, image, host] = await together<[Toolchain, LabImage, LabHost]>([
    prepareToolchain(paths, phases),
    prepareImage(paths, phases),
    prepareHost(paths, phases),
  ]);
  return { toolchain, image, host };
}
