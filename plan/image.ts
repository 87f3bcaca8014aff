/** What a base image is known by. Pure. */
import type { ImagePlan } from "./types.ts";

/** The image's identity: the sha256 of its content, or for a volume on the host, whose content nobody here sees, its place. */
export const imageIdentity = (image: ImagePlan): string =>
  image.kind === "file" ? image.sha256 : `volume ${image.pool}/${image.name}`;
