import assert from "node:assert/strict";
import { readSource } from "../../../../ignition/sources/kind.ts";

const read = (text: string): unknown => readSource({ source: "a", path: "/folder/a", text }).language;

describe("the language of a user's file", () => {
  const cases: [string, string, unknown][] = [
    ["a Container Linux Config", "systemd: { units: [] }", { kind: "clc" }],
    ["one with an ignition section", "ignition: { timeouts: { http_total: 3 } }", { kind: "clc" }],
    ["nothing but comments", "# nothing\n", { kind: "clc" }],
    ["Butane", "variant: fcos\nversion: 1.5.0\n", { kind: "butane", variant: "fcos", version: "1.5.0" }],
    ["Butane without a version", "variant: flatcar\n", { kind: "butane", variant: "flatcar", version: "" }],
    ["Ignition 2", '{"ignition": {"version": "2.2.0"}}', { kind: "ignition", version: "2.2.0" }],
    [
      "Ignition 3 after a byte order mark",
      '\ufeff{"ignition":{"version":"3.3.0"}}',
      { kind: "ignition", version: "3.3.0" },
    ],
  ];
  for (const [what, text, language] of cases) {
    it(`is told by its content: ${what}`, () => {
      assert.deepEqual(read(text), language);
    });
  }

  const refused: [string, string, RegExp][] = [
    ["a cloud-config", "#cloud-config\ncoreos: {}\n", /^a is a cloud-config, .* Container Linux Config/],
    ["a script", "#!/bin/bash\n", /^a is a script/],
    [
      "Ignition that is no JSON",
      "ignition:\n  version: 3.3.0\n",
      /^a: it has ignition\.version, .* JSON, but it is none\. .*Butane begins with variant:/,
    ],
    [
      "a version that is no text",
      '{"ignition": {"version": 3}}',
      /^a line 1: ignition\.version is 3; right is a text such as/,
    ],
    [
      "a version that there is not",
      '{"ignition": {"version": "1.0.0"}}',
      /^a line 1: ignition\.version is "1\.0\.0"/,
    ],
    [
      "a section that is none",
      '{"ignition": {"version": "2.0.0"},\n"systemd": []}',
      /^a line 2: systemd must be a map/,
    ],
    [
      "units that are none",
      '{"ignition": {"version": "2.0.0"}, "systemd": {"units":\n[null]}}',
      /^a line 2: systemd\.units must be a list of maps/,
    ],
    [
      "Ignition 1",
      '{"ignitionVersion": 1, "systemd": {}}',
      /^a line 1: ignitionVersion: Ignition 1 is read by none of these systems; write it as a Container Linux Config, as Butane or as Ignition JSON$/,
    ],
    [
      "a mistyped section alone",
      "# hello\nsytemd: { units: [] }\n",
      /^a line 2: sytemd is no section of a Container Linux Config \(systemd is one\), and nothing else in the file is/,
    ],
    [
      "something else",
      "apiVersion: v1\nkind: Pod\n",
      /^a line 1: apiVersion is no section of a Container Linux Config, and nothing else in the file is\. Butane begins with variant:, .*ignition\.version/,
    ],
    [
      "a template of Go's",
      "systemd: {}\n{{ if .keys }}\npasswd: {}\n{{end}}\n",
      /^a line \d+: .*\. It has template actions such as \{\{ if \.keys \}\}, which another program fills in: give what that program makes of it$/,
    ],
    ["broken YAML", "a: 1\nb: [\n", /^a line 3: /],
    ["a list", "- a\n", /^a: .* is a map/],
  ];
  for (const [what, text, message] of refused) {
    it(`is refused where nothing here reads it: ${what}`, () => {
      assert.throws(() => read(text), { name: "RenderError", message });
    });
  }

  it("keeps a file's numbers as JSON has them", () => {
    const { profile } = readSource({
      source: "a",
      path: "/a",
      text: '{"ignition": {"version": "2.2.0"}, "storage": {"files": [{"path": "/a", "mode": 420.0}]}}',
    });
    assert.deepEqual(profile.value["storage"], { files: [{ path: "/a", mode: 420 }] });
  });
});
