/** The one schema of the config: every key's form and limits. What is wrong comes out as issues, all of them at once. */
import { posix } from "node:path";
import * as z from "zod/mini";
import { isPrefix, MAX_NODES, proposePrefix } from "./names.ts";
import { OS_FAMILIES, OS_TRAITS } from "./os.ts";
import { formatSize, GIB, MIB, parseSize } from "./sizes.ts";
import { isPrivateKey, isPublicKey, keyLines } from "./sshKeys.ts";
import type { OsFamily } from "./types.ts";
import { parseEndpoint, parseHttpUrl } from "./urls.ts";

/** What a custom issue carries beside its message (= what would be right). */
export interface IssueParams {
  /** The arguments of the `pulumi config set` that mends it, where the key's example does not. */
  readonly remedy?: string;
}

interface Refusable {
  issues: unknown[];
  value: unknown;
}

/** Adds an issue whose message says what would be right. */
function refuse(
  context: Refusable,
  expected: string,
  params: IssueParams = {},
  path: PropertyKey[] = [],
): never {
  context.issues.push({ code: "custom", message: expected, input: context.value, params, path });
  return z.NEVER;
}

/** Pulumi hands all plain values over as text: digits count as a number. */
const wholeNumber = (least: number, most: number) =>
  z.pipe(
    z.pipe(z.union([z.number(), z.string().check(z.regex(/^\s*\d+\s*$/))]), z.transform(Number)),
    z.int().check(z.minimum(least), z.maximum(most)),
  );

const text = z.string().check(z.trim(), z.minLength(1));

/** A size in bytes between two bounds. `why` says where the lower one comes from. */
const size = (key: string, plainUnit: number, least: number, most: number, why: string) => {
  const unit = plainUnit === MIB ? "MiB" : "GiB";
  return z.pipe(
    z.union([z.number(), z.string()]),
    z.transform((value, context): number => {
      const bytes = parseSize(value, plainUnit);
      const form = `a number of ${unit}, or a size such as "16GiB" (units: MiB, GiB, TiB)`;
      if (bytes === undefined) return refuse(context, form, { remedy: `${key} ${formatSize(least)}` });
      if (bytes < least) {
        return refuse(context, `at least ${formatSize(least)}, ${why}`, {
          remedy: `${key} ${formatSize(least)}`,
        });
      }
      if (bytes > most) {
        const hint = `at most ${formatSize(most)}; a plain number counts in ${unit}`;
        return refuse(context, hint, { remedy: `${key} ${formatSize(least)}` });
      }
      if (bytes % MIB !== 0) return refuse(context, "a whole number of MiB");
      return bytes;
    }),
  );
};

const prefix = z.pipe(
  z.string(),
  z.transform((value, context): string => {
    if (isPrefix(value)) return value;
    const expected =
      "the beginning of a host name (RFC 1123): a-z, 0-9 and -, beginning with a letter or digit, " +
      "with a letter in it, at most 61 characters";
    return refuse(context, expected, { remedy: `prefix ${proposePrefix(value)}` });
  }),
);

const os = z.enum(OS_FAMILIES).check(
  z.refine((family) => family !== "fedora-coreos", {
    error:
      "flatcar, container-linux or lab; Fedora CoreOS can't be used yet, since it has no etcd-member.service " +
      "and reads no Container Linux Config's etcd section",
  }),
);

/** Linux's rule for interface names (IFNAMSIZ is 16 with the end mark), with letters that need no quoting anywhere. */
const bridge = text.check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/));

const poolPath = z.pipe(
  text,
  z.transform((value, context): string => {
    const path = value.replace(/\/+$/, "");
    const plain = /^\/[\w./@+:=-]+$/.test(path) && posix.normalize(path) === path;
    return plain
      ? path
      : refuse(
          context,
          "an absolute path of a folder on the libvirt host, in plain letters, without . and ..",
        );
  }),
);

