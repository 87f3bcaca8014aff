import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { assertGolden } from "./golden.ts";
import { plan } from "../plan/fixtures.ts";
import { composeConfig, RenderError } from "../../../ignition/index.ts";
import { profileNames } from "../../../ignition/profiles.ts";
import { readYaml } from "../../../ignition/render/yaml.ts";
import type { ClusterPlan } from "../../../plan/types.ts";

const bootstrap = { discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/0123" };

function config(made: ClusterPlan, discoveryUrl = bootstrap.discoveryUrl): string {
  const [node] = made.nodes;
  assert.ok(node);
  return composeConfig(made, node, { discoveryUrl }).text;
}

describe("a node's Container Linux Config", () => {
  for (const [name, settings] of [
    ["lab", { os: "lab", domainType: "qemu" }],
    ["flatcar", { os: "flatcar" }],
  ] as const) {
    it(`is as reviewed for ${name}`, () => {
      assertGolden(join(import.meta.dirname, "golden", `${name}.yaml`), config(plan(settings)));
    });
  }

  it("has every profile in some cluster", () => {
    const used = (["lab", "flatcar", "container-linux"] as const).flatMap((os) =>
      (["kvm", "qemu"] as const).flatMap((domainType) => profileNames({ os, domainType })),
    );
    const files = readdirSync(join(import.meta.dirname, "../../../ignition/profiles"));
    assert.deepEqual([...new Set(used)].map((name) => `${name}.yaml`).sort(), files.sort());
  });

  it("escapes the discovery URL for the unit that ct writes", () => {
    assert.match(
      config(plan(), "https://d.example/a%20b?c=$d"),
      /^ {2}discovery: https:\/\/d\.example\/a%%20b\?c=\$\$d$/m,
    );
  });

  for (const url of ["", "not a url", "file:///etc/passwd", "http://a/\nb", "javascript:1"]) {
    it(`refuses the discovery URL ${JSON.stringify(url)}`, () => {
      assert.throws(() => config(plan(), url), RenderError);
    });
  }

  it("lets no key get beyond its place", () => {
    const made = plan();
    const keys = ["a\n    - name: root", '"} {{mac}} ${x}'];
    const { passwd } = readYaml(config({ ...made, sshAuthorizedKeys: keys })).document.toJS() as {
      passwd: unknown;
    };
    assert.deepEqual(passwd, { users: [{ name: "core", ssh_authorized_keys: keys }] });
  });
});
