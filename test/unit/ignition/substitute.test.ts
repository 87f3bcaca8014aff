import assert from "node:assert/strict";
import fc from "fast-check";
import { RenderError } from "../../../ignition/errors.ts";
import { compose } from "../../../ignition/render/compose.ts";
import { parseProfile } from "../../../ignition/render/profile.ts";
import { substitute, type Variables } from "../../../ignition/render/substitute.ts";
import { readYaml } from "../../../ignition/render/yaml.ts";
import { unitWord } from "../../../ignition/variables.ts";

const fill = (text: string, variables: Variables): unknown =>
  substitute(parseProfile("one.yaml", text), variables);

describe("variables in profiles", () => {
  it("keep their type where they stand alone", () => {
    assert.deepEqual(
      fill('{ a: "{{n}}", b: "{{ list }}", c: "{{yes}}" }', { n: 3, list: ["x", "y"], yes: true }),
      {
        a: 3,
        b: ["x", "y"],
        c: true,
      },
    );
  });

  it("become text inside a longer text", () => {
    assert.deepEqual(fill('a: ["x {{n}} {{t}}{{t}}"]', { n: 3, t: "é" }), { a: ["x 3 éé"] });
  });

  it("leave ct's own references, shells and templates alone", () => {
    const text = "http://{PRIVATE_IPV4}:2379 ${VAR} $VAR {{.Go}} {{ }} {{1}} {x}";
    assert.deepEqual(fill(`a: "${text}"`, {}), { a: text });
  });

  it("are refused where there is no such variable, with line and the names that there are", () => {
    assert.throws(() => fill('a: 1\nb:\n  c: "{{nope}}"\n', { mac: "", nodeName: "" }), {
      name: "RenderError",
      message: 'one.yaml line 3: no variable is called "nope" (there are mac, nodeName)',
    });
    assert.throws(() => fill('a: "{{toString}}"', {}), RenderError);
    assert.throws(
      () => fill('a: "x {{list}}"', { list: ["y"] }),
      /line 1: "list" is a list and can't stand inside/,
    );
  });

  it("can hold anything: no value changes the document around it, or is looked at again", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary" }).filter((text) => Buffer.from(text).toString() === text),
      fc.constantFrom(
        '"',
        "'",
        "\n- x: y",
        "{{other}}",
        "$&",
        "$1",
        "\\",
        "%s",
        "{PRIVATE_IPV4}",
        "#c",
        "yes",
        "0644",
        "~",
        ": ",
        "\t",
        "\r\n",
        "---",
      ),
      fc
        .array(
          fc.constantFrom('"', "'", "\n", "{", "}", "$", "\\", ":", "#", " ", "-", "é", "\u2028", "\0"),
          { maxLength: 12 },
        )
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(nasty, fc.array(nasty), (text, list) => {
        const profile = parseProfile(
          "one.yaml",
          'whole: "{{text}}"\npart: "a{{text}}b"\nlist: "{{list}}"\nlast: 1\n',
        );
        const { text: yaml } = compose([profile], { text, list, other: "WRONG" });
        const read = readYaml(yaml).document.toJS() as unknown;
        assert.deepEqual(read, { whole: text, part: `a${text}b`, list: [...new Set(list)], last: 1 });
      }),
      { numRuns: 1000 },
    );
  });
});

describe("profiles", () => {
  it("keep scalars as they are written, for ct to read", () => {
    const texts = [
      "mode: 0644",
      "strategy: off",
      "enabled: yes",
      "version: 3.10",
      "size: 1_000",
      "hex: 0x1F",
      'quoted: "0644"',
      "plain: 7",
      "half: 0.5",
      "flag: true",
      'word: "true"',
      "time: 12:30",
      "none: x",
    ];
    const { text } = compose([parseProfile("one.yaml", texts.join("\n"))], {});
    assert.deepEqual(text.trimEnd().split("\n"), texts);
  });

  it("may use anchors and merge keys", () => {
    const { text } = compose([parseProfile("one.yaml", "a: &a { x: 1 }\nb: { <<: *a, y: 2 }\nc: *a\n")], {});
    assert.deepEqual(readYaml(text).document.toJS(), { a: { x: 1 }, b: { x: 1, y: 2 }, c: { x: 1 } });
  });

  for (const [text, message] of [
    ["a: [", /bad\.yaml line 1: /],
    ["a: 1\nb: {\nc", /bad\.yaml line \d: /],
    ["- a\n", /bad\.yaml: a Container Linux Config is a map/],
    ["a: 1\na: 2\n", /bad\.yaml line 2: /],
  ] as const) {
    it(`that are wrong name their file and line: ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseProfile("bad.yaml", text), message);
    });
  }
});

describe("words of a unit's command line", () => {
  it("escape what systemd would expand", () => {
    assert.equal(unitWord("http://h/a%20b?x=$y"), "http://h/a%%20b?x=$$y");
    assert.equal(unitWord('a"b\\c'), 'a\\"b\\\\c');
  });
});
