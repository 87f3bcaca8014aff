/** Wrong configs: what is on the machines. */
import { publicKey } from "../fixtures.ts";
import { PROFILE_NAMES } from "../../../../plan/profiles.ts";
import type { WrongConfig } from "./types.ts";

const docker = { os: "flatcar", profiles: "base,metadata-local,etcd,docker,docker-remote" };

export default [
  {
    set: { sshAuthorizedKeys: undefined },
    says: "sshAuthorizedKeys is not set",
    right: "a list of public keys, each one line as in a .pub file",
    mend: `pulumi config set --path 'sshAuthorizedKeys[0]' "\$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  {
    set: { sshAuthorizedKeys: ["nonsense"] },
    says: "sshAuthorizedKeys[0] is no public key (10 characters, not shown)",
    right: "a public key, one line as in a .pub file: type, base64, comment",
    mend: `pulumi config set --path 'sshAuthorizedKeys[0]' "\$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  {
    set: { sshAuthorizedKeys: [publicKey(), "~/.ssh/id_ed25519.pub"] },
    says: "sshAuthorizedKeys[1] is no public key (23 characters, not shown)",
    right: "a public key, one line as in a .pub file: type, base64, comment",
    mend: `pulumi config set --path 'sshAuthorizedKeys[1]' "\$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  {
    set: { sshAuthorizedKeys: [17] },
    says: "sshAuthorizedKeys[0] is no public key (2 characters, not shown)",
    right: "a public key, one line as in a .pub file: type, base64, comment",
    mend: `pulumi config set --path 'sshAuthorizedKeys[0]' "\$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  {
    set: { sshAuthorizedKeys: "" },
    says: "sshAuthorizedKeys is not a list of public keys (2 characters, not shown)",
    right: "a public key, one line as in a .pub file: type, base64, comment",
    mend: `pulumi config rm sshAuthorizedKeys && pulumi config set --path 'sshAuthorizedKeys[0]' "\$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  {
    set: { sshAuthorizedKeys: { a: 1 } },
    says: "sshAuthorizedKeys is not a list of public keys (7 characters, not shown)",
    right: "a list of public keys, each one line as in a .pub file",
    mend: `pulumi config rm sshAuthorizedKeys && pulumi config set --path 'sshAuthorizedKeys[0]' "\$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  {
    set: { profiles: "base,metadata-local,etcd,dokcer" },
    says: 'profiles is "base,metadata-local,etcd,dokcer"',
    right: 'docker; no profile is called "dokcer"',
    mend: "pulumi config set profiles base,metadata-local,etcd,docker",
  },
  {
    set: { profiles: ["base", "metadata-local", "etcd", "kubernetes"] },
    says: 'profiles[3] is "kubernetes"',
    right: `profiles out of ${PROFILE_NAMES.join(", ")}`,
    mend: "pulumi config set profiles base,metadata-local,etcd",
  },
  {
    set: { profiles: { a: 1 } },
    says: 'profiles is {"a":1}',
    right: "a list of profiles, or their names with commas between",
    mend: "pulumi config set profiles base,metadata-local,etcd",
  },
  {
    set: { profiles: ["base", "metadata-local"] },
    says: 'profiles is ["base","metadata-local"]',
    right: "with etcd, since the nodes have the role member and no snippet that could bring it",
    mend: "pulumi config set profiles base,metadata-local,etcd",
  },
  {
    set: { profiles: [] },
    says: "profiles is []",
    right: "with etcd, since the nodes have the role member and no snippet that could bring it",
    mend: "pulumi config set profiles metadata-local,etcd",
  },
  {
    set: { role: "client", profiles: "base,metadata-local,etcd" },
    says: 'profiles is "base,metadata-local,etcd"',
    right: "without etcd, since the nodes have the role client; etcd-client points at the cluster",
    mend: "pulumi config set profiles base,metadata-local,etcd-client",
  },
  {
    set: { profiles: "base,metadata-remote,etcd" },
    says: "metadataUrl is not set",
    right: "the http or https URL where the profile metadata-remote asks for the node's addresses",
    mend: "pulumi config set metadataUrl http://metadata.example/latest",
  },
  {
    set: { snippets: "./none.yaml" },
    says: 'snippets is "./none.yaml"',
    right: "an existing file; there is no ./none.yaml",
    mend: "pulumi config set snippets '<path of a Butane or Container Linux Config>'",
  },
  {
    set: { snippets: ["./there.yaml", "./none.yaml"] },
    says: 'snippets[1] is "./none.yaml"',
    right: "an existing file; there is no ./none.yaml",
    mend: "pulumi config set --path 'snippets[1]' '<path of a Butane or Container Linux Config>'",
  },
  {
    set: { snippets: [""] },
    says: 'snippets[0] is ""',
    right: "a text",
    mend: "pulumi config set --path 'snippets[0]' ./snippet.yaml",
  },
  {
    set: { snippets: { a: 1 } },
    says: 'snippets is {"a":1}',
    right: "a list of paths of Butane or Container Linux Configs",
    mend: "pulumi config rm snippets && pulumi config set --path 'snippets[0]' ./snippet.yaml",
  },
  {
    set: { ignition: "./none.yaml" },
    says: 'ignition is "./none.yaml"',
    right: "an existing file; there is no ./none.yaml",
    mend: "pulumi config set ignition '<path of a Butane or Container Linux Config>'",
  },
  {
    set: { ignition: ["./there.yaml"] },
    says: 'ignition is ["./there.yaml"]',
    right: "the path of a Butane or Container Linux Config",
    mend: "pulumi config set ignition ./ignition.yml",
  },
  {
    set: { metadataUrl: "metadata" },
    says: 'metadataUrl is "metadata"',
    right: "the http or https URL of the metadata",
    mend: "pulumi config set metadataUrl http://metadata.example/latest",
  },
  {
    set: { ntpServers: "0.pool.ntp.org, not a host" },
    says: 'ntpServers is "0.pool.ntp.org, not a host"',
    right: "host names or addresses of NTP servers, such as 0.pool.ntp.org",
    mend: "pulumi config set ntpServers 0.pool.ntp.org",
  },
  {
    set: { ntpServers: ["10.0.0.1", "http://ntp.example"] },
    says: 'ntpServers[1] is "http://ntp.example"',
    right: "host names or addresses of NTP servers, such as 0.pool.ntp.org",
    mend: "pulumi config set ntpServers 10.0.0.1",
  },
  {
    set: { dockerListen: "2375" },
    says: 'dockerListen is "2375"',
    right: "an address and a port (1 to 65535), such as 127.0.0.1:2375, [::1]:2375 or 0.0.0.0:2375",
    mend: "pulumi config set dockerListen 127.0.0.1:2375",
  },
  {
    set: { dockerListen: "tcp://0.0.0.0:2375" },
    says: 'dockerListen is "tcp://0.0.0.0:2375"',
    right: "an address and a port (1 to 65535), such as 127.0.0.1:2375, [::1]:2375 or 0.0.0.0:2375",
    mend: "pulumi config set dockerListen 127.0.0.1:2375",
  },
  {
    set: { dockerListen: "localhost:2375" },
    says: 'dockerListen is "localhost:2375"',
    right: "an address and a port (1 to 65535), such as 127.0.0.1:2375, [::1]:2375 or 0.0.0.0:2375",
    mend: "pulumi config set dockerListen 127.0.0.1:2375",
  },
  {
    set: { dockerListen: "10.0.0.1:99999" },
    says: 'dockerListen is "10.0.0.1:99999"',
    right: "an address and a port (1 to 65535), such as 127.0.0.1:2375, [::1]:2375 or 0.0.0.0:2375",
    mend: "pulumi config set dockerListen 127.0.0.1:2375",
  },
  {
    set: { ...docker, dockerListen: "0.0.0.0:2379" },
    says: 'dockerListen is "0.0.0.0:2379"',
    right: "a port that is free on the nodes that have docker-remote: 2379 is etcd's",
    mend: "pulumi config set dockerListen 0.0.0.0:2375",
  },
  {
    set: { ...docker, dockerListen: "127.0.0.1:2380" },
    says: 'dockerListen is "127.0.0.1:2380"',
    right: "a port that is free on the nodes that have docker-remote: 2380 is etcd's",
    mend: "pulumi config set dockerListen 127.0.0.1:2375",
  },
  {
    set: { ...docker, tls: true, dockerListen: "[::]:4001" },
    says: 'dockerListen is "[::]:4001"',
    right: "a port that is free on the nodes that have docker-remote: 4001 is etcd's",
    mend: "pulumi config set dockerListen '[::]:2376'",
  },
  {
    set: { ...docker, role: "client", profiles: "base,docker,docker-remote", dockerListen: "0.0.0.0:22" },
    says: 'dockerListen is "0.0.0.0:22"',
    right: "a port that is free on the nodes that have docker-remote: 22 is ssh's",
    mend: "pulumi config set dockerListen 0.0.0.0:2375",
  },
  {
    set: { dockerListen: "10.0.0.1" },
    says: 'dockerListen is "10.0.0.1"',
    right: "an address and a port (1 to 65535), such as 127.0.0.1:2375, [::1]:2375 or 0.0.0.0:2375",
    mend: "pulumi config set dockerListen 127.0.0.1:2375",
  },
] satisfies readonly WrongConfig[];
