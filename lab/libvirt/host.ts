/** What the lab offers, as it is called inside its namespaces. */
import type { DomainType } from "./kvm.ts";
import { libvirtUri, network, registryUrl } from "./layout.ts";

export interface LabHost {
  /** The libvirt connection. */
  readonly uri: string;
  readonly bridge: string;
  /** The URL of the etcd v2 discovery registry. */
  readonly registry: string;
  readonly domainType: DomainType;
  /** The network of the bridge, in CIDR notation. */
  readonly network: string;
}

export const labHost = (domainType: DomainType): LabHost => ({
  uri: libvirtUri,
  bridge: network.bridge,
  registry: registryUrl,
  domainType,
  network: network.cidr,
});
