/** The one reader of Pulumi's config: hands the project's settings over as they were written. */
import * as pulumi from "@pulumi/pulumi";
import { inspectImage } from "./images/inspect.ts";
import type { RawSettings } from "./plan/raw.ts";
import { prefixIn } from "./plan/typed.ts";

/** Pulumi hands everything over as text: objects and lists as JSON, all else as it was typed. */
function plainValue(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // not JSON after all: the schema says what would be right
  }
}

/** The SDK knows which keys were set with --secret, but leaves this function out of its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };

/**
 * The settings of the current stack, for `makePlan`: values unchecked, all keys (unknown ones too), and what was found
 * out about the image. Looks at the image file, so it takes as long as its checksum does the first time.
 */
export function readSettings(): RawSettings {
  const namespace = `${pulumi.getProject()}:`;
  // "" stands for a key that is not set: the default that Pulumi.yaml must give each key that it describes.
  const own = Object.entries(pulumi.runtime.allConfig()).filter(
    ([key, text]) => key.startsWith(namespace) && text !== "",
  );
  const values = Object.fromEntries(
    own.map(([key, text]) => [key.slice(namespace.length), plainValue(text)]),
  );
  const secretKeys = Object.keys(values).filter((key) => isConfigSecret(`${namespace}${key}`));
  const image = values["image"];
  const commandPrefix = prefixIn(process.env);
  return {
    stack: pulumi.getStack(),
    values,
    secretKeys,
    ...(commandPrefix === undefined ? {} : { commandPrefix }),
    ...(typeof image === "string" && image.trim() !== "" ? { image: inspectImage(image.trim()) } : {}),
  };
}
