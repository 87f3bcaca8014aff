import assert from "node:assert/strict";
import { plan } from "../plan/fixtures.ts";
import { composeConfig, RenderError } from "../../../ignition/index.ts";
import { readYaml } from "../../../ignition/render/yaml.ts";
import type { ClusterPlan } from "../../../plan/types.ts";

const bootstrap = { discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/0123" };

function config(made: ClusterPlan, discoveryUrl = bootstrap.discoveryUrl): string {
  const [node] = made.nodes;
  assert.ok(node);
  return composeConfig(made, node, { discoveryUrl }).text;
}

describe("a node's Container Linux Config", () => {
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
