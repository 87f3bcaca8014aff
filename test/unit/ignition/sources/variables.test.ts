import assert from "node:assert/strict";
import fc from "fast-check";
import { parseProfile } from "../../../../ignition/render/profile.ts";
import { fillFiles, fillSource } from "../../../../ignition/sources/ownFile.ts";
import type { ValueMap } from "../../../../ignition/render/values.ts";
import { fillText, substituteKnown } from "../../../../ignition/sources/variables.ts";

describe("variables in a user's file", () => {
  const fill = (text: string): { value: unknown; warnings: string[] } => {
    const warnings: string[] = [];
    const profile = { ...parseProfile("mine.yaml", text), user: true };
    const value = substituteKnown(profile, { nodeName: "n1", mac: "m", keys: ["k"] }, (line) =>
      warnings.push(line),
    );
    return { value, warnings };
  };

  it("are filled in as in profiles", () => {
    assert.deepEqual(fill('a: "x{{nodeName}}"\nb: "{{ keys }}"'), {
      value: { a: "xn1", b: ["k"] },
      warnings: [],
    });
  });

  it("leave other languages' braces alone, in silence", () => {
    const text = "{{.Names}} {{end}} {{range .Mounts}} {{json .}} {{ID}}";
    assert.deepEqual(fill(`a: "${text}"`), { value: { a: text }, warnings: [] });
  });

  it("warn of a near miss, with its line, and leave it", () => {
    assert.deepEqual(fill('a: 1\nb: "{{nodename}}"'), {
      value: { a: 1, b: "{{nodename}}" },
      warnings: [
        "mine.yaml line 2: {{nodename}} stays as it is, since no variable is called so; is {{nodeName}} meant?",
      ],
    });
  });
});

const placeholders = {
  Node_Name: "dev-core01",
  Node_Prefix: "dev-core",
  Etcd_Discovery_URL: "http://d.example/a%20b",
};

describe("placeholders of classic configs", () => {
  const cases: [string, string][] = [
    ["Node_Name", "dev-core01"],
    ["http://Node_Name:2379", "http://dev-core01:2379"],
    ["Node_Name=http://Node_Name:2380,x", "dev-core01=http://dev-core01:2380,x"],
    ["--discovery=Etcd_Discovery_URL", "--discovery=http://d.example/a%20b"],
    ["Node_Prefix01 Node_Prefix-a Node_Prefix", "dev-core01 dev-core-a dev-core"],
    ["My_Node_Name Node_Names Node_Name2 Node_Prefixes", "My_Node_Name Node_Names Node_Name2 Node_Prefixes"],
    ["node_name NODE_NAME Node Name", "node_name NODE_NAME Node Name"],
  ];
  for (const [text, filled] of cases) {
    it(`stand for values as whole words: ${text}`, () => {
      assert.equal(fillText(text, placeholders), filled);
    });
  }

  it("are written as each section needs it", () => {
    const profile = parseProfile(
      "own.yml",
      "etcd: { discovery: Etcd_Discovery_URL }\nsystemd: { units: [{ contents: Etcd_Discovery_URL }] }\nstorage: { a: Etcd_Discovery_URL }",
    );
    assert.deepEqual(fillSource({ profile, language: { kind: "clc" } }, placeholders), {
      etcd: { discovery: "http://d.example/a%%20b" },
      systemd: { units: [{ contents: "http://d.example/a%%20b" }] },
      storage: { a: "http://d.example/a%20b" },
    });
  });

  it("without a value are an error with the line", () => {
    const profile = parseProfile("own.yml", "a: 1\nb: Etcd_Discovery_URL\n");
    const none = { ...placeholders, Etcd_Discovery_URL: "" };
    assert.throws(() => fillSource({ profile, language: { kind: "clc" } }, none), {
      name: "RenderError",
      message: /^own\.yml line 2 has Etcd_Discovery_URL, and there is no discovery URL/,
    });
    assert.throws(() => fillFiles(files("data:,Etcd_Discovery_URL"), none), /^RenderError: \/f has Etcd_/);
  });

  const files = (source: string, more: ValueMap = {}): ValueMap => ({
    storage: { files: [{ path: "/f", contents: { source, ...more } }] },
  });
  const filled = (source: string, more: ValueMap = {}): unknown =>
    (
      fillFiles(files(source, more), placeholders) as unknown as {
        storage: { files: { contents: unknown }[] };
      }
    ).storage.files[0]?.contents;

  it("are filled in in the contents of files, encoded as they were", () => {
    assert.deepEqual(filled("data:,a%20Node_Name%0A"), { source: "data:,a%20dev-core01%0A" });
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    assert.deepEqual(filled(`data:text/plain;charset=utf-8;base64,${base64("x Node_Name\n")}`), {
      source: `data:text/plain;charset=utf-8;base64,${base64("x dev-core01\n")}`,
    });
  });

  it("are left in what is packed, verified, no text or elsewhere", () => {
    const binary = `data:;base64,${Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("Node_Name")]).toString("base64")}`;
    for (const [source, more] of [
      ["data:,Node_Name", { compression: "gzip" }],
      ["data:,Node_Name", { verification: { hash: "sha512-00" } }],
      [binary, {}],
      ["https://example.com/Node_Name", {}],
    ] as const) {
      assert.deepEqual(filled(source, more), { source, ...more });
    }
  });

  it("leave any other text as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(Buffer.from(text).toString() === text);
        for (const source of [
          `data:,${encodeURIComponent(text)}`,
          `data:;base64,${Buffer.from(text).toString("base64")}`,
        ]) {
          assert.deepEqual(filled(source), { source });
          const more = source.includes("base64")
            ? `data:;base64,${Buffer.from(`${text} Node_Name`).toString("base64")}`
            : `${source}%20Node_Name`;
          const { source: made } = filled(more) as { source: string };
          const body = made.slice(made.indexOf(",") + 1);
          const back = made.includes("base64")
            ? Buffer.from(body, "base64").toString()
            : decodeURIComponent(body);
          assert.equal(back, `${text} dev-core01`);
        }
      }),
    );
  });
});
