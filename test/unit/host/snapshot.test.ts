import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { accessBy } from "../../../host/access.ts";
import {
  compare,
  PARTS,
  qemuProcess,
  sectionsOf,
  takeSnapshot,
  type Things,
} from "../../../host/snapshot.ts";

const things = (some: Partial<Things>): Things => ({
  ...(Object.fromEntries(PARTS.map((part) => [part, []])) as unknown as Things),
  ...some,
});

describe("snapshots of a host", () => {
  it("tell what was left and what is gone, each thing as often as it is there", () => {
    const before = things({ domains: ["a", "b"], mounts: ["m", "m"], files: ["/x"] });
    const now = things({ domains: ["b", "c"], mounts: ["m", "m", "m"], files: [] });
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
        const [a, b] = [things({ links: one }), things({ links: other })];
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

  it("are put together of sections, whatever lines look like", () => {
    deepEqual(
      [...sectionsOf("m links\nlo\nbr0\n\nm mounts\nproc /proc\nM links\nlinks\n", "m")],
      [
        ["links", ["lo", "br0"]],
        ["mounts", ["proc /proc", "M links", "links"]],
      ],
    );
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
      const file = join(folder, "left $(behind)");
      writeFileSync(file, "");
      const differences = compare(before.things, (await take()).things);
      ok(differences.some(({ what, thing }) => what === "left" && thing === file));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
