/**
 * Hooks that run right before something is created on the host (never in a preview, never when nothing is created):
 * they clear what a killed run of this stack left under that name, and stop where the name is somebody else's.
 * They are hooks of creation and of errors only: with hooks of deletion, `pulumi destroy` would want --run-program.
 */
import * as pulumi from "@pulumi/pulumi";
import {
  checkDomainNames,
  clearDomain,
  clearPool,
  clearVolume,
  defineStandIn,
  type Host,
} from "../host/leftovers.ts";
import { virshOn } from "../host/virsh.ts";
import type { Owner } from "./owner.ts";
import { type Site, siteName } from "./sites.ts";

export interface LeftoverHooks {
  readonly pool: pulumi.ResourceHook;
  readonly volume: pulumi.ResourceHook;
  readonly domain: pulumi.ResourceHook;
  /** Lets a machine that vanished be replaced: the provider's `delete` fails on it, and is tried again after this. */
  readonly goneDomain: pulumi.ErrorHook;
}

/** The value of an output that is known, which all are that a resource about to be created depends on. */
const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => {
    output.apply(resolve);
  });

/** The names of all domains to come on the host are checked before the first thing is made there. */
export function leftoverHooks(name: string, site: Site, owner: Owner): LeftoverHooks {
  const { uri } = site;
  const nodeNames = site.nodes.map((node) => node.name);
  const host = async (): Promise<Host> => {
    const connection = await valueOf(uri);
    return { uri: connection, virsh: virshOn(connection), owner: await valueOf(owner.id) };
  };
  const hook = (what: string, clear: (host: Host, inputs: Record<string, string>) => Promise<void>) =>
    new pulumi.ResourceHook(siteName(site, `${name}-clear-${what}`), async (args) => {
      await clear(await host(), args.newInputs as Record<string, string>);
    });
  return {
    pool: hook("pool", async (on, inputs) => {
      await checkDomainNames(on, nodeNames);
      await clearPool(on, inputs["name"] ?? "");
    }),
    volume: hook("volume", (on, inputs) => clearVolume(on, inputs["pool"] ?? "", inputs["name"] ?? "")),
    domain: hook("domain", (on, inputs) => clearDomain(on, inputs["name"] ?? "")),
    goneDomain: new pulumi.ErrorHook(
      siteName(site, `${name}-gone-domain`),
      async ({ failedOperation, errors, id }) => {
        const [latest = ""] = errors;
        if (failedOperation !== "delete" || errors.length > 1 || !latest.includes("Domain not found"))
          return false;
        await defineStandIn(virshOn(await valueOf(uri)), id, await valueOf(owner.mark));
        return true;
      },
    ),
  };
}
