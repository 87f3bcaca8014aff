import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  allProfiles,
  bootstrap,
  cluster,
  DISCOVERIES,
  fullSettings,
  nodeOf,
  withProfiles,
} from "./cluster.ts";
import { assertGolden } from "./golden.ts";
import { memberHosts, profileFiles } from "../../../ignition/families.ts";
import { membersOf } from "../../../plan/members.ts";
import { composeConfig } from "../../../ignition/index.ts";
import { CONSOLES, OS_FAMILIES, OS_TRAITS } from "../../../plan/os.ts";
import type { ClusterPlan, NodePlan, OsFamily } from "../../../plan/types.ts";

const ways = Object.entries(DISCOVERIES);
const config = (made: ClusterPlan, node: NodePlan): string =>
  composeConfig(made, node, { ...bootstrap, clusterToken: "0123456789ab" }).text;

/** The lab's image can't have another etcd than its own. */
const fits = (os: string, way: string): boolean => os !== "lab" || way !== "v3";

describe("a node's Container Linux Config by system", () => {
  for (const os of OS_FAMILIES) {
    for (const name of ["one", "watcher"] as const) {
      const role = name === "one" ? "member" : "client";
      it(`is as reviewed for a ${role} on ${os}`, () => {
        const made = cluster({ os });
        const file = join(import.meta.dirname, "golden", `${os}-${role}.yaml`);
        assertGolden(file, config(made, nodeOf(made, name)));
      });
    }
  }

  it("is as reviewed for a member of a static cluster with all profiles on fedora-coreos, s390x", () => {
    const made = cluster({
      os: "fedora-coreos",
      arch: "s390x",
      discovery: { mode: "static" },
      ...fullSettings,
    });
    const node = withProfiles(nodeOf(made, "one"), allProfiles("fedora-coreos", "metadata-remote"));
    assertGolden(join(import.meta.dirname, "golden/fedora-coreos-s390x-all.yaml"), config(made, node));
  });

  it("differs from x86_64's, with all profiles, by what was reviewed on each other architecture", () => {
    const lines = (os: OsFamily, arch: string): string[] => {
      const made = cluster({ os, arch, ...fullSettings });
      return config(made, withProfiles(nodeOf(made, "one"), allProfiles(os, "metadata-local"))).split("\n");
    };
    const differences = OS_FAMILIES.flatMap((os) => {
      const usual = lines(os, "x86_64");
      return OS_TRAITS[os].architectures
        .filter((arch) => arch !== "x86_64")
        .flatMap((arch) => {
          const other = lines(os, arch);
          const changed = other.flatMap((line, at) =>
            line === usual[at] ? [] : [`-${usual[at] ?? ""}`, `+${line}`],
          );
          return [`${os} ${arch}`, ...(other.length === usual.length ? changed : ["another length"])];
        });
    });
    assertGolden(join(import.meta.dirname, "golden/architectures.diff"), `${differences.join("\n")}\n`);
  });

  for (const os of OS_FAMILIES) {
    for (const [way, settings] of ways.filter(([name]) => fits(os, name))) {
      it(`can be composed of all profiles on ${os} with discovery by ${way}`, () => {
        const made = cluster({ os, ...settings, ...fullSettings });
        for (const metadata of ["metadata-local", "metadata-remote"] as const) {
          const node = withProfiles(nodeOf(made, "one"), allProfiles(os, metadata));
          const text = config(made, node);
          assert.doesNotMatch(text, /\{\{/);
          assert.doesNotMatch(text, /undefined|\[object/);
        }
      });
    }
  }

  it("uses every file of ignition/profiles somewhere", () => {
    const used = OS_FAMILIES.flatMap((os) =>
      ways
        .filter(([way]) => fits(os, way))
        .flatMap(([, settings]) =>
          (["metadata-local", "metadata-remote"] as const).flatMap((metadata) => {
            const tls = String(metadata === "metadata-remote");
            const made = cluster({ os, domainType: "qemu", tls, ...settings, ...fullSettings });
            const node = withProfiles(nodeOf(made, "one"), allProfiles(os, metadata));
            return [...profileFiles(made, node), ...profileFiles(made, node, true)];
          }),
        ),
    );
    const files = readdirSync(join(import.meta.dirname, "../../../ignition/profiles"));
    assert.deepEqual([...new Set(used)].map((name) => `${name}.yaml`).sort(), files.sort());
  });

  for (const [arch, console] of Object.entries(CONSOLES)) {
    it(`logs in on ${console} where the architecture is ${arch}`, () => {
      const os = OS_FAMILIES.find((family) => OS_TRAITS[family].architectures.includes(arch as "x86_64"));
      const made = cluster({ os, arch });
      const text = config(made, withProfiles(nodeOf(made, "one"), ["autologin"]));
      assert.ok(text.includes(`name: serial-getty@${console}.service`), text);
    });
  }
});

describe("the members of a cluster", () => {
  const addresses = { one: { address: "10.0.0.11" }, two: { address: "10.0.0.12" } };

  it("are in the order of their names, whatever the config's order", () => {
    const made = cluster();
    const turned = { ...made, nodes: made.nodes.toReversed() };
    for (const one of [made, turned])
      assert.deepEqual(
        membersOf(one).map(({ name }) => name),
        ["one", "three", "two"],
      );
  });

  it("are reached by their addresses where all of them have one, else by their names", () => {
    const some = cluster({ nodes: { ...addresses, three: {}, watcher: { role: "client" } } });
    assert.deepEqual(
      [...memberHosts(some)],
      [
        ["one", "one"],
        ["three", "three"],
        ["two", "two"],
      ],
    );
    const all = cluster({ nodes: { ...addresses, watcher: { role: "client" } } });
    assert.deepEqual(
      [...memberHosts(all)],
      [
        ["one", "10.0.0.11"],
        ["two", "10.0.0.12"],
      ],
    );
  });

  for (const os of OS_FAMILIES) {
    for (const [way, settings] of ways.filter(([name]) => fits(os, name))) {
      it(`on ${os} don't change when a machine without etcd joins or leaves (${way})`, () => {
        const all = { os, ...settings };
        const before = cluster({ ...all, nodes: { one: {}, two: {}, three: {} } });
        const after = cluster({
          ...all,
          nodes: { one: {}, two: {}, three: {}, a: { role: "client" }, z: { role: "client" } },
        });
        for (const { name } of before.nodes) {
          assert.equal(config(after, nodeOf(after, name)), config(before, nodeOf(before, name)));
        }
      });
    }
  }
});

describe("how members find each other", () => {
  const member = (changes: Record<string, unknown>): string => {
    const made = cluster(changes);
    return config(made, nodeOf(made, "two"));
  };
  const discovery = { mode: "static" };

  it("static: all names and peer URLs, in order, with the generation as token", () => {
    const text = member({ os: "flatcar", discovery });
    assert.match(
      text,
      /initial_cluster: one=http:\/\/one:2380,three=http:\/\/three:2380,two=http:\/\/two:2380\n/,
    );
    assert.match(text, /initial_cluster_state: new\n/);
    assert.match(text, /initial_cluster_token: 0123456789ab\n/);
    assert.match(text, /initial_advertise_peer_urls: http:\/\/two:2380\n/);
    assert.match(text, /advertise_client_urls: http:\/\/two:2379\n/);
    assert.doesNotMatch(text, /discovery:/);
  });

  it("static, with addresses: those, and no names", () => {
    const nodes = { one: { address: "10.0.0.11" }, two: { address: "10.0.0.12" }, w: { role: "client" } };
    const text = member({ os: "flatcar", discovery, nodes });
    assert.match(text, /initial_cluster: one=http:\/\/10\.0\.0\.11:2380,two=http:\/\/10\.0\.0\.12:2380\n/);
    assert.match(text, /initial_advertise_peer_urls: http:\/\/10\.0\.0\.12:2380\n/);
  });

  it("in a container the host's resolver answers, however they find each other: who joins later is known by name", () => {
    for (const changes of [{ discovery }, {}]) {
      for (const os of ["flatcar", "container-linux"])
        assert.match(member({ os, ...changes }), /path: \/etc\/resolv\.conf\n/);
      for (const os of ["fedora-coreos", "lab"])
        assert.doesNotMatch(member({ os, ...changes }), /resolv\.conf\n/);
    }
  });

  it("v3: token and endpoints, no v2 and no URL", () => {
    for (const os of ["flatcar", "fedora-coreos"]) {
      const made = cluster({ os, ...DISCOVERIES["v3"] });
      const url = "http://10.0.0.1:2379/_etcd/registry/8a5f";
      const { text } = composeConfig(made, nodeOf(made, "one"), { discoveryUrl: url });
      assert.match(text, /Environment="ETCD_DISCOVERY_TOKEN=8a5f"/);
      assert.match(
        text,
        /Environment="ETCD_DISCOVERY_ENDPOINTS=http:\/\/10\.0\.0\.1:2379,http:\/\/10\.0\.0\.2:2379"/,
      );
      assert.doesNotMatch(text, /ETCD_DISCOVERY=|^ {2}discovery:|enable_v2|ENABLE_V2/m);
      assert.match(text, /v3\.6\.5/);
    }
  });

  const versions: [string, string | undefined, boolean, RegExp | undefined][] = [
    ["flatcar", undefined, true, /ETCD_IMAGE_TAG=v3\.5\.\d+\n/],
    ["flatcar", "3.4.37", true, /ETCD_IMAGE_TAG=v3\.4\.37\n/],
    ["flatcar", "3.6.1", false, /ETCD_IMAGE_TAG=v3\.6\.1\n/],
    ["container-linux", undefined, true, undefined],
    ["container-linux", "3.3.27", true, /ETCD_IMAGE_TAG=v3\.3\.27\n/],
    ["fedora-coreos", undefined, true, /Image=quay\.io\/coreos\/etcd:v3\.5\.\d+\n/],
    ["fedora-coreos", "3.6.1", false, /Image=quay\.io\/coreos\/etcd:v3\.6\.1\n/],
    ["lab", undefined, true, undefined],
  ];
  for (const [os, etcdVersion, v2, image] of versions) {
    it(`etcd ${etcdVersion ?? "of the default version"} on ${os} ${v2 ? "serves" : "does not know"} the v2 API`, () => {
      const text = member({ os, etcdVersion, discovery });
      assert.equal(/enable_v2: true|ETCD_ENABLE_V2=true/.test(text), v2);
      if (image === undefined) assert.doesNotMatch(text, /ETCD_IMAGE_TAG/);
      else assert.match(text, image);
    });
  }
});
