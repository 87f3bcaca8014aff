/** The official release streams, and where their newest QEMU images are. */
import type { Architecture, ImageRequest } from "../plan/types.ts";
import { fetchSmall } from "./http.ts";
import { mirrored } from "./mirror.ts";
import { ImageProblem, shown } from "./problem.ts";

/** The newest release of a stream. */
export interface Release {
  readonly os: "flatcar" | "fedora-coreos";
  readonly version: string;
  /** The image, with all that its publisher gives to verify it. */
  readonly request: ImageRequest;
}

const FLATCAR_CHANNELS = ["stable", "beta", "alpha", "lts"] as const;
const FEDORA_STREAMS = ["stable", "testing", "next"] as const;

/** All names that `image fetch` knows. */
export const STREAMS: readonly string[] = [
  ...FLATCAR_CHANNELS.map((name) => `flatcar-${name}`),
  ...FEDORA_STREAMS.map((name) => `fedora-coreos-${name}`),
];

async function read(url: string): Promise<string> {
  const bytes = await fetchSmall(mirrored(url));
  if (bytes === undefined)
    throw new ImageProblem(`a stream that is there; there is no ${shown(mirrored(url))}`);
  return bytes.toString("utf8");
}

/** Flatcar's release servers: <https://www.flatcar.org/docs/latest/installing/vms/qemu/>. */
async function flatcar(channel: string, arch: Architecture): Promise<Release> {
  const board = { x86_64: "amd64-usr", aarch64: "arm64-usr" }[arch as string];
  if (board === undefined) throw new ImageProblem(`x86_64 or aarch64, as Flatcar has; not ${arch}`);
  const base = `https://${channel}.release.flatcar-linux.net/${board}`;
  const url = `${base}/current/version.txt`;
  const version = /^FLATCAR_VERSION=(\d+\.\d+\.\d+[\w.+-]*)$/m.exec(await read(url))?.[1];
  if (version === undefined) throw new ImageProblem(`a stream with a FLATCAR_VERSION; ${url} has none`);
  const file = `flatcar_production_qemu${arch === "aarch64" ? "_uefi" : ""}_image.img.bz2`;
  const source = mirrored(`${base}/${version}/${file}`);
  // The address of the release itself: what lies under "current" changes with the next one.
  return { os: "flatcar", version, request: { source, signature: `${source}.sig`, signedBy: "flatcar" } };
}

interface StreamMetadata {
  readonly architectures?: Readonly<
    Record<string, { readonly artifacts?: { readonly qemu?: QemuArtifact } }>
  >;
}

interface QemuArtifact {
  readonly release?: unknown;
  readonly formats?: { readonly "qcow2.xz"?: { readonly disk?: Readonly<Record<string, unknown>> } };
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Stream metadata: <https://docs.fedoraproject.org/en-US/fedora-coreos/stream-metadata/>. */
async function fedora(stream: string, arch: Architecture): Promise<Release> {
  const url = `https://builds.coreos.fedoraproject.org/streams/${stream}.json`;
  let metadata: StreamMetadata;
  try {
    metadata = JSON.parse(await read(url)) as StreamMetadata;
  } catch (error) {
    if (error instanceof ImageProblem) throw error;
    throw new ImageProblem(`a stream's metadata in JSON; ${shown(mirrored(url))} is something else`);
  }
  const all = metadata.architectures ?? {};
  const qemu = Object.hasOwn(all, arch) ? all[arch]?.artifacts?.qemu : undefined;
  const { location, signature, sha256 } = qemu?.formats?.["qcow2.xz"]?.disk ?? {};
  const { release } = qemu ?? {};
  if (!isText(location) || !isText(sha256) || !/^[0-9a-f]{64}$/.test(sha256) || !isText(release)) {
    const there = Object.keys(all).join(", ") || "none";
    throw new ImageProblem(
      `a QEMU image for ${arch}; ${shown(mirrored(url))} has no such (architectures: ${there})`,
    );
  }
  const proof = isText(signature) ? { signature: mirrored(signature), signedBy: "fedora-coreos" } : {};
  return { os: "fedora-coreos", version: release, request: { source: mirrored(location), sha256, ...proof } };
}

/**
 * The newest release of a stream; asks the network.
 * @param name one of STREAMS
 * @throws ImageProblem for other names, or where the stream can't be read
 */
export async function newestRelease(name: string, arch: Architecture): Promise<Release> {
  if (name.startsWith("container-linux")) {
    throw new ImageProblem(
      "a stream that still exists; Container Linux came to its end in May 2020 and its official location is gone. " +
        "With a copy of your own: image.source with the .sig file beside it, and os container-linux. " +
        "Flatcar is its successor: npm run image -- fetch flatcar-stable",
    );
  }
  if (!STREAMS.includes(name))
    throw new ImageProblem(`one of the streams ${STREAMS.join(", ")}; not ${name}`);
  const [, os, stream = ""] = /^(flatcar|fedora-coreos)-(.*)$/.exec(name) ?? [];
  return os === "flatcar" ? await flatcar(stream, arch) : await fedora(stream, arch);
}