const keyForm = "a public key, one line as in a .pub file: type, base64, comment";
const privateKey =
  "a PUBLIC key (the file that ends in .pub). This is a private key, and it now lies in the stack's config file: " +
  "take it out of there, and make a new pair if anybody else could have read it";

const sshAuthorizedKeys = z.pipe(
  z.union([z.string(), z.array(z.unknown())]),
  z.transform((value, context): readonly string[] => {
    const entries = Array.isArray(value) ? value : [value];
    if (isPrivateKey(entries.join("\n"))) return refuse(context, privateKey);
    entries.forEach((entry, index) => {
      const path = Array.isArray(value) ? [index] : [];
      const remedy = `--path 'sshAuthorizedKeys[${index}]' "$(cat ~/.ssh/id_ed25519.pub)"`;
      const lines = typeof entry === "string" ? keyLines(entry) : [];
      if (lines.length === 0 || !lines.every(isPublicKey)) refuse(context, keyForm, { remedy }, path);
    });
    return [...new Set(entries.flatMap((entry) => (typeof entry === "string" ? keyLines(entry) : [])))];
  }),
);

const endpoint = (remedy: string) =>
  z.pipe(
    z.string(),
    z.transform((value, context): string => {
      const form = "an http or https URL that paths can be added to, such as http://registry.example:2379";
      return parseEndpoint(value) ?? refuse(context, form, { remedy });
    }),
  );

const discoveryUrl = z.pipe(
  z.string(),
  z.transform((value, context): string => {
    const form = "the http or https URL of a discovery token, such as https://discovery.etcd.io/<token>";
    return parseHttpUrl(value)?.href ?? refuse(context, form);
  }),
);

const discovery = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("service"),
    endpoint: z.optional(endpoint("--path discovery.endpoint https://discovery.etcd.io")),
  }),
  z.strictObject({
    mode: z.literal("etcd"),
    endpoint: endpoint("--path discovery.endpoint http://registry.example:2379"),
  }),
  z.strictObject({ mode: z.literal("url"), url: discoveryUrl }),
]);

/** What the limits of some keys depend on. */
export interface SchemaContext {
  readonly os: OsFamily | undefined;
  /** The image's virtual size in bytes, where the image could be read. */
  readonly virtualSize: number | undefined;
}

export const osSchema = os;
export const prefixSchema = prefix;
export const nodesSchema = wholeNumber(1, MAX_NODES);

/** Least disk where the image's size is not known: any system and a small etcd. */
const LEAST_DISK = GIB;

/** The schema of all settings, with the limits that hold for this operating system and image. */
export function settingsSchema({ os: family, virtualSize }: SchemaContext) {
  const memoryFloor = (family === undefined ? 1 : OS_TRAITS[family].memoryFloor) * MIB;
  const imageFloor = virtualSize === undefined ? LEAST_DISK : Math.ceil(virtualSize / MIB) * MIB;
  return z.strictObject({
    nodes: z.optional(nodesSchema),
    prefix: z.optional(prefix),
    memory: z.optional(
      size("memory", MIB, memoryFloor, 4096 * GIB, `which ${family ?? "the system"} needs to boot`),
    ),
    vcpus: z.optional(wholeNumber(1, 255)),
    diskSize: z.optional(
      size(
        "diskSize",
        GIB,
        Math.max(imageFloor, LEAST_DISK),
        65536 * GIB,
        "since the disk begins as a copy of the image",
      ),
    ),
    bridge: z.optional(bridge),
    domainType: z.optional(z.enum(["kvm", "qemu"])),
    os: z.optional(os),
    image: text,
    sshAuthorizedKeys,
    discovery: z.optional(discovery),
    readinessTimeout: z.optional(wholeNumber(10, 86_400)),
    poolPath: z.optional(poolPath),
  });
}

export type Settings = z.output<ReturnType<typeof settingsSchema>>;
