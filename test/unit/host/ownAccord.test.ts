import { equal } from "node:assert/strict";
import { proves } from "../../../host/snapshot/ownAccord.ts";
import type { Part } from "../../../host/snapshot/types.ts";

const OF_ITSELF: readonly (readonly [Part, string])[] = [
  ["settings", "/proc/sys/kernel/random/uuid:1"],
  ["settings", "/proc/sys/fs/file-nr:1056\t0\t9223372036854775807"],
  ["settings", "/proc/sys/net/netfilter/nf_conntrack_count:3"],
  ["settings", "/proc/sys/kernel/perf_event_max_sample_rate:100000"],
  ["mounts", "tmpfs /run/user/1000 tmpfs rw,nosuid 0 0"],
  ["mounts", "gvfsd-fuse /run/user/1000/gvfs fuse.gvfsd-fuse rw 0 0"],
  ["mounts", "binfmt_misc /proc/sys/fs/binfmt_misc binfmt_misc rw 0 0"],
  ["files", "/run/libvirt/qemu/driver.pid"],
  ["files", "/etc/libvirt/storage/autostart"],
  ["configuration", "/etc/adjtime 44 123"],
  ["places", "/run/virtqemud.pid"],
  ["places", "/run/xtables.lock"],
  ["places", "/dev/shm/pulse-shm-1234"],
];

const PROVING: readonly (readonly [Part, string])[] = [
  ["settings", "/proc/sys/net/ipv4/ip_forward:1"],
  ["settings", "/proc/sys/net/netfilter/nf_conntrack_max:262144"],
  ["settings", "/proc/sys/fs/file-max:9223372036854775807"],
  ["mounts", "tmpfs /run/left tmpfs rw 0 0"],
  ["mounts", "left /run/user tmpfs rw 0 0"],
  ["files", "/run/libvirt/qemu/dev-core01.pid"],
  ["files", "/var/lib/libvirt/coreos-cluster/dev"],
  ["files", "/etc/libvirt/storage/autostart/dev.xml"],
  ["configuration", "/etc/hosts 44 123"],
  ["places", "/run/left"],
  ["places", "/dev/shm/left"],
  ["links", "/run/virtqemud.pid"],
];

describe("what a host does of its own accord", () => {
  for (const [part, thing] of OF_ITSELF)
    it(`proves nothing: ${part} ${thing}`, () => {
      equal(proves(part, thing), false);
    });
  for (const [part, thing] of PROVING)
    it(`is not: ${part} ${thing}`, () => {
      equal(proves(part, thing), true);
    });
});
