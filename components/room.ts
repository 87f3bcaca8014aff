/** The look at a discovery token before the empty disk of a member that finds the others by it (commands/discovery/room.ts). */
import * as pulumi from "@pulumi/pulumi";
import { noRoom, readToken, spent } from "../commands/discovery/room.ts";
import { wayVia } from "../commands/through.ts";
import type { ClusterPlan } from "../plan/types.ts";
import { prefixIn } from "../plan/typed.ts";
import type { Discovery } from "./discovery.ts";

/** What the disk of such a member is made with. */
export interface Room {
  /** The token is there before anything asks for it. */
  readonly after: pulumi.Resource;
  readonly hook: pulumi.ResourceHook;
}

/**
 * @param uri the libvirt host's connection: a registry that can't be reached from here may be so from there.
 * @returns undefined where members need no token.
 */
export function makeRoom(
  name: string,
  { discovery: { mode }, bootstrapSize }: ClusterPlan,
  { url, command }: Discovery,
  uri: pulumi.Output<string>,
): Room | undefined {
  if (command === undefined) return undefined;
  let once: ReturnType<typeof readToken> | undefined;
  const look = (): ReturnType<typeof readToken> =>
    new Promise((resolve) => {
      pulumi.all([url, uri]).apply(([at, connection]) => {
        resolve(readToken(mode, at, wayVia(connection)));
      });
    });
  const hook = new pulumi.ResourceHook(`${name}-room`, async ({ name: disk }) => {
    const found = await (once ??= look());
    const node = disk.replace(/-disk$/, "");
    const why = found === "silent" ? undefined : spent(found.known, node, bootstrapSize);
    if (why !== undefined) throw noRoom(node, why, prefixIn(process.env));
  });
  return { after: command, hook };
}
