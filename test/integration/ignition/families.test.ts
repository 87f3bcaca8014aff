import assert from "node:assert/strict";
import { join } from "node:path";
import {
  allProfiles,
  bootstrap,
  cluster,
  DISCOVERIES,
  fullSettings,
  nodeOf,
  withProfiles,
} from "../../unit/ignition/cluster.ts";
import { assertGolden } from "../../unit/ignition/golden.ts";
import { differences, readable } from "./readable.ts";
import { generation, joins, renderIgnition } from "../../../ignition/index.ts";
import { OS_FAMILIES, OS_TRAITS } from "../../../plan/os.ts";
import type { ClusterPlan } from "../../../plan/types.ts";

interface Rendered {
  readonly ignition: { readonly version: string };
  readonly storage: { readonly files: readonly { readonly path: string; readonly mode: number }[] };
  readonly systemd: { readonly units: readonly { readonly name: string; readonly contents?: string }[] };
}

const parse = (json: string): Rendered => JSON.parse(json) as Rendered;

/** Four members of which the last one, in the order of names, joins those that are there; as all began together, and as they are. */
const GROWN = { nodes: { one: {}, two: {}, three: {}, zero: {} } };

/** In what the config of a member that joins is another than that of one that begins with the others. */
function joining(name: string, before: ClusterPlan, after: ClusterPlan): string {
  assert.deepEqual([joins(before, { name }), joins(after, { name })], [false, true]);
  const others = ["three", "two"].map((other) => `${other}=http://${other}:2380`);
  const initialCluster = [...others, `${name}=http://${name}:2380`].join(",");
  const common = { ...bootstrap, clusterToken: "the-generation" };
  return differences(
    readable(renderIgnition(before, nodeOf(before, name), common)),
    readable(renderIgnition(after, nodeOf(after, name), { ...common, initialCluster })),
  );
}

describe("a node's Ignition config by system", function () {
  this.timeout(20_000);

  for (const os of OS_FAMILIES) {
    for (const name of ["one", "watcher"] as const) {
      const role = name === "one" ? "member" : "client";
      it(`is as reviewed for a ${role} on ${os}`, () => {
        const made = cluster({ os });
        const json = renderIgnition(made, nodeOf(made, name), bootstrap);
        assertGolden(join(import.meta.dirname, "golden", `${os}-${role}.json`), readable(json));
      });
    }

    it(`is as reviewed for a member that joins on ${os}`, () => {
      const sections = ["etcd", "static"].flatMap((way) => {
        const settings = { os, ...DISCOVERIES[way] };
        const begun = cluster(settings);
        const again: ClusterPlan = {
          ...begun,
          rejoin: { generation: generation(begun), life: "ba9876543210", turns: { one: 1 } },
        };
        const four = { ...settings, ...GROWN };
        return [
          `with discovery by ${way}, grown:\n${joining("zero", cluster(four), cluster({ ...four, bootstrapSize: 3 }))}`,
          `with discovery by ${way}, made anew:\n${joining("one", begun, again)}`,
        ];
      });
      assertGolden(join(import.meta.dirname, "golden", `${os}-joins.diff`), sections.join("\n"));
    });

    for (const [way, settings] of Object.entries(DISCOVERIES)) {
      // The lab's image can't have another etcd than its own.
      if (os === "lab" && way === "v3") continue;
      it(`is written by ct without a warning for all profiles on ${os} with discovery by ${way}`, () => {
        for (const domainType of ["kvm", "qemu"]) {
          const made = cluster({ os, domainType, ...settings, ...fullSettings });
          for (const metadata of ["metadata-local", "metadata-remote"] as const) {
            const node = withProfiles(nodeOf(made, "one"), allProfiles(os, metadata));
            const { ignition, storage, systemd } = parse(renderIgnition(made, node, bootstrap));
            assert.equal(Number(ignition.version.split(".")[0]), OS_TRAITS[os].ignition);
            for (const list of [
              storage.files.map(({ path }) => path),
              systemd.units.map((unit) => unit.name),
            ]) {
              assert.equal(new Set(list).size, list.length);
            }
          }
        }
      });
    }
  }

  it("keeps NetworkManager's file to root, or NetworkManager would not read it", () => {
    const made = cluster({ os: "fedora-coreos" });
    const { storage } = parse(renderIgnition(made, nodeOf(made, "one"), bootstrap));
    const file = storage.files.find(({ path }) => path.endsWith(".nmconnection"));
    assert.equal(file?.mode, 0o600);
  });

  it("has no etcd-member.service of its own on fedora-coreos, where Podman makes it", () => {
    const made = cluster({ os: "fedora-coreos" });
    const { storage, systemd } = parse(renderIgnition(made, nodeOf(made, "one"), bootstrap));
    assert.ok(storage.files.some(({ path }) => path === "/etc/containers/systemd/etcd-member.container"));
    const own = systemd.units.filter(
      ({ name, contents }) => name === "etcd-member.service" && contents !== undefined,
    );
    assert.deepEqual(own, []); // a drop-in of ours adds to Podman's
  });
});
