/** Wrong configs: machines. */
import type { WrongConfig } from "./types.ts";

const hundred = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, {}]));

export default [
  {
    set: { nodes: 0 },
    says: "nodes is 0",
    right: "a whole number from 1 to 99, or a map from names of machines to what is different for each",
    mend: "pulumi config set nodes 3",
  },
  {
    set: { nodes: "100" },
    says: 'nodes is "100"',
    right: "a whole number from 1 to 99, or a map from names of machines to what is different for each",
    mend: "pulumi config set nodes 3",
  },
  {
    set: { nodes: "three" },
    says: 'nodes is "three"',
    right: "a whole number from 1 to 99, or a map from names of machines to what is different for each",
    mend: "pulumi config set nodes 3",
  },
  {
    set: { nodes: 2.5 },
    says: "nodes is 2.5",
    right: "a whole number from 1 to 99, or a map from names of machines to what is different for each",
    mend: "pulumi config set nodes 3",
  },
  {
    set: { nodes: ["a", "b"] },
    says: 'nodes is ["a","b"]',
    right: "a whole number from 1 to 99, or a map from names of machines to what is different for each",
    mend: "pulumi config set nodes 3",
  },
  {
    set: { nodes: {} },
    says: "nodes is {}",
    right: "from 1 to 99 machines; these are 0",
    mend: "pulumi config set nodes 3",
  },
  {
    set: { nodes: hundred },
    says: 'nodes is {"n0":{},"n1":{},"n2":{},"n3":{},"n4":{},"n5":{},"n6":{},"n7… (891 characters)',
    right: "from 1 to 99 machines; these are 100",
    mend: "pulumi config set nodes 99",
  },
  {
    set: { prefix: "Dev_Core" },
    says: 'prefix is "Dev_Core"',
    right:
      "the beginning of a host name (RFC 1123): a-z, 0-9 and -, beginning with a letter or digit, with a letter in it, at most 61 characters",
    mend: "pulumi config set prefix dev-core",
  },
  {
    set: { prefix: "a".repeat(62) },
    says: 'prefix is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (64 characters)',
    right:
      "the beginning of a host name (RFC 1123): a-z, 0-9 and -, beginning with a letter or digit, with a letter in it, at most 61 characters",
    mend: `pulumi config set prefix ${"a".repeat(61)}`,
  },
  {
    set: { prefix: "123" },
    says: 'prefix is "123"',
    right:
      "the beginning of a host name (RFC 1123): a-z, 0-9 and -, beginning with a letter or digit, with a letter in it, at most 61 characters",
    mend: "pulumi config set prefix core-123",
  },
  {
    set: { role: "master" },
    says: 'role is "master"',
    right: "member or client",
    mend: "pulumi config set role member",
  },
  {
    set: { memory: "128" },
    says: 'memory is "128"',
    right: "at least 256MiB, which lab needs to boot; a plain number counts in MiB",
    mend: "pulumi config set memory 256MiB",
  },
  {
    set: { memory: "512", os: "flatcar" },
    says: 'memory is "512"',
    right: "at least 1GiB, which flatcar needs to boot; a plain number counts in MiB",
    mend: "pulumi config set memory 1GiB",
  },
  {
    set: { memory: "512MiB", os: "flatcar" },
    says: 'memory is "512MiB"',
    right: "at least 1GiB, which flatcar needs to boot",
    mend: "pulumi config set memory 1GiB",
  },
  {
    set: { memory: 4 },
    says: "memory is 4",
    right: "at least 256MiB, which lab needs to boot; a plain number counts in MiB",
    mend: "pulumi config set memory 4GiB",
  },
  {
    set: { memory: "2GB" },
    says: 'memory is "2GB"',
    right: 'a number of MiB, or a size such as "16GiB" (units: MiB, GiB, TiB)',
    mend: "pulumi config set memory 2GiB",
  },
  {
    set: { memory: 2147483648 },
    says: "memory is 2147483648",
    right: "at most 4096GiB; a plain number counts in MiB",
    mend: "pulumi config set memory 2GiB",
  },
  {
    set: { memory: "999999TiB" },
    says: 'memory is "999999TiB"',
    right: "at most 4096GiB",
    mend: "pulumi config set memory 256MiB",
  },
  {
    set: { memory: "512.5" },
    says: 'memory is "512.5"',
    right: "a whole number of MiB",
    mend: "pulumi config set memory 2GiB",
  },
  {
    set: { memory: ["512"] },
    says: 'memory is ["512"]',
    right: 'a number of MiB, or a size such as "1GiB"',
    mend: "pulumi config set memory 2GiB",
  },
  {
    set: { vcpus: 0 },
    says: "vcpus is 0",
    right: "a whole number from 1 to 255",
    mend: "pulumi config set vcpus 1",
  },
  {
    set: { vcpus: "256" },
    says: 'vcpus is "256"',
    right: "a whole number from 1 to 255",
    mend: "pulumi config set vcpus 1",
  },
  {
    set: { diskSize: "900MiB" },
    says: 'diskSize is "900MiB"',
    right: "at least 1GiB, since the disk begins as a copy of the image",
    mend: "pulumi config set diskSize 1GiB",
  },
  {
    set: { diskSize: "8192000000" },
    says: 'diskSize is "8192000000"',
    right: "at most 65536GiB; a plain number counts in GiB",
    mend: "pulumi config set diskSize 1GiB",
  },
  {
    set: { diskSize: "large" },
    says: 'diskSize is "large"',
    right: 'a number of GiB, or a size such as "16GiB" (units: MiB, GiB, TiB)',
    mend: "pulumi config set diskSize 1GiB",
  },
  {
    set: { os: "debian" },
    says: 'os is "debian"',
    right: "container-linux, flatcar, fedora-coreos or lab",
    mend: "pulumi config set os flatcar",
  },
  {
    set: { arch: "amd64" },
    says: 'arch is "amd64"',
    right: "x86_64, i686, aarch64, s390x or ppc64le",
    mend: "pulumi config set arch x86_64",
  },
  {
    set: { arch: "aarch64" },
    says: 'arch is "aarch64"',
    right: "x86_64 or i686: lab exists for no other architecture",
    mend: "pulumi config set arch x86_64",
  },
  {
    set: { arch: "s390x", os: "flatcar" },
    says: 'arch is "s390x"',
    right: "x86_64 or aarch64: flatcar exists for no other architecture",
    mend: "pulumi config set arch x86_64",
  },
] satisfies readonly WrongConfig[];
