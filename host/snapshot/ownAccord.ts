/**
 * What comes, goes and changes on a host by itself or by the use of programs that have nothing to do with clusters, and so proves
 * nothing. Pure. Whatever is added here is looked at no more, by tests neither: only what has a reason belongs here.
 */
import type { Part } from "./types.ts";

const LIBVIRT_FILES = [
  // What libvirt's daemons make for themselves when they are started, whatever runs.
  /\/(?:driver\.pid|autostarted|capabilities\.(?:monitor\.sock|pidfile)|.*\.lock)$/,
  // Folders that libvirt makes once, for the first pool and machine of all, and keeps.
  /^\/etc\/libvirt\/(?:qemu|storage)(?:\/autostart|\/networks)?$/,
  /^\/var\/lib\/libvirt\/coreos-cluster$/,
];

const SETTINGS = [
  // Numbers that the kernel counts up, draws or finds out by itself.
  /^\/proc\/sys\/kernel\/(?:ns_last_pid|pty\/nr|random\/|perf_event_max_sample_rate:|hung_task_detect_count|tainted:|sched_domain\/)/,
  /^\/proc\/sys\/fs\/(?:dentry-state|file-nr|inode-|aio-nr|quota\/)/,
  /^\/proc\/sys\/net\/netfilter\/nf_conntrack_count/,
  // Made by the first program that uses it; besides a secret.
  /^\/proc\/sys\/net\/ipv4\/tcp_fastopen_key/,
];

const MOUNTS = [
  // Of users that are logged in, of services that run, and of snaps, which update themselves.
  /^\S+ (?:\/run\/user\/\d+|\/run\/credentials|\/snap|\/var\/lib\/snapd)(?:\/\S*)? /,
  // Comes with the first look at it.
  /^\S+ \/proc\/sys\/fs\/binfmt_misc /,
];

const CONFIGURATION = [/^\/etc\/(?:adjtime|mtab|fake-hwclock\.data|lvm\/(?:archive|backup|cache)\/)/];

const PLACES = [
  // libvirt's daemons end when nobody asks them anything.
  /^\/run\/(?:libvirtd|virt[a-z]+d)\.pid$/,
  // Locks that stay behind whoever used a packet filter first, and what logins and updates leave.
  /^\/run\/(?:(?:xtables|ebtables)\.lock|sudo|sshd|motd\.dynamic(?:\.new)?|reboot-required(?:\.pkgs)?|unattended-upgrades\.\w+)$/,
  // Memory that programs of people who are logged in share: sound, browsers.
  /^\/dev\/shm\/(?:pulse-shm-\d+|\.org\.chromium\.\w+|\.com\.google\.Chrome\.\w+)$/,
];

const OWN_ACCORD: Partial<Readonly<Record<Part, readonly RegExp[]>>> = {
  files: LIBVIRT_FILES,
  settings: SETTINGS,
  mounts: MOUNTS,
  configuration: CONFIGURATION,
  places: PLACES,
};

/** Whether a thing of this part proves something. */
export const proves = (part: Part, thing: string): boolean =>
  !(OWN_ACCORD[part] ?? []).some((pattern) => pattern.test(thing));
