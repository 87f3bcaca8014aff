/** Wrong configs: keys that there are not. */
import { CONFIG_KEY_NAMES } from "../../../../plan/keys.ts";
import type { WrongConfig } from "./types.ts";

export default [
  {
    set: { nodez: 3 },
    says: "nodez is 3",
    right: "the key nodes; there is none of this name",
    mend: "pulumi config rm nodez && pulumi config set nodes 3",
  },
  {
    set: { disk_size: 8 },
    says: "disk_size is 8",
    right: "the key diskSize; there is none of this name",
    mend: "pulumi config rm disk_size && pulumi config set diskSize 8",
  },
  {
    set: { sshKeys: [] },
    says: "sshKeys is []",
    right: "the key sshAuthorizedKeys; there is none of this name",
    mend: "pulumi config rm sshKeys",
  },
  {
    set: { "it's": 1 },
    says: "it's is 1",
    right: `one of the keys ${CONFIG_KEY_NAMES.join(", ")}`,
    mend: "pulumi config rm 'it'\\''s'",
  },
  {
    set: { NODES: { a: {} }, nodes: 3 },
    says: 'NODES is {"a":{}}',
    right: "the key nodes; there is none of this name",
    mend: "pulumi config rm NODES",
  },
  {
    set: { Prefix: "web" },
    says: 'Prefix is "web"',
    right: "the key prefix; there is none of this name",
    mend: "pulumi config rm Prefix && pulumi config set prefix web",
  },
  {
    set: { "coreos:nodes": 3 },
    says: "coreos:nodes is 3",
    right: "the key nodes; there is none of this name",
    mend: "pulumi config rm coreos:nodes && pulumi config set nodes 3",
  },
  {
    set: { "coreos-clustr:memroy": "1GiB" },
    says: 'coreos-clustr:memroy is "1GiB"',
    right: "the key memory; there is none of this name",
    mend: "pulumi config rm coreos-clustr:memroy && pulumi config set memory 1GiB",
  },
] satisfies readonly WrongConfig[];
