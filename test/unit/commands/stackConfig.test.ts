import assert from "node:assert/strict";
import { labConfig, mergeStackConfig } from "../../../commands/lab/stackConfig.ts";

const image = { source: "/cache/image.qcow2", sha256: "ab".repeat(32) };
const lab = labConfig({
  libvirtUri: "qemu:///system",
  bridge: "br0",
  domainType: "qemu",
  image,
  registry: "http://192.0.2.1:2379",
  sshAuthorizedKey: "ssh-ed25519 AAAA lab",
});

describe("the lab's copy of the stack config", () => {
  it("fills in the lab's values where the tracked file is silent, and the tracked file wins", () => {
    const { file } = mergeStackConfig(
      { config: { "coreos-cluster:nodes": 3, "coreos-cluster:bridge": "br7" } },
      lab,
    );
    assert.equal(file.config?.["coreos-cluster:nodes"], 3);
    assert.equal(file.config["coreos-cluster:bridge"], "br7");
    assert.deepEqual(file.config["coreos-cluster:image"], image);
    assert.deepEqual(file.config["coreos-cluster:discovery"], {
      mode: "etcd",
      endpoint: "http://192.0.2.1:2379",
    });
  });

  it("keeps what was set or removed in the copy, and the salt, when the tracked file changes", () => {
    const first = mergeStackConfig({ config: { "coreos-cluster:nodes": 3, "coreos-cluster:vcpus": 2 } }, lab);
    const edited = {
      ...first.file,
      encryptionsalt: "v1:salt",
      config: { ...first.file.config, "coreos-cluster:memory": "1GiB" } as Record<string, unknown>,
    };
    delete edited.config["coreos-cluster:vcpus"];
    const second = mergeStackConfig(
      { config: { "coreos-cluster:nodes": 5, "coreos-cluster:vcpus": 2 } },
      lab,
      first.generated,
      edited,
    );
    assert.equal(second.file.config?.["coreos-cluster:nodes"], 5);
    assert.equal(second.file.config["coreos-cluster:memory"], "1GiB");
    assert.equal("coreos-cluster:vcpus" in second.file.config, false);
    assert.equal(second.file["encryptionsalt"], "v1:salt");
  });

  it("takes no rewriting by Pulumi, which turns numbers into strings, for a setting of the user's", () => {
    const first = mergeStackConfig(
      { config: { "coreos-cluster:nodes": 3, "coreos-cluster:x": { a: true } } },
      lab,
    );
    const config = { ...first.file.config, "coreos-cluster:nodes": "3", "coreos-cluster:x": { a: "true" } };
    const { file } = mergeStackConfig({ config: { "coreos-cluster:nodes": 5 } }, lab, first.generated, {
      config,
    });
    assert.equal(file.config?.["coreos-cluster:nodes"], 5);
    assert.equal("coreos-cluster:x" in file.config, false);
  });

  it("lets go of a lab value that changed, such as the image of another recipe", () => {
    const first = mergeStackConfig({}, lab);
    const other = { ...image, source: "/cache/other.qcow2" };
    const next = { ...lab, "coreos-cluster:image": other };
    const { file } = mergeStackConfig({}, next, first.generated, first.file);
    assert.deepEqual(file.config?.["coreos-cluster:image"], other);
  });

  it("gives a key that the lab supplies the lab's value again when it was set and removed", () => {
    const first = mergeStackConfig({}, lab);
    const config = { ...first.file.config, "coreos-cluster:image": "/somebody's.qcow2" } as Record<
      string,
      unknown
    >;
    const second = mergeStackConfig({}, lab, first.generated, { config });
    assert.equal(second.file.config?.["coreos-cluster:image"], "/somebody's.qcow2");
    delete config["coreos-cluster:image"];
    const third = mergeStackConfig({}, lab, second.generated, { config });
    assert.deepEqual(third.file.config?.["coreos-cluster:image"], image);
  });

  it("writes the same again when nothing changed", () => {
    const first = mergeStackConfig({ config: { "coreos-cluster:nodes": 3 } }, lab);
    const again = mergeStackConfig(
      { config: { "coreos-cluster:nodes": 3 } },
      lab,
      first.generated,
      first.file,
    );
    assert.deepEqual(again, first);
  });

  it("makes a copy that was lost anew, whole", () => {
    const first = mergeStackConfig({}, lab);
    assert.deepEqual(mergeStackConfig({}, lab, first.generated, {}).file.config, first.file.config);
  });
});
