/** What the plan is made of: the settings as the user wrote them, and what was found out about files beside them. */
import type { FileImage, SourceFile } from "./types.ts";

/** The image that the config names, looked at by images/inspect.ts; or why it can't be used. */
export type ImageFinding =
  | { readonly image: FileImage; readonly warnings?: readonly string[] }
  /** `remedy` is a command that mends it, where there is a better one than to name another image. */
  | { readonly problem: string; readonly remedy?: string };

export type FileFinding = { readonly file: SourceFile } | { readonly problem: string };

export interface RawSettings {
  /** The Pulumi stack's name. */
  readonly stack: string;
  /** The values of the project's own config keys (without the namespace), not checked in any way. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys whose values are marked as secret: they are never repeated in a message. */
  readonly secretKeys: readonly string[];
  /** What has to stand before the commands in messages; absent where they can be typed as they are (see typed.ts). */
  readonly commandPrefix?: string;
  /** The files that the config names (snippets, ignition), by the text that names them: read, or why they can't be. */
  readonly files?: Readonly<Record<string, FileFinding>>;
  /** Absent where the config names no image. */
  readonly image?: ImageFinding;
}
