/** What a user can do when a discovery mode doesn't work: the other modes, and how to choose them. */
import { typed } from "../../plan/typed.ts";

/** How to get on without a registry that doesn't work; commands with `prefix` before them. */
export const alternatives = (prefix: string | undefined): string =>
  [
    "Other ways for the members to find each other (docs/discovery.md):",
    "  - a registry of your own, any etcd that serves the v2 API:",
    "      pulumi config set --path discovery.mode etcd",
    "      pulumi config set --path discovery.endpoint http://HOST:2379",
    "  - the same for members of etcd 3.6 or newer (etcdVersion), any etcd from 3.4 on:",
    "      pulumi config set --path discovery.mode v3",
    "      pulumi config set --path discovery.endpoints http://HOST:2379",
    "  - a discovery service that works:",
    "      pulumi config set --path discovery.mode service",
    "      pulumi config set --path discovery.endpoint https://HOST",
    "  - a discovery URL that you have:",
    "      pulumi config set --path discovery.mode url",
    "      pulumi config set --path discovery.url URL",
    "  - no registry at all, where the nodes' names resolve or their addresses are given:",
    "      pulumi config set --path discovery.mode static",
    "Keys of the mode that is left go with: pulumi config rm --path discovery.KEY",
  ]
    .map((line) => line.replace(/pulumi .*/, (command) => typed(command, prefix)))
    .join("\n");
