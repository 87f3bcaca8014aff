/** `leaks` as a user types it tells of the same things as the tests' own look, and says what it could not look at. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { execa } from "execa";
import { notLookedAt } from "../../../commands/hosts/leaksReport.ts";
import { accessInside, type HostAccess } from "../../../host/access.ts";
import { compare } from "../../../host/snapshot/compare.ts";
import { takeSnapshot } from "../../../host/snapshot.ts";
import { enterCommand } from "../../../lab/libvirt/index.ts";
import { makePlace, type Place } from "../program/support.ts";
import { inLab, PLANTED } from "./planted.ts";

describe("the verb leaks on a lab", function () {
  this.timeout(5 * 60_000);
  let place: Place;
  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
  });
  after(() => place.remove());

  const KINDS = [
    ...["a setting", "a rule of a", "an address", "a network that", "another conf", "a folder in"],
    ...["a bridge that", "a neighbour"],
  ];
  const planted = PLANTED.filter(({ what }) => KINDS.some((kind) => what.startsWith(kind)));
  const leaks = async (...words: string[]): Promise<{ exitCode?: number | undefined; all: string }> =>
    execa(process.execPath, ["commands/main.ts", "leaks", ...words], {
      ...{ cwd: join(import.meta.dirname, "../../.."), all: true, reject: false },
      env: { CLUSTER_LAB_DIR: place.context.paths.lab, NO_COLOR: "1", LIBVIRT_DEFAULT_URI: "" },
    });

  it("tells each kind of thing that was left or changed, and that all is as it was when they are gone", async () => {
    const file = join(place.folder, "before.json");
    const saved = await leaks("--save", file);
    equal(saved.exitCode, 0, saved.all);
    match(saved.all, /, \d{3,} kernel settings, .*\nnot looked at: discovery tokens: not asked for\.$/);
    for (const { make } of planted) await inLab(place, make);
    const found = await leaks("--against", file);
    for (const { remove } of planted) await inLab(place, remove);
    equal(found.exitCode, 1, found.all);
    for (const line of [
      /^changed: kernel setting \/proc\/sys\/net\/ipv4\/ip_forward: it was 1, and is 0$/m,
      /^left: packet filter iptables filter -A FORWARD -i br0 .*DROP$/m,
      /^left: packet filter ip6tables filter -A INPUT .*DROP$/m,
      /^left: packet filter ebtables filter -A FORWARD -p ARP -j DROP$/m,
      /^left: address br0 10\.99\.0\.1\/24$/m,
      /^left: route 10\.99\.0\.0\/24 dev br0/m,
      /^left: queue qdisc tbf dev br0/m,
      /^changed: configuration file \/etc\/hostname$/m,
      /^changed: setting of network device br0 forward_delay: it was 0, and is 1500$/m,
      /^left: address neighbour 10\.99\.0\.9 dev br0 lladdr 02:00:00:00:00:09$/m,
      /^left: file or folder \/run\/left$/m,
    ])
      match(found.all, line);
    const clean = await leaks("--against", file);
    equal(clean.exitCode, 0, clean.all);
    match(clean.all, /^the lab is as it was since \S+Z\.$/m);
  });

  it("tells what the user who looks may not see as not looked at, and not as gone", async () => {
    const access = accessInside("the lab", place.host.uri, enterCommand(place.context));
    const nobody: HostAccess = {
      ...access,
      commandLine: (words) =>
        access.commandLine(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...words]),
    };
    const rule = "FORWARD -i br0 -p tcp --dport 2381 -j DROP";
    await inLab(place, `iptables -I ${rule}`);
    const root = await takeSnapshot(access, { libvirt: true });
    const other = await takeSnapshot(nobody, { libvirt: true });
    await inLab(place, `iptables -D ${rule}`);
    ok(root.things.filters.some((filter) => filter.includes("2381")));
    // Whose network the machines of other labs are in is nothing that others than root may read: there they count.
    deepEqual(
      [compare(root, other), compare(other, root)].map((all) =>
        all.filter(({ part }) => part !== "processes"),
      ),
      [[], []],
    );
    match(notLookedAt(other.unseen).join("\n"), /packet filters: only root may \(iptables, /);
    match(notLookedAt(other.unseen).join("\n"), /configuration files: only root may \(.*\/etc\//);
    deepEqual(
      root.unseen.map(({ part }) => part),
      ["tokens"],
    );
  });
});
