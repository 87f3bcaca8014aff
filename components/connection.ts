/** Which libvirt host the provider talks to: our own questions go to the same. */
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/libvirt/bin/provider.js";
import { requireAgreement } from "../host/agreement.ts";
import { UriError } from "../host/remote.ts";

/** A libvirt.Provider that the component was given. */
export function explicitProvider(options: pulumi.ComponentResourceOptions | undefined): Provider | undefined {
  const { provider, providers } = options ?? {};
  const given = [provider, ...(Array.isArray(providers) ? providers : Object.values(providers ?? {}))];
  return given.find((candidate) => Provider.isInstance(candidate));
}

/**
 * The connection URI of the provider that the component's children get: an explicit provider's own, else `libvirt:uri`
 * of the config, else `LIBVIRT_DEFAULT_URI` of the environment, else the system's QEMU.
 * @throws RunError for a URI that is none, or that the provider would read otherwise than virsh and ssh do.
 */
export function connectionUri(options: pulumi.ComponentResourceOptions | undefined): pulumi.Output<string> {
  const explicit = explicitProvider(options);
  if (explicit !== undefined) return explicit.uri;
  const uri =
    new pulumi.Config("libvirt").get("uri") ?? process.env["LIBVIRT_DEFAULT_URI"] ?? "qemu:///system";
  requireOneReading(uri);
  return pulumi.output(uri);
}

/** @throws RunError for a URI that is none, or that the provider would read otherwise than virsh and ssh do. */
export function requireOneReading(uri: string): void {
  try {
    requireAgreement(uri);
  } catch (error) {
    throw error instanceof UriError ? new pulumi.RunError(error.message) : error;
  }
}
