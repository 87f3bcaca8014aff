import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bare, config, fileText, refusal, shape, shapes, text, unit, withOwn } from "./support.ts";
import { generation, renderIgnition, warningsOf } from "../../../ignition/index.ts";
import { plan } from "../../unit/plan/fixtures.ts";
import type { OsFamily } from "../../../plan/types.ts";

describe("the user's own file in place of the profiles", () => {
  for (const os of ["container-linux", "flatcar", "fedora-coreos", "lab"] as const satisfies OsFamily[]) {
    it(`works unchanged on ${os}: a classic Container Linux Config`, () => {
      const made = withOwn({ os }, shape("classic.yml"));
      const node = config(made);
      const name = made.nodes[0]?.name ?? "";

      assert.equal(fileText(node, "/etc/hostname"), name);
      assert.match(node.passwd?.users?.[0]?.passwordHash ?? "", /^\$6\$saltsalt\$/);
      assert.equal(
        fileText(node, "/etc/motd.d/cluster"),
        `${name} of the cluster at http://10.0.0.1:2379/v2/keys/discovery/0123, 100% throw-away\n`,
      );
      const script = fileText(node, "/opt/custom/bin/metadata") ?? "";
      assert.ok(
        script.includes(`addresses of ${name}, one of the machines whose names begin with ${made.prefix}.`),
      );
      assert.ok(script.includes("--format '{{.Names}}'"), "what other programs mean stays");

      const dropins = unit(node, "etcd-member.service")?.dropins ?? [];
      assert.deepEqual(dropins.map((dropin) => dropin.name).sort(), [
        "20-clct-etcd-member.conf",
        "30-debug.conf",
      ]);
      const command = dropins.map((dropin) => dropin.contents ?? "").join("");
      assert.match(command, /--discovery="http:\/\/10\.0\.0\.1:2379\/v2\/keys\/discovery\/0123"/);
      assert.match(command, /--initial-advertise-peer-urls="http:\/\/\$\{COREOS_CUSTOM_PRIVATE_IPV4\}:2380"/);

      const network = "[Match]\nName=ens*\n\n[Network]\nDHCP=yes\n";
      if (os === "container-linux") assert.equal(node.networkd?.units[0]?.contents, network);
      else assert.equal(fileText(node, "/etc/systemd/network/10-ens.network"), network);
      assert.doesNotMatch(JSON.stringify(node), /Node_|Etcd_/);
    });
  }

  it("takes the place of all profiles and snippets", () => {
    const own = text("own.yml", "systemd: { units: [{ name: docker.service, enabled: true }] }");
    const made = withOwn({ os: "lab" }, own);
    const snippets = [text("s.yml", "storage: { files: [{ path: /s, filesystem: root, mode: 420 }] }")];
    const node = config({ ...made, nodes: made.nodes.map((one) => ({ ...one, snippets })) });
    assert.deepEqual(node.storage?.files ?? [], []);
    assert.deepEqual(node.systemd?.units, [{ enabled: true, name: "docker.service" }]);
  });

  it("may be Butane or Ignition", () => {
    const butane = text(
      "own.bu",
      "variant: fcos\nversion: 1.4.0\nstorage:\n  files:\n    - path: /etc/hostname\n      contents: { inline: Node_Name }\n",
    );
    const json = text(
      "own.ign",
      '{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "/etc/hostname", "contents": {"source": "data:,Node_Name"}}]}}',
    );
    for (const [own, version] of [
      [butane, "3.3.0"],
      [json, "3.0.0"],
    ] as const) {
      const node = config(withOwn({ os: "lab", prefix: "n" }, own));
      assert.equal(node.ignition.version, version);
      assert.equal(fileText(node, "/etc/hostname"), "n01");
    }
  });

  it("may be empty", () => {
    const made = withOwn({ os: "fedora-coreos" }, text("own.yml", "# nothing yet\n"));
    assert.equal(config(made).ignition.version, "3.1.0");
    assert.deepEqual(warningsOf(made), ["own.yml is empty: it brings nothing to a node"]);
  });

  it("shows ct's warnings once, and goes on", () => {
    assert.deepEqual(warningsOf(withOwn({ os: "lab" }, shape("classic.yml"))), [
      "classic.yml line 21: mode unspecified for file, defaulting to 0644",
    ]);
  });

  it("is part of the generation, and so are its local files", () => {
    const folder = mkdtempSync(join(tmpdir(), "own-"));
    try {
      cpSync(shapes, folder, { recursive: true });
      const own = { ...shape("classic.yml"), path: join(folder, "classic.yml") };
      const print = (content = own.text): string =>
        generation(withOwn({ os: "lab" }, { ...own, text: content }));
      const before = print();
      assert.equal(print(), before);
      assert.notEqual(print(own.text.replace("DHCP=yes", "DHCP=ipv4")), before);
      assert.equal(print(`${own.text}\n# a comment\n`), before);
      writeFileSync(join(folder, "files/motd"), "other words\n");
      assert.notEqual(print(), before);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("says which local file is missing, and on which line it is named", () => {
    const own = text(
      "own.yml",
      "storage:\n  files:\n    - path: /a\n      filesystem: root\n      contents:\n        local: a.txt\n    - path: /b\n      filesystem: root\n      contents: { local: sub/b.txt }\n",
    );
    const message = refusal(() => config(withOwn({ os: "lab" }, own)));
    assert.match(
      message,
      /own\.yml line 6: the local file a\.txt does not exist; it is looked for in \/nowhere/,
    );
    assert.match(message, /own\.yml line 9: the local file sub\/b\.txt does not exist/);
  });

  it("is refused with file and line where ct refuses it", () => {
    const own = text(
      "own.yml",
      "storage:\n  files:\n    - path: etc/x\n      filesystem: root\n      mode: 0644\n",
    );
    assert.match(
      refusal(() => config(withOwn({ os: "lab" }, own))),
      /^The configuration of node dev-core01 could not be made\. ct refused .*:\n {2}own\.yml line 3: path not absolute$/,
    );
  });

  it("may give a path twice where the system reads Ignition 2, and is refused with the line elsewhere", () => {
    const twice = text(
      "own.yml",
      "storage:\n  files:\n    - { path: /a, filesystem: root, mode: 0644 }\n    - { path: /a, filesystem: root, mode: 0644 }\n",
    );
    assert.match(
      warningsOf(withOwn({ os: "container-linux" }, twice)).join(),
      /could not check it.*own\.yml line 3: /,
    );
    assert.match(
      refusal(() => config(withOwn({ os: "lab" }, twice))),
      /own\.yml line 3: Config has conflicting inodes: "File: \/a"/,
    );
  });

  it("can't ask for a discovery URL where there is none", () => {
    const made = { ...withOwn({ os: "lab", discovery: { mode: "static" } }, shape("classic.yml")) };
    assert.match(
      refusal(() => renderIgnition(made, made.nodes[0] ?? assert.fail(), { discoveryUrl: "" })),
      /classic\.yml line \d+ has Etcd_Discovery_URL, and there is no discovery URL: discovery\.mode is static/,
    );
  });

  it("without profiles a snippet is much the same, but for placeholders", () => {
    const snippet = text(
      "s.yml",
      "storage: { files: [{ path: /s, filesystem: root, mode: 420, contents: { inline: Node_Name } }] }",
    );
    const made = bare(plan({ os: "lab" }));
    const node = config({ ...made, nodes: made.nodes.map((one) => ({ ...one, snippets: [snippet] })) });
    assert.equal(fileText(node, "/s"), "Node_Name");
  });
});
