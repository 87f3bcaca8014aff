import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { image, plan, publicKey } from "../../unit/plan/fixtures.ts";
import { fingerprint, generation, RenderError, renderIgnition } from "../../../ignition/index.ts";
import { inputOf, transpiled } from "./inputs.ts";
import type { ClusterPlan } from "../../../plan/types.ts";

const bootstrap = { discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/0123" };

function first(made: ClusterPlan): ClusterPlan["nodes"][number] {
  const [node] = made.nodes;
  assert.ok(node);
  return node;
}

const render = (made: ClusterPlan, url = bootstrap.discoveryUrl): string =>
  renderIgnition(made, first(made), { discoveryUrl: url });

describe("a node's Ignition config", () => {
  it("is Ignition 3 for the lab's image and 2.3 for Flatcar and Container Linux", () => {
    const version = (os: string): unknown =>
      (JSON.parse(render(plan({ os }))) as { ignition: { version: unknown } }).ignition.version;
    assert.deepEqual(
      [version("lab"), version("flatcar"), version("container-linux")],
      ["3.1.0", "2.3.0", "2.3.0"],
    );
  });

  it("can be read as Ignition 3 for every system: newer Flatcar translates it by itself", () => {
    const { status, stderr } = spawnSync("ign-converter", {
      input: render(plan({ os: "flatcar" })),
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  });

  it("brings the discovery URL to etcd as systemd will read it", () => {
    const text = render(plan(), "http://d.example/a%20b");
    assert.ok(text.includes('--discovery=\\"http://d.example/a%%20b\\"'), text);
  });
});

describe("transpiling", () => {
  it("names the profile and the line that ct complains of", () => {
    const text =
      "storage:\n  files:\n    - path: /a\n      filesystem: root\n      mode: 0644\n    - path: /b\n      filesystem: root\n      modus: 0644\n      mode: 0644\n";
    const inputs = [inputOf("first.yaml", "etcd:\n  name: x\n"), inputOf("snippet.yaml", text)];
    assert.throws(
      () => transpiled("lab", ...inputs),
      (error) => {
        assert.ok(error instanceof RenderError);
        assert.match(error.message, /unrecognized key: modus/);
        assert.match(error.message, /snippet\.yaml line 8: /);
        assert.doesNotMatch(error.message, /first\.yaml/);
        return true;
      },
    );
  });

  it("moves networkd's units for systems that read Ignition 3", () => {
    const json = transpiled(
      "lab",
      inputOf(
        "snippet.yaml",
        "networkd:\n  units:\n    - name: 00-eth.network\n      contents: |\n        [Match]\n        Name=eth0\n",
      ),
    );
    assert.ok(json.includes('"path":"/etc/systemd/network/00-eth.network"'), json);
  });

  it("reads a classic config's words and numbers as ct does", () => {
    const json = transpiled(
      "flatcar",
      inputOf(
        "snippet.yaml",
        "locksmith:\n  reboot_strategy: off\nsystemd:\n  units:\n    - name: a.service\n      enabled: yes\nstorage:\n  files:\n    - path: /a\n      filesystem: root\n      mode: 0755\n      contents: { inline: off }\n",
      ),
    );
    assert.ok(json.includes("REBOOT_STRATEGY%3D%22off%22"), json);
    assert.ok(json.includes('"source":"data:,off"'), json);
    assert.ok(json.includes('"mode":493'), json);
    assert.ok(json.includes('"enabled":true'), json);
  });

  it("brings any text through to a file's content", () => {
    const piece = fc.constantFrom(
      '"',
      "'",
      "\n",
      "{{x}}",
      "{",
      "}",
      "$",
      "%",
      "\\",
      ":",
      "#",
      " ",
      "-",
      "é",
      "\u2028",
      "\x7f",
      "\t",
      "😀",
      "yes",
      "~",
      "- a: b",
      "\u0085",
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 10 }).map((parts) => parts.join("")),
        (text) => {
          const input = inputOf(
            "one.yaml",
            'storage:\n  files:\n    - path: /a\n      filesystem: root\n      mode: 0644\n      contents: { inline: "{{text}}" }\n',
            { text },
          );
          const json = transpiled("flatcar", input);
          const { storage } = JSON.parse(json) as { storage: { files: { contents: { source: string } }[] } };
          const source = storage.files[0]?.contents.source ?? "";
          assert.ok(source.startsWith("data:,"), source);
          assert.equal(decodeURIComponent(source.slice("data:,".length)), text);
        },
      ),
      { numRuns: 200 },
    );
  }).timeout(120_000);

  it("says what is missing where ct is not on PATH", () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    try {
      assert.throws(
        () => render(plan({ prefix: "without-ct" })),
        /node without-ct01 .*ct, the Container Linux Config transpiler, is not on PATH.*npm start.*https:/s,
      );
    } finally {
      process.env["PATH"] = path;
    }
  });
});

