import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { PREFIX_VARIABLE } from "../../../plan/typed.ts";
import { readSettings } from "../../../settings.ts";

describe("reading the settings", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs }) => ({ id: name, state: inputs as Record<string, unknown> }),
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      "coreos-cluster",
      "alice",
    );
  });

  // The tests may themselves be run through a program that sets it.
  const outer = process.env[PREFIX_VARIABLE];
  const restore = (value: string | undefined): void => {
    if (value === undefined) Reflect.deleteProperty(process.env, PREFIX_VARIABLE);
    else process.env[PREFIX_VARIABLE] = value;
  };
  beforeEach(() => {
    restore(undefined);
  });
  after(() => {
    restore(outer);
  });

  const read = (config: Record<string, string>, secrets: string[] = []): ReturnType<typeof readSettings> => {
    pulumi.runtime.setAllConfig(config, secrets);
    return readSettings();
  };

  it("gives the stack's name and all keys of the project, known or not", () => {
    assert.deepEqual(
      read({
        "coreos-cluster:nodes": "3",
        "coreos-cluster:nodez": "x",
        "libvirt:uri": "qemu:///system",
        "coreos-cluster-2:a": "b",
      }),
      {
        stack: "alice",
        values: { nodes: "3", nodez: "x" },
        secretKeys: [],
      },
    );
  });

  it("hands over what stands before commands, if anything does", () => {
    assert.ok(!("commandPrefix" in read({})));
    process.env[PREFIX_VARIABLE] = "npm run cluster -- exec";
    assert.equal(read({}).commandPrefix, "npm run cluster -- exec");
  });

  it("reads objects and lists, and leaves texts that only look like them", () => {
    const { values } = read({
      "coreos-cluster:discovery": '{"mode":"etcd","endpoint":"http://r:2379"}',
      "coreos-cluster:sshAuthorizedKeys": '["a"]',
      "coreos-cluster:prefix": "[x",
      "coreos-cluster:bridge": "true",
    });
    assert.deepEqual(values, {
      discovery: { mode: "etcd", endpoint: "http://r:2379" },
      sshAuthorizedKeys: ["a"],
      prefix: "[x",
      bridge: "true",
    });
  });

  it("takes an empty text for a key that is not set", () => {
    assert.deepEqual(read({ "coreos-cluster:nodes": "", "coreos-cluster:image": "" }), {
      stack: "alice",
      values: {},
      secretKeys: [],
    });
  });

  it("names the keys that are secret", () => {
    const { secretKeys } = read({ "coreos-cluster:discovery": "{}", "coreos-cluster:nodes": "3" }, [
      "coreos-cluster:discovery",
    ]);
    assert.deepEqual(secretKeys, ["discovery"]);
  });

  it("looks at the image", () => {
    const folder = mkdtempSync(join(tmpdir(), "settings-"));
    try {
      const file = join(folder, "a.raw");
      const disk = Buffer.alloc(1024);
      disk.writeUInt16BE(0x55aa, 510);
      writeFileSync(file, disk);
      const { image } = read({ "coreos-cluster:image": ` ${file} ` });
      assert.ok(image !== undefined && "image" in image);
      assert.equal(image.image.path, file);
      assert.ok("problem" in (read({ "coreos-cluster:image": join(folder, "none") }).image ?? {}));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
