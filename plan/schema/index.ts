/** The one schema of the config: every key's form and limits. What is wrong comes out as issues, all of them at once. */
import * as z from "zod/mini";
import { ARCHITECTURES } from "../defaults.ts";
import { MAX_NODES } from "../names.ts";
import { OS_FAMILIES } from "../os.ts";
import { sshAuthorizedKeys } from "./access.ts";
import { discovery, etcdVersion } from "./discovery.ts";
import { hosts } from "./hosts.ts";
import { baseVolume, image } from "./image.ts";
import { bridge, dockerListen, metadataUrl, ntpServers, poolPath, prefix, tlsRotation } from "./network.ts";
import { nodes, profiles, role, snippets, vcpus } from "./nodes.ts";
import { choice, text, wholeNumber, yesOrNo } from "./parts.ts";
import { rejoin } from "./rejoin.ts";
import { diskSchema, memorySchema, type SizeContext } from "./sizes.ts";

export type { NodeEntry } from "./nodes.ts";
export type { IssueParams } from "./parts.ts";
export type { SizeContext } from "./sizes.ts";

export const osSchema = choice(OS_FAMILIES, {
  coreos: "container-linux",
  fcos: "fedora-coreos",
});

/** What Debian and Go call them. */
const ARCHITECTURE_NAMES = { amd64: "x86_64", i386: "i686", arm64: "aarch64", ppc64el: "ppc64le" } as const;

/** The schema of all settings, with the limits that hold for this operating system and image. */
export const settingsSchema = (context: SizeContext) =>
  z.strictObject({
    nodes: z.optional(nodes(context)),
    prefix: z.optional(prefix),
    role: z.optional(role),
    memory: z.optional(memorySchema(context)),
    vcpus: z.optional(vcpus),
    diskSize: z.optional(diskSchema(context)),
    bridge: z.optional(bridge),
    hosts: z.optional(hosts),
    domainType: z.optional(choice(["kvm", "qemu"], { tcg: "qemu" })),
    arch: z.optional(choice(ARCHITECTURES, ARCHITECTURE_NAMES)),
    os: z.optional(osSchema),
    image: z.optional(image),
    baseVolume: z.optional(baseVolume),
    sshAuthorizedKeys,
    profiles: z.optional(profiles),
    snippets: z.optional(snippets),
    ignition: z.optional(text),
    metadataUrl: z.optional(metadataUrl),
    ntpServers: z.optional(ntpServers),
    dockerListen: z.optional(dockerListen),
    etcdVersion: z.optional(etcdVersion),
    discovery: z.optional(discovery),
    tls: z.optional(yesOrNo),
    tlsRotation: z.optional(tlsRotation),
    bootstrapSize: z.optional(wholeNumber(0, MAX_NODES)),
    rejoin: z.optional(rejoin),
    readinessTimeout: z.optional(wholeNumber(10, 86_400)),
    autostart: z.optional(yesOrNo),
    poolPath: z.optional(poolPath),
  });

export type Settings = z.output<ReturnType<typeof settingsSchema>>;
