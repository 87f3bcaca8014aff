/** The base image: a file (path or URL, with what verifies it), or a volume on the libvirt host. */
import * as z from "zod/mini";
import type { ImageRequest } from "../types.ts";
import { checkedText, fromJson, mapOr, refuse, text, yesOrNo, type Checked } from "./parts.ts";

/** A checksum in hex, as the sum tools print it: what follows the digits is the file's name. */
const checksum = (digits: number) =>
  checkedText((value): Checked<string> => {
    const [sum = ""] = value.split(/\s/);
    if (new RegExp(`^[0-9a-f]{${digits}}$`, "i").test(sum)) return { value: sum.toLowerCase() };
    const expected = `the ${digits} hexadecimal digits that the image's publisher gives, or nothing`;
    return { expected, remove: true };
  });

const parts = z.strictObject({
  source: text,
  sha256: z.optional(checksum(64)),
  sha512: z.optional(checksum(128)),
  signature: z.optional(text),
  signedBy: z.optional(text),
  insecure: z.optional(yesOrNo),
});

/** What contradicts `insecure: true`. */
const PROOFS = ["sha256", "sha512", "signature", "signedBy"] as const;

const request = z.pipe(
  parts,
  z.transform((value, context): ImageRequest => {
    const proofs = PROOFS.filter((part) => value[part] !== undefined);
    if (value.insecure === true && proofs.length > 0) {
      const expected = `false beside ${proofs.join(", ")}: true means that the image is used without any verification`;
      return refuse(context, expected, { word: "false" }, ["insecure"]);
    }
    // Parts that are not set have no key at all: exactOptionalPropertyTypes.
    return Object.fromEntries(
      Object.entries(value).filter(([, part]) => part !== undefined),
    ) as unknown as ImageRequest;
  }),
);

export const image = mapOr(
  request,
  z.pipe(
    text,
    z.transform((source): ImageRequest => ({ source })),
  ),
);

/**
 * What the raw value of `image` asks for; undefined where there is none, or where it is not right (which the plan's
 * problems say). Blanks around texts are cut off, checksums are in lower case.
 */
export function imageRequestOf(value: unknown): ImageRequest | undefined {
  const result = image.safeParse(fromJson(value));
  return result.success ? result.data : undefined;
}

/** libvirt's names with letters that need no quoting anywhere. */
const libvirtName = (what: string) =>
  checkedText((value): Checked<string> =>
    /^[A-Za-z0-9_][\w.+@:=,~-]*$/.test(value)
      ? { value }
      : { expected: `the name of a ${what} on the libvirt host, in letters, digits and _ . + @ : = , ~ -` },
  );

export const baseVolume = z.strictObject({ pool: libvirtName("storage pool"), name: libvirtName("volume") });
