/** Wrong configs: machines by name. */
import type { WrongConfig } from "./types.ts";

export default [
  {
    set: { nodes: { Web_1: { memory: "1GiB" } } },
    says: 'nodes.Web_1 is {"memory":"1GiB"}',
    right:
      "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, with a letter in it, at most 63 characters",
    mend: `pulumi config rm --path nodes.Web_1 && pulumi config set --path 'nodes["web-1"].memory' 1GiB`,
  },
  {
    set: { nodes: { "web.example": {} } },
    says: 'nodes["web.example"] is {}',
    right:
      "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, with a letter in it, at most 63 characters",
    mend: `pulumi config rm --path 'nodes["web.example"]' && pulumi config set --path 'nodes["web-example"].role' member`,
  },
  {
    set: { nodes: { "it's a\\b": { vcpus: 2 } } },
    says: String.raw`nodes["it's a\\b"] is {"vcpus":2}`,
    right:
      "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, with a letter in it, at most 63 characters",
    mend: String.raw`pulumi config rm --path 'nodes["it'\''s a\b"]' && pulumi config set --path 'nodes["it-s-a-b"].vcpus' 2`,
  },
  {
    set: { nodes: { "a\n%": { vcpus: 2 } } },
    says: String.raw`nodes["a\n%"] is {"vcpus":2}`,
    right:
      "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, with a letter in it, at most 63 characters",
    mend: String.raw`pulumi config rm --path "$(printf 'nodes["a\012%%"]')" && pulumi config set --path nodes.a.vcpus 2`,
  },
  {
    set: { nodes: { localhost: {} } },
    says: "nodes.localhost is {}",
    right: "another name: localhost means each machine itself",
    mend: "pulumi config rm --path nodes.localhost && pulumi config set --path nodes.node.role member",
  },
  {
    set: { nodes: { "12": {} } },
    says: 'nodes["12"] is {}',
    right:
      "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, with a letter in it, at most 63 characters",
    mend: `pulumi config rm --path 'nodes["12"]' && pulumi config set --path 'nodes["core-12"].role' member`,
  },
  {
    set: { nodes: { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: null } },
    says: `nodes.${"a".repeat(64)} is null`,
    right:
      "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, with a letter in it, at most 63 characters",
    mend: `pulumi config rm --path nodes.${"a".repeat(64)} && pulumi config set --path nodes.${"a".repeat(61)}.role member`,
  },
  {
    set: { nodes: { "web-1": { memory: "100MiB" } } },
    says: 'nodes["web-1"].memory is "100MiB"',
    right: "at least 256MiB, which lab needs to boot",
    mend: `pulumi config set --path 'nodes["web-1"].memory' 256MiB`,
  },
  {
    set: { nodes: { "web-1": { vcpus: "many" } } },
    says: 'nodes["web-1"].vcpus is "many"',
    right: "a whole number from 1 to 255",
    mend: `pulumi config set --path 'nodes["web-1"].vcpus' 1`,
  },
  {
    set: { nodes: { "web-1": { diskSize: "10GB" } } },
    says: 'nodes["web-1"].diskSize is "10GB"',
    right: 'a number of GiB, or a size such as "16GiB" (units: MiB, GiB, TiB)',
    mend: `pulumi config set --path 'nodes["web-1"].diskSize' 10GiB`,
  },
  {
    set: { nodes: { "web-1": "big" } },
    says: 'nodes["web-1"] is "big"',
    right: "a map of what is different for this machine (memory, role and so on), or nothing",
    mend: `pulumi config rm --path 'nodes["web-1"]' && pulumi config set --path 'nodes["web-1"].role' member`,
  },
  {
    set: { nodes: { "web-1": ["a"] } },
    says: 'nodes["web-1"] is ["a"]',
    right: "a map of what is different for this machine (memory, role and so on), or nothing",
    mend: `pulumi config rm --path 'nodes["web-1"]' && pulumi config set --path 'nodes["web-1"].role' member`,
  },
  {
    set: { nodes: { "web-1": { memmory: "1GiB" } } },
    says: 'nodes["web-1"].memmory is "1GiB"',
    right: "the key memory; there is none of this name",
    mend: `pulumi config rm --path 'nodes["web-1"].memmory' && pulumi config set --path 'nodes["web-1"].memory' 1GiB`,
  },
  {
    set: { nodes: { "web-1": { hostname: "x" } } },
    says: 'nodes["web-1"].hostname is "x"',
    right: "one of the parts memory, vcpus, diskSize, mac, address, host, role, profiles, snippets, joins",
    mend: `pulumi config rm --path 'nodes["web-1"].hostname'`,
  },
  {
    set: { nodes: { "web-1": { role: "worker" } } },
    says: 'nodes["web-1"].role is "worker"',
    right: "member or client",
    mend: `pulumi config set --path 'nodes["web-1"].role' client`,
  },
  {
    set: { nodes: { "web-1": { profiles: ["base", "metadata-local", "etdc"] } } },
    says: 'nodes["web-1"].profiles[2] is "etdc"',
    right: 'etcd; no profile is called "etdc"',
    mend: `pulumi config rm --path 'nodes["web-1"].profiles' && pulumi config set --path 'nodes["web-1"].profiles' base,metadata-local,etcd`,
  },
  {
    set: { nodes: { "web-1": { role: "client", profiles: "base,metadata-local,etcd" } } },
    says: 'nodes["web-1"].profiles is "base,metadata-local,etcd"',
    right: "without etcd, since web-1 has the role client; etcd-client points at the cluster",
    mend: `pulumi config set --path 'nodes["web-1"].profiles' base,metadata-local,etcd-client`,
  },
  {
    set: { nodes: { "web-1": { profiles: ["base"] } } },
    says: 'nodes["web-1"].profiles is ["base"]',
    right: "with etcd, since web-1 has the role member and no snippet that could bring it",
    mend: `pulumi config rm --path 'nodes["web-1"].profiles' && pulumi config set --path 'nodes["web-1"].profiles' base,metadata-local,etcd`,
  },
  {
    set: { nodes: { "web-1": { snippets: { a: 1 } } } },
    says: 'nodes["web-1"].snippets is {"a":1}',
    right: "a list of paths of Butane or Container Linux Configs",
    mend: `pulumi config rm --path 'nodes["web-1"].snippets' && pulumi config set --path 'nodes["web-1"].snippets' ./snippet.yaml`,
  },
] satisfies readonly WrongConfig[];
