/**
 * Hooks that run right before and after something is created on the host (never in a preview, never when nothing is created):
 * they clear what a killed run of this stack left under that name, stop where the name is somebody else's, and have the
 * provider watched until it is done, which waits for ever where libvirt ends in the middle of an upload.
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
import { ProviderWatch } from "../host/providerWatch.ts";
import { virshOn } from "../host/virsh.ts";
import type { ClusterPlan } from "../plan/types.ts";
import { GrowthWatch } from "./growth.ts";
import { hostFacts } from "./hostFacts.ts";
import type { Owner } from "./owner.ts";
import { type Site, siteName } from "./sites.ts";

/** What a resource of each kind is made with. */
export interface LeftoverHooks {
  readonly pool: pulumi.ResourceHookBinding;
  readonly volume: pulumi.ResourceHookBinding;
  /** Lets a machine that vanished be replaced, too: the provider's `delete` fails on it, and is tried again after the hook. */
  readonly domain: pulumi.ResourceHookBinding;
  /** Of what is made for a machine before its own resources: the host is looked at first. */
  readonly growth: pulumi.ResourceHookBinding;
}

/** The value of an output that is known, which all are that a resource about to be created depends on. */
const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => {
    output.apply(resolve);
  });

/** The names of all domains to come on the host are checked before the first thing is made there. */
export function leftoverHooks(name: string, plan: ClusterPlan, site: Site, owner: Owner): LeftoverHooks {
  const { uri } = site;
  const nodeNames = site.nodes.map((node) => node.name);
  const host = async (): Promise<Host> => {
    const connection = await valueOf(uri);
    return { uri: connection, virsh: virshOn(connection), owner: await valueOf(owner.id) };
  };
  const growth = new GrowthWatch(async () => ({ uri: await valueOf(uri), facts: hostFacts(plan, site) }));
  const watch = new ProviderWatch((message) => void pulumi.log.error(message));
  const made = new pulumi.ResourceHook(siteName(site, `${name}-made`), ({ urn }) => {
    watch.settled(urn);
  });
  const failed = new pulumi.ErrorHook(siteName(site, `${name}-failed`), ({ urn }) => {
    watch.settled(urn);
    return false;
  });
  const goneDomain = new pulumi.ErrorHook(
    siteName(site, `${name}-gone-domain`),
    async ({ urn, failedOperation, errors, id }) => {
      watch.settled(urn);
      const [latest = ""] = errors;
      if (failedOperation !== "delete" || errors.length > 1 || !latest.includes("Domain not found"))
        return false;
      await defineStandIn(virshOn(await valueOf(uri)), id, await valueOf(owner.mark));
      return true;
    },
  );
  const binding = (
    what: string,
    clear: (host: Host, inputs: Record<string, string>) => Promise<void>,
    onError: pulumi.ErrorHook = failed,
  ): pulumi.ResourceHookBinding => {
    const before = new pulumi.ResourceHook(siteName(site, `${name}-clear-${what}`), async (args) => {
      const on = await host();
      await clear(on, args.newInputs as Record<string, string>);
      watch.begins(on.uri, args.urn);
    });
    return { beforeCreate: [before], afterCreate: [made], onError: [onError] };
  };
  return {
    pool: binding("pool", async (on, inputs) => {
      growth.isNew();
      await checkDomainNames(on, nodeNames);
      await clearPool(on, inputs["name"] ?? "");
    }),
    volume: binding("volume", async (on, inputs) => {
      await growth.passed();
      await clearVolume(on, inputs["pool"] ?? "", inputs["name"] ?? "");
    }),
    domain: binding("domain", (on, inputs) => clearDomain(on, inputs["name"] ?? ""), goneDomain),
    growth: {
      beforeCreate: [new pulumi.ResourceHook(siteName(site, `${name}-look`), () => growth.passed())],
    },
  };
}
