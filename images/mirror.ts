/** Where official locations are looked for. */

/** The variable that names a mirror of them. */
export const MIRROR_VARIABLE = "CLUSTER_IMAGE_MIRROR";

/**
 * An official URL, or its copy under the mirror: `https://HOST/PATH` is `<mirror>/HOST/PATH` there.
 * @param env CLUSTER_IMAGE_MIRROR is the mirror's URL
 */
export function mirrored(url: string, env: NodeJS.ProcessEnv = process.env): string {
  const mirror = env[MIRROR_VARIABLE]?.replace(/\/+$/, "");
  return mirror === undefined || mirror === "" ? url : url.replace(/^https:\//, mirror);
}
