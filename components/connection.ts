/** Which libvirt host the provider talks to: our own questions go to the same. */
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/libvirt/bin/provider.js";

/**
 * The connection URI of the provider that the component's children get: an explicit provider's own, else `libvirt:uri`
 * of the config, else `LIBVIRT_DEFAULT_URI` of the environment, else the system's QEMU.
 */
export function connectionUri(options: pulumi.ComponentResourceOptions | undefined): pulumi.Output<string> {
  const { provider, providers } = options ?? {};
  const given = [provider, ...(Array.isArray(providers) ? providers : Object.values(providers ?? {}))];
  const explicit = given.find((candidate) => Provider.isInstance(candidate));
  if (explicit !== undefined) return explicit.uri;
  return pulumi.output(
    new pulumi.Config("libvirt").get("uri") ?? process.env["LIBVIRT_DEFAULT_URI"] ?? "qemu:///system",
  );
}
