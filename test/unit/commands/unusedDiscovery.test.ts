import { deepEqual } from "node:assert/strict";
import { unusedDiscoveries } from "../../../commands/lab/unusedDiscovery.ts";

const urn = (type: string, name: string): string => `urn:pulumi:dev::coreos-cluster::${type}::${name}`;

const cluster = urn("coreos-cluster:index:CoreOSCluster", "cluster");
const other = urn("coreos-cluster:index:CoreOSCluster", "other");
const command = (name: string, parent = cluster) => ({
  ...{ urn: urn("coreos-cluster:index:CoreOSCluster$command:local:Command", name), parent },
  type: "command:local:Command",
});
const node = (name: string, parent = cluster) => ({
  ...{ urn: urn("coreos-cluster:index:Node", name), parent, type: "coreos-cluster:index:Node" },
});
const ignition = (name: string) => ({
  urn: urn("libvirt:index/ignition:Ignition", `${name}-ignition`),
  ...{ parent: urn("coreos-cluster:index:Node", name), type: "libvirt:index/ignition:Ignition" },
});
const state = (...resources: object[]): string => JSON.stringify({ deployment: { resources } });

describe("discovery URLs that nobody knows any more", () => {
  const discovery = command("cluster-discovery-0a1b2c3d");

  it("are those of clusters without an Ignition file", () => {
    deepEqual(unusedDiscoveries(state(command("cluster-host"), discovery, node("a01"))), [discovery.urn]);
  });

  it("are none while one machine's Ignition file is there", () => {
    deepEqual(unusedDiscoveries(state(discovery, node("a01"), ignition("a01"))), []);
  });

  it("are told apart by cluster", () => {
    const second = command("other-discovery-ffff0000", other);
    const there = state(discovery, second, node("b01", other), ignition("b01"));
    deepEqual(unusedDiscoveries(there), [discovery.urn]);
  });

  it("are none in what is no state", () => {
    for (const text of ["", "{}", "no JSON", state()]) deepEqual(unusedDiscoveries(text), []);
  });
});
