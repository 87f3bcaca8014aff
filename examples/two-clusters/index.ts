/** Two clusters in one stack: "blue" is there to be broken, "red" is what it is compared with. */
import * as pulumi from "@pulumi/pulumi";
import { clusterPlan, type ClusterSettings, CoreOSCluster, outputs } from "../../library.ts";

const config = new pulumi.Config();

/** What both have in common. */
const common = {
  image: config.require("image"),
  sshAuthorizedKeys: [config.require("key")],
  discovery: { mode: "static" },
} satisfies ClusterSettings;

const red = new CoreOSCluster("red", { plan: await clusterPlan({ ...common, prefix: "red", nodes: 3 }) });

// One member, and a machine without etcd beside it.
const blue = new CoreOSCluster("blue", {
  plan: await clusterPlan({
    ...common,
    prefix: "blue",
    nodes: { "blue-etcd": { memory: "3GiB" }, "blue-load": { role: "client" } },
  }),
});

export const endpoints = { red: red.etcdEndpoints, blue: blue.etcdEndpoints };
export const ssh = pulumi.all([red.nodes, blue.nodes]).apply((nodes) => outputs.sshConfig(nodes.flat()));
