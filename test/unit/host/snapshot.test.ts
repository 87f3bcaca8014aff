import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { accessBy } from "../../../host/access.ts";
import { shellCommand } from "../../../host/shell.ts";
import { compare } from "../../../host/snapshot/compare.ts";
import { foundIn, qemuProcess, unseenIn } from "../../../host/snapshot/found.ts";
import { sectionsOf } from "../../../host/snapshot/sections.ts";
import { PARTS, type Snapshot, type Things, type Unseen } from "../../../host/snapshot/types.ts";
import { takeSnapshot } from "../../../host/snapshot.ts";

const things = (some: Partial<Things>): Things => ({
  ...(Object.fromEntries(PARTS.map((part) => [part, []])) as unknown as Things),
  ...some,
});

const snapshot = (
  some: Partial<Things>,
  ...unseen: readonly Unseen[]
): Pick<Snapshot, "things" | "unseen"> => ({ things: things(some), unseen });

describe("snapshots of a host", () => {
  it("tell what was left and what is gone, each thing as often as it is there", () => {
    const before = snapshot({ domains: ["a", "b"], mounts: ["m", "m"], files: ["/x"] });
    const now = snapshot({ domains: ["b", "c"], mounts: ["m", "m", "m"], files: [] });
    deepEqual(compare(before, now), [
      { part: "domains", what: "left", thing: "c" },
      { part: "domains", what: "gone", thing: "a" },
      { part: "mounts", what: "left", thing: "m" },
      { part: "files", what: "gone", thing: "/x" },
    ]);
  });

  it("differ in nothing when nothing changed, and the other way round when they are swapped", () => {
    const lists = fc.array(fc.constantFrom("a", "b", "c"));
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const [a, b] = [snapshot({ links: one }), snapshot({ links: other })];
        deepEqual(compare(a, a), []);
        const swapped = compare(b, a).map(
          ({ what, thing }) => `${what === "left" ? "gone" : "left"} ${thing}`,
        );
        deepEqual(
          compare(a, b)
            .map(({ what, thing }) => `${what} ${thing}`)
            .toSorted(),
          swapped.toSorted(),
        );
      }),
    );
  });

  it("differ in nothing where only libvirt's numbers do, and tell a device without its settings", () => {
    const setting = (device: string): string => `/proc/sys/net/ipv4/conf/${device}/forwarding:1`;
    const before = snapshot({
      links: ["vnet3"],
      files: ["/run/libvirt/qemu/domain-3-a"],
      settings: [setting("vnet3")],
    });
    const again = snapshot({
      links: ["vnet9"],
      files: ["/run/libvirt/qemu/domain-9-a"],
      settings: [setting("vnet9")],
    });
    deepEqual(compare(before, again), []);
    const mtu = (device: string, size = 1500): string => `${device} mtu:${size}`;
    deepEqual(
      compare(
        snapshot({ links: ["vnet3", "br0"], devices: [mtu("vnet3"), mtu("br0")] }),
        snapshot({
          links: ["vnet9", "br0", "left0"],
          devices: [mtu("vnet9"), mtu("br0", 1400), mtu("left0")],
        }),
      ),
      [
        { part: "links", what: "left", thing: "left0" },
        { part: "devices", what: "left", thing: "br0 mtu:1400" },
        { part: "devices", what: "gone", thing: "br0 mtu:1500" },
      ],
    );
    const more = snapshot({ ...again.things, links: ["vnet9", "left0"] });
    const settings = [setting("vnet9"), setting("left0"), "/proc/sys/vm/swappiness:1"];
    deepEqual(compare(before, { ...more, things: { ...more.things, settings } }), [
      { part: "links", what: "left", thing: "left0" },
      { part: "settings", what: "left", thing: "/proc/sys/vm/swappiness:1" },
    ]);
  });

  it("tell nothing of what one of the two could not look at", () => {
    const all = snapshot({
      configuration: ["/etc/shadow 1 2", "/etc/shadow- 1 2", "/etc/ssl/private/key 3 4"],
      filters: ["iptables filter -A INPUT", "iptables-legacy filter -A INPUT"],
      tokens: ["token"],
    });
    const little = snapshot(
      {},
      { part: "configuration", what: "/etc/shadow", why: "not allowed" },
      { part: "configuration", what: "/etc/ssl/private", why: "not allowed" },
      { part: "filters", what: "iptables", why: "not allowed" },
      { part: "tokens", what: "", why: "not asked" },
    );
    const differing = ["configuration /etc/shadow- 1 2", "filters iptables-legacy filter -A INPUT"];
    const told = (one: typeof all, other: typeof all): string[] =>
      compare(one, other)
        .map(({ part, thing }) => `${part} ${thing}`)
        .toSorted();
    deepEqual(told(all, little), differing);
    deepEqual(told(little, all), differing);
  });

  it("are put together of sections, whatever lines look like", () => {
    const output = "motd\nm links\nlo\nbr0\n\nm mounts\nproc /proc\nM links\nm: cat: gone\nlinks\n";
    deepEqual(
      [...sectionsOf(output, "m")],
      [
        ["links", { lines: ["lo", "br0"], complaints: [] }],
        ["mounts", { lines: ["proc /proc", "M links", "links"], complaints: ["cat: gone"] }],
      ],
    );
  });

  it("know a file by its content, and of a secret only whether it is the same", () => {
    const seed = "/proc/sys/net/ipv6/conf/br0/stable_secret:";
    const { configuration, settings } = foundIn(
      sectionsOf(
        `m configuration\n123 5 /etc/a b\n/etc/l -> ../b\n/etc/libvirt/qemu/a.xml 7\nm settings\n${seed}fe80::1`,
        "m",
      ),
    );
    deepEqual(configuration, ["/etc/a b 5 123", "/etc/l -> ../b", "/etc/libvirt/qemu/a.xml 7"]);
    match(settings.join(), new RegExp(`^${seed}[0-9a-f]{12}$`));
  });

  const user = (id: number): string => `m user\n${id}\n`;
  const hidden = "m mounts\nproc /proc proc rw,hidepid=invisible 0 0\n";
  const unseen: readonly (readonly [string, string, readonly string[]])[] = [
    [
      "a file that only root may read",
      `${user(9)}m configuration\nm: cksum: /etc/shadow: Permission denied\nm: find: '/etc/a b': Permission denied\n`,
      ["configuration /etc/shadow: not allowed", "configuration /etc/a b: not allowed"],
    ],
    [
      "no file that is gone",
      `${user(9)}m files\nm: find: '/run/libvirt/qemu': No such file or directory\n`,
      [],
    ],
    [
      "a packet filter that only root may read",
      `${user(9)}m filters iptables\nm: iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n`,
      ["filters iptables: not allowed"],
    ],
    [
      "no packet filter that the kernel does not know, and no advice",
      `${user(0)}m filters nft\nm: nft: Protocol not supported\nm filters iptables\nm: # Warning: iptables-legacy tables present\n`,
      [],
    ],
    [
      "a packet filter that answers with an error",
      `${user(0)}m filters nft\nm: netlink: Error: cache initialization failed: Out of memory\n`,
      ["filters nft: failed"],
    ],
    [
      "a setting that only root may read, and none that nobody can",
      `${user(9)}m settings\nm: grep: /proc/sys/kernel/cad_pid: Permission denied\nm: grep: /proc/sys/vm/drop_caches: Permission denied\n`,
      ["settings /proc/sys/kernel/cad_pid: not allowed"],
    ],
    [
      "for root no setting: what root may not read has no value",
      `${user(0)}m settings\nm: grep: /proc/sys/net/ipv4/route/flush: Permission denied\nm: grep: /proc/sys/net/ipv6/conf/lo/stable_secret: Input/output error\n`,
      [],
    ],
    [
      "a tool that is missing, once for each part",
      `${user(9)}m addresses\nm: missing\nm neighbours\nm: missing\nm: missing\nm devices\nm: missing\n`,
      ["devices : no tool", "addresses : no tool"],
    ],
    ["a tool that is missing", `${user(0)}m queues\nm: missing\n`, ["queues : no tool"]],
    ["processes that the host hides", `${user(9)}${hidden}`, ["processes : not allowed"]],
    ["nothing for root of what the host hides", `${user(0)}${hidden}`, []],
  ];
  for (const [what, output, told] of unseen)
    it(`name ${what}`, () => {
      const filter = output.includes("filters") ? "" : "m filters ebtables\n";
      deepEqual(
        unseenIn(sectionsOf(output + filter, "m")).map(
          ({ part, what: name, why }) => `${part} ${name}: ${why}`,
        ),
        told,
      );
    });

  it("name packet filters where the host has no program for any", () => {
    deepEqual(unseenIn(sectionsOf(user(0), "m")), [{ part: "filters", what: "", why: "no tool" }]);
  });

  const processes: readonly (readonly [string, string])[] = [
    [
      "/usr/bin/qemu-system-x86_64 -name guest=dev-core01,debug-threads=on -S -uuid 1",
      "/usr/bin/qemu-system-x86_64 of dev-core01",
    ],
    ["qemu-system-x86_64 -name dev-core01 -m 64", "qemu-system-x86_64 of dev-core01"],
    ["qemu-system-x86_64 -m 64 ", "qemu-system-x86_64 -m 64"],
  ];
  for (const [line, name] of processes)
    it(`know ${line} as ${name}`, () => {
      equal(qemuProcess(line), name);
    });

  it("see this machine's devices, mounts and files, and a file that comes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "snap shot's "));
    const take = () => takeSnapshot(accessBy("qemu:///system"), { libvirt: false, folders: [folder] });
    try {
      const before = await take();
      ok(before.things.links.includes("lo"));
      ok(before.things.mounts.some((mount) => mount.includes(" /proc ")));
      ok(before.things.files.includes(folder));
      ok(before.things.settings.some((setting) => /^\/proc\/sys\/net\/ipv4\/ip_forward:[01]$/.test(setting)));
      ok(before.things.configuration.some((file) => /^\/etc\/passwd \d+ \d+$/.test(file)));
      ok(before.things.devices.some((setting) => /^lo mtu:\d+$/.test(setting)));
      ok(before.things.addresses.includes("lo 127.0.0.1/8"));
      ok(before.things.places.includes("/etc"));
      ok(before.unseen.some(({ part, why }) => part === "domains" && why === "not asked"));
      const file = join(folder, "left $(behind)");
      writeFileSync(file, "");
      const differences = compare(before, await take());
      ok(differences.some(({ what, thing }) => what === "left" && thing === file));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are the same where the script goes through a login shell, as behind ssh", async () => {
    const options = { libvirt: false, folders: ["/no/such folder's"] };
    const here = accessBy("qemu:///system");
    const there = { ...here, commandLine: (words: readonly string[]) => ["sh", "-c", shellCommand(words)] };
    const [one, other] = [await takeSnapshot(here, options), await takeSnapshot(there, options)];
    deepEqual(
      PARTS.map((part) => `${part} ${other.things[part].length > 0}`),
      PARTS.map((part) => `${part} ${one.things[part].length > 0}`),
    );
    deepEqual(other.things.configuration, one.things.configuration);
    deepEqual(other.unseen, one.unseen);
  });
});
