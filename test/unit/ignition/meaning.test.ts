import assert from "node:assert/strict";
import type { Document } from "../../../ignition/render/document.ts";
import type { Path, Value, ValueMap } from "../../../ignition/render/values.ts";
import { findingText } from "../../../ignition/transpile/findings.ts";
import { etcdFindings, sectionsInVain } from "../../../ignition/transpile/meaning.ts";

/** Drop-ins of which `ours` come from a profile; all else is the user's. */
const document = (value: ValueMap, ours: readonly number[] = []): Document => ({
  value,
  originOf: (path: Path) => {
    const place = path[4];
    const user = typeof place !== "number" || !ours.includes(place);
    return { source: user ? "mine.yaml" : "etcd.yaml", line: Number(place ?? 0) + 1, user };
  },
});

const etcd = (dropins: Record<string, string>, files: Value[] = []): ValueMap => ({
  storage: { files },
  systemd: {
    units: [
      {
        name: "etcd-member.service",
        dropins: Object.entries(dropins).map(([name, contents]) => ({ name, contents })),
      },
    ],
  },
});

const FLAGS =
  "[Service]\nExecStart=\nExecStart=/usr/lib/coreos/etcd-wrapper $ETCD_OPTS \\\n  --name=one \\\n  -initial-cluster-state=new\n";
const quadlet = [{ path: "/etc/containers/systemd/etcd-member.container" }];

describe("sections that do nothing on a system", () => {
  const config = { update: { group: "beta" }, flannel: {}, networkd: { units: [{ name: "a.network" }] } };

  it("are named, with the reason", () => {
    assert.deepEqual(sectionsInVain(document(config), "fedora-coreos").map(findingText), [
      "mine.yaml line 1: update has no effect on fedora-coreos: it has no update-engine.service: Zincati updates it",
      "mine.yaml line 1: networkd has no effect on fedora-coreos: NetworkManager runs its network, by files under /etc/NetworkManager/system-connections",
    ]);
    const docker = { docker: { flags: ["-D"] } };
    assert.match(sectionsInVain(document(docker), "lab").map(findingText).join(), /it has no Docker$/);
  });

  it("are none on the systems that they are for, and where they are empty", () => {
    for (const os of ["flatcar", "container-linux"] as const)
      assert.deepEqual(sectionsInVain(document(config), os), []);
    const empty = { networkd: {}, docker: { flags: [] }, etcd: null };
    assert.deepEqual(sectionsInVain(document(empty), "fedora-coreos"), []);
  });
});

describe("drop-ins of etcd's unit beside a quadlet", () => {
  const found = (dropins: Record<string, string>, files: Value[] = quadlet) =>
    etcdFindings(document(etcd(dropins, files)), "fedora-coreos").map((finding) => [
      finding.fatal,
      findingText(finding),
    ]);

  it("can't bring another command, as ct's section etcd does", () => {
    assert.deepEqual(found({ "20-clct-etcd-member.conf": FLAGS }), [
      [
        true,
        "mine.yaml line 1: the drop-in 20-clct-etcd-member.conf of etcd-member.service (ct's, of the section etcd) takes the place of the Podman container that runs etcd here: take it out; etcd's options go into files under /etc/containers/systemd/etcd-member.container.d",
      ],
    ]);
    assert.deepEqual(found({ "20-clct-etcd-member.conf": FLAGS }, []), []);
  });

  it("set variables for nobody", () => {
    const contents =
      '[Service]\nEnvironment=ETCD_QUOTA_BACKEND_BYTES=1 "ETCD_SNAPSHOT_COUNT=2"\nRestartSec=1\n';
    assert.deepEqual(found({ "50.conf": contents }), [
      [
        false,
        "mine.yaml line 1: the drop-in 50.conf of etcd-member.service sets ETCD_QUOTA_BACKEND_BYTES, ETCD_SNAPSHOT_COUNT, which etcd's container does not get: etcd's options go into files under /etc/containers/systemd/etcd-member.container.d",
      ],
    ]);
    assert.deepEqual(found({ "50.conf": "[Service]\nRestartSec=1\nEnvironment=A=b\n" }), []);
  });
});

describe("options that etcd gets by variable and by flag", () => {
  const twice = "[Service]\nEnvironment=ETCD_NAME=x\nEnvironment='ETCD_INITIAL_CLUSTER_STATE=new'\n";
  const found = (os: "flatcar" | "container-linux" | "lab", more = "", ours = [0]) =>
    etcdFindings(document(etcd({ "20.conf": FLAGS, "40.conf": twice + more }), ours), os).map(
      ({ fatal, message, origin }) => [fatal, message, origin?.line],
    );
  const say = (effect: string) =>
    `etcd-member.service gets ETCD_INITIAL_CLUSTER_STATE by the drop-in 40.conf, and flags for the same by 20.conf: ${effect}. Leave out one of them, or the profile etcd where that brings it`;
  const refuses = [[true, say("etcd does not start with both"), 2]];
  const warns = [[false, say("etcd reads the flags alone"), 2]];

  it("are refused where etcd would not start", () => {
    assert.deepEqual(found("flatcar"), refuses);
    assert.deepEqual(found("container-linux", "Environment=ETCD_IMAGE_TAG=v3.4.0\n"), refuses);
  });

  it("are a warning where etcd reads the flags alone", () => {
    assert.deepEqual(found("container-linux"), warns);
    assert.deepEqual(found("lab"), warns);
    assert.deepEqual(found("flatcar", "Environment=ETCD_IMAGE_TAG=v3.3.27\n"), warns);
    assert.deepEqual(found("flatcar", "Environment=ETCD_IMAGE_TAG=v2.3.8\n"), warns);
  });

  it("are not looked for among the profiles, nor where a later drop-in takes the flags back", () => {
    assert.deepEqual(found("flatcar", "", [0, 1]), []);
    assert.deepEqual(found("flatcar", "ExecStart=\nExecStart=/usr/lib/coreos/etcd-wrapper\n"), []);
    assert.deepEqual(found("flatcar", "Environment=\n"), []);
  });
});
