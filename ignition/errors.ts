/** A node's configuration could not be made. */

/** `message` says which profile, where in it, and what is wrong; it is fit to be shown as it is. */
export class RenderError extends Error {
  override name = "RenderError";
  /** What Pulumi knows an error of the user's by: where nobody catches it, its message is shown without a stack trace. */
  readonly __pulumiRunError = true;
}
