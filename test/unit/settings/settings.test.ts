import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { PREFIX_VARIABLE } from "../../../plan/typed.ts";
import { readSettings, readSource } from "../../../settings.ts";

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

  const read = async (config: Record<string, string>, secrets: string[] = []) => {
    pulumi.runtime.setAllConfig(config, secrets);
    return await readSettings();
  };

  it("gives the stack's name and all keys of the project, known or not", async () => {
    assert.deepEqual(
      await read({
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

  it("hands over what stands before commands, if anything does", async () => {
    assert.ok(!("commandPrefix" in (await read({}))));
    process.env[PREFIX_VARIABLE] = "npm run cluster -- exec";
    assert.equal((await read({})).commandPrefix, "npm run cluster -- exec");
  });

  it("reads objects and lists, and leaves texts that only look like them", async () => {
    const { values } = await read({
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

  it("takes an empty text for a key that is not set", async () => {
    assert.deepEqual(await read({ "coreos-cluster:nodes": "", "coreos-cluster:image": "" }), {
      stack: "alice",
      values: {},
      secretKeys: [],
    });
  });

  it("hands over keys of the project that were set in another namespace, and no others", async () => {
    const misplaced = { "coreos:nodes": "3", "coreos-clustr:memroy": "1", "coreos-clustr:memory": "1GiB" };
    const others = {
      "libvirt:uri": "qemu:///system",
      "pulumi:template": "x",
      "aws:region": "y",
      "aws:nodez": "1",
      "coreos-clustr:x": "y",
    };
    const { values, secretKeys } = await read({ ...misplaced, ...others }, ["coreos-clustr:memory"]);
    assert.deepEqual(values, misplaced);
    assert.deepEqual(secretKeys, ["coreos-clustr:memory"]);
  });

  it("names the keys that are secret", async () => {
    const { secretKeys } = await read({ "coreos-cluster:discovery": "{}", "coreos-cluster:nodes": "3" }, [
      "coreos-cluster:discovery",
    ]);
    assert.deepEqual(secretKeys, ["discovery"]);
  });

  it("fetches no image while anything else is wrong", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(404).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const config = {
        "coreos-cluster:image": JSON.stringify({ source: `http://127.0.0.1:${port}/a.img`, insecure: true }),
        "coreos-cluster:sshAuthorizedKeys": "[]",
      };
      assert.ok(!("image" in (await read({ ...config, "coreos-cluster:nodez": "3" }))));
      assert.equal(asked.length, 0);
      assert.ok("problem" in ((await read(config)).image ?? {}));
      assert.ok(asked.includes("/a.img"));
    } finally {
      server.close();
    }
  });

  it("looks at the image, given as a text or as an object", async () => {
    const folder = mkdtempSync(join(tmpdir(), "settings-"));
    const moved = process.env["CLUSTER_CACHE_DIR"];
    process.env["CLUSTER_CACHE_DIR"] = join(folder, "cache");
    try {
      const file = join(folder, "a.raw");
      const disk = Buffer.alloc(1024);
      disk.writeUInt16BE(0x55aa, 510);
      writeFileSync(file, disk);
      const sha256 = createHash("sha256").update(disk).digest("hex");
      const value = { source: ` ${file} `, sha256: sha256.toUpperCase() };
      const { image } = await read({ "coreos-cluster:image": JSON.stringify(value) });
      assert.ok(image !== undefined && "image" in image);
      assert.deepEqual([image.image.path, image.image.sha256], [file, sha256]);
      // A path alone, without any word of its publisher: the command that mends it has the file's checksum.
      const { image: bare } = await read({ "coreos-cluster:image": ` ${file} `, "coreos-cluster:os": "lab" });
      assert.ok(bare !== undefined && "problem" in bare);
      assert.match(bare.problem, /no key is known for images of os lab/);
      assert.ok(bare.remedy?.endsWith(`image.sha256 ${sha256}`));
      const { image: none } = await read({ "coreos-cluster:image": join(folder, "none") });
      assert.match(none !== undefined && "problem" in none ? none.problem : "", /there is no/);
      // What is no request is the schema's to refuse.
      assert.ok(!("image" in (await read({ "coreos-cluster:image": '{"sorce":"x"}' }))));
    } finally {
      if (moved === undefined) Reflect.deleteProperty(process.env, "CLUSTER_CACHE_DIR");
      else process.env["CLUSTER_CACHE_DIR"] = moved;
      rmSync(folder, { recursive: true });
    }
  });
});

describe("files that the config names", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sources-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it("are read, by paths of all kinds", () => {
    const path = write("a.yaml", "variant: fcos # grün\n");
    const text = "variant: fcos # grün\n";
    assert.deepEqual(readSource(path), { file: { source: path, path, text } });
    assert.deepEqual(readSource("./a.yaml", folder), { file: { source: "./a.yaml", path, text } });
    const home = `~/${relative(homedir(), path)}`;
    assert.deepEqual(readSource(home), { file: { source: home, path, text } });
    assert.deepEqual(readSource("a.yaml", folder), { file: { source: "a.yaml", path, text } });
  });

  const wrong: [string, (path: string) => void, RegExp][] = [
    ["that is not there", () => undefined, /^an existing file; there is no .*none$/],
    [
      "below a file",
      (path) => {
        writeFileSync(path.replace(/\/[^/]*$/, ""), "");
      },
      /^an existing file; there is no/,
    ],
    [
      "that is a folder",
      (path) => {
        mkdirSync(path);
      },
      /^a file; .* is a folder$/,
    ],
    [
      "that is a named pipe",
      (path) => {
        execFileSync("mkfifo", [path]);
      },
      /^a file; .* is something else$/,
    ],
    [
      "larger than 1 MiB",
      (path) => {
        writeFileSync(path, Buffer.alloc(2 ** 20 + 1, "a"));
      },
      /^a file of 1 MiB at most; .* has 1048577 bytes$/,
    ],
    [
      "that is no UTF-8",
      (path) => {
        writeFileSync(path, Buffer.from([0x61, 0xff, 0xfe]));
      },
      /^a text file in UTF-8; .* is something else$/,
    ],
    [
      "that leads to itself",
      (path) => {
        symlinkSync(path, path);
      },
      /^a file; .* is a link that leads to itself$/,
    ],
  ];
  for (const [index, [what, make, expected]] of wrong.entries()) {
    it(`are said to be wrong: one ${what}`, () => {
      const path = join(
        folder,
        what.startsWith("below") ? `file${index}/none` : `none${index}`.replace(/0$/, ""),
      );
      make(path);
      const finding = readSource(path);
      assert.ok("problem" in finding);
      assert.match(finding.problem, expected);
      assert.ok(finding.problem.includes(path));
    });
  }

  it("are said to be wrong: one that may not be read", function () {
    if (process.getuid?.() === 0) this.skip(); // root reads everything
    const path = write("locked", "x");
    chmodSync(path, 0);
    assert.match((readSource(path) as { problem: string }).problem, /you may not read/);
  });

  it("are as large as 1 MiB", () => {
    assert.ok("file" in readSource(write("large", "a".repeat(2 ** 20))));
  });

  it("are found in the settings: snippets of all and of one node, and ignition", async () => {
    const [all, one, own] = [write("all.yaml", "1"), write("one.yaml", "2"), write("own.yaml", "3")];
    pulumi.runtime.setAllConfig({
      "coreos-cluster:snippets": JSON.stringify([all]),
      "coreos-cluster:nodes": JSON.stringify({ a: { snippets: [one, " none "] } }),
      "coreos-cluster:ignition": own,
    });
    const { files = {} } = await readSettings();
    assert.deepEqual(Object.keys(files), [all, one, "none", own]);
    assert.ok(
      Object.values(files)
        .map((file) => "file" in file)
        .join() === "true,true,false,true",
    );
  });
});
