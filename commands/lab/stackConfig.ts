/**
 * The stack config that Pulumi uses in the lab: a copy of the tracked Pulumi.<stack>.yaml in the lab's folder, with
 * the lab's own values where the tracked file is silent. Pulumi writes its salt and `pulumi config set` its values to
 * the copy, so tracked files stay clean; what was set there survives when the copy is made anew.
 */
import { isDeepStrictEqual } from "node:util";

/** A value as Pulumi writes it back: numbers and booleans become strings when it rewrites a stack's file. */
const asPulumiWrites = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (_key, inner: unknown) =>
      typeof inner === "number" || typeof inner === "boolean" ? String(inner) : inner,
    ),
  );

const equal = (a: unknown, b: unknown): boolean => isDeepStrictEqual(asPulumiWrites(a), asPulumiWrites(b));

/** Config keys (with their namespace) and their values. */
export type ConfigValues = Readonly<Record<string, unknown>>;

/** A parsed Pulumi.<stack>.yaml. */
export interface StackFile {
  readonly config?: ConfigValues;
  readonly [other: string]: unknown;
}

/** What the lab has for the program where the user's config is silent. */
export interface LabValues {
  readonly libvirtUri: string;
  readonly bridge: string;
  readonly domainType: string;
  /** The guest image: its path, and the sha256 of its content. */
  readonly image: { readonly source: string; readonly sha256: string };
  /** URL of the discovery registry. */
  readonly registry: string;
  readonly sshAuthorizedKey: string;
}

const namespace = "coreos-cluster";

/** The lab's values as config of the program and of its libvirt provider. */
export function labConfig(values: LabValues): ConfigValues {
  return {
    "libvirt:uri": values.libvirtUri,
    [`${namespace}:os`]: "lab",
    [`${namespace}:image`]: values.image,
    [`${namespace}:bridge`]: values.bridge,
    [`${namespace}:domainType`]: values.domainType,
    [`${namespace}:discovery`]: { mode: "etcd", endpoint: values.registry },
    [`${namespace}:sshAuthorizedKeys`]: [values.sshAuthorizedKey],
  };
}

/**
 * Makes the copy anew.
 *
 * @param tracked the file under version control, which wins over the lab's values
 * @param lab the lab's values
 * @param generated what this function returned the last time, as `generated`
 * @param copy the copy as it lies in the lab's folder: what differs from `generated` was set there by the user (or
 *   removed), and stays so; only what the lab supplies comes back when it was removed, since `config rm` undoes `config set`
 */
export function mergeStackConfig(
  tracked: StackFile,
  lab: ConfigValues,
  generated: ConfigValues = {},
  copy: StackFile = {},
): { readonly file: StackFile; readonly generated: ConfigValues } {
  const fresh: Record<string, unknown> = { ...lab, ...tracked.config };
  const config = { ...fresh };
  const before = copy.config ?? {};
  for (const key of new Set([...Object.keys(generated), ...Object.keys(before)])) {
    if (equal(before[key], generated[key])) continue;
    if (key in before) config[key] = before[key];
    else if (Object.keys(copy).length > 0 && !(key in lab)) Reflect.deleteProperty(config, key);
  }
  return { file: { ...tracked, ...copy, config }, generated: fresh };
}