describe("generation and fingerprints", () => {
  const base = plan();
  const prints = (made: ClusterPlan): string[] => [
    generation(made),
    ...made.nodes.map((node) => fingerprint(made, node)),
  ];

  it("are short, and tell nodes apart", () => {
    for (const print of prints(base)) assert.match(print, /^[0-9a-f]{12}$/);
    assert.equal(new Set(prints(base)).size, 4);
  });

  const same: [string, ClusterPlan][] = [
    ["nothing", plan()],
    ["the time-out", plan({ readinessTimeout: 77 })],
    ["memory and vcpus", plan({ memory: "1GiB", vcpus: 4 })],
    ["the bridge", plan({ bridge: "br1" })],
    ["the image's path", { ...base, image: { ...image, path: "/elsewhere.qcow2" } }],
    ["the discovery registry", plan({ discovery: { mode: "etcd", endpoint: "http://10.9.9.9:2379" } })],
    ["a warning", { ...base, warnings: ["x"] }],
  ];
  for (const [what, made] of same) {
    it(`stay when ${what} changes`, () => {
      assert.deepEqual(prints(made), prints(base));
    });
  }

  const other: [string, ClusterPlan][] = [
    ["the image's content", { ...base, image: { ...image, sha256: "cd".repeat(32) } }],
    ["the number of members", plan({ nodes: 5 })],
    ["the prefix", plan({ prefix: "other" })],
    ["a key", plan({ sshAuthorizedKeys: [publicKey(9)] })],
    ["the disk size", plan({ diskSize: "9GiB" })],
    ["the pool", plan({ poolPath: "/srv" })],
    ["the members' tuning", plan({ domainType: "qemu" })],
    ["a given discovery URL", plan({ discovery: { mode: "url", url: "http://d/1" } })],
    [
      "one member's configuration",
      {
        ...base,
        nodes: base.nodes.map((node, index) => (index === 2 ? { ...node, mac: "52:54:00:00:00:01" } : node)),
      },
    ],
  ];
  for (const [what, made] of other) {
    it(`all change when ${what} changes`, () => {
      const before = prints(base);
      assert.deepEqual(
        prints(made).filter((print) => before.includes(print)),
        [],
      );
    });
  }

  it("differ between two given discovery URLs", () => {
    const given = (url: string): string => generation(plan({ discovery: { mode: "url", url } }));
    assert.notEqual(given("http://d/1"), given("http://d/2"));
    assert.equal(given("http://d/1"), given("http://d/1"));
  });

  it("do not hang on a profile's comments, key order or the order of its entries", () => {
    const one =
      "# a comment\nsystemd:\n  units:\n    - name: a.service\n      enabled: true\n    - name: b.service\n      enabled: true\netcd:\n  name: x\n  discovery: http://d/1\n";
    const two =
      "etcd: { discovery: http://d/1, name: x }\nsystemd:\n  units: # another\n    - { enabled: true, name: b.service }\n    - { enabled: true, name: a.service }\n";
    const json = (text: string): string => transpiled("lab", inputOf("p.yaml", text));
    assert.equal(json(one), json(two));
  });

  it("leave other nodes alone when a machine that is no member joins", () => {
    const five = plan({ nodes: 5 });
    const nodes = five.nodes.map((node, index) => (index < 3 ? node : { ...node, role: "client" as const }));
    const grown: ClusterPlan = { ...five, nodes, bootstrapSize: 3 };
    assert.deepEqual(prints(grown).slice(0, 4), prints(base));
  });
});
