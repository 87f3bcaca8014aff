import assert from "node:assert/strict";
import fc from "fast-check";
import { RenderError } from "../../../ignition/errors.ts";
import { mergeProfiles } from "../../../ignition/render/merge.ts";
import { parseProfile } from "../../../ignition/render/profile.ts";
import type { ValueMap } from "../../../ignition/render/values.ts";

/** Merges YAML texts, called one.yaml, two.yaml and so on. */
function merge(...texts: string[]): ValueMap {
  const names = ["one.yaml", "two.yaml", "three.yaml"];
  const profiles = texts.map((text, index) => parseProfile(names[index] ?? "more.yaml", text));
  return mergeProfiles(profiles.map((profile) => ({ profile, value: profile.value }))).value;
}

function refusal(...texts: string[]): string {
  try {
    merge(...texts);
  } catch (error) {
    if (error instanceof RenderError) return error.message;
    throw error;
  }
  return assert.fail("the documents were merged");
}

const file = (path: string): string => `storage: { files: [{ path: ${path}, mode: 420 }] }`;

describe("merging profiles", () => {
  it("joins sections, and the lists in them", () => {
    assert.deepEqual(merge(file("/a"), file("/b"), "etcd: { name: x }"), {
      storage: {
        files: [
          { path: "/a", mode: 420 },
          { path: "/b", mode: 420 },
        ],
      },
      etcd: { name: "x" },
    });
  });

  it("makes one unit of two with one name", () => {
    const one =
      "systemd: { units: [{ name: a.service, enabled: true, dropins: [{ name: 1.conf, contents: x }] }] }";
    const two =
      "systemd: { units: [{ name: a.service, enabled: true, dropins: [{ name: 2.conf, contents: y }] }] }";
    assert.deepEqual(merge(one, two), {
      systemd: {
        units: [
          {
            name: "a.service",
            enabled: true,
            dropins: [
              { name: "1.conf", contents: "x" },
              { name: "2.conf", contents: "y" },
            ],
          },
        ],
      },
    });
  });

  it("makes one user of two with one name, with each key once", () => {
    const one = "passwd: { users: [{ name: core, ssh_authorized_keys: [a, b] }] }";
    const two = "passwd: { users: [{ name: core, groups: [docker], ssh_authorized_keys: [b, c] }] }";
    assert.deepEqual(merge(one, two), {
      passwd: { users: [{ name: "core", ssh_authorized_keys: ["a", "b", "c"], groups: ["docker"] }] },
    });
  });

  it("takes an empty section for none", () => {
    assert.deepEqual(merge("storage:\nsystemd:\n", file("/a")), {
      storage: { files: [{ path: "/a", mode: 420 }] },
    });
  });

  const drop = (text: string): string =>
    `systemd: { units: [{ name: a.service, dropins: [{ name: 1.conf, contents: ${text} }] }] }`;
  const refused: [string, string[], RegExp][] = [
    [
      "a path twice",
      [file("/a"), file("/a")],
      /^storage files \/a is given by one\.yaml line 1 and by two\.yaml line 1/,
    ],
    [
      "a path as a file and as a link",
      [file("/a"), "storage:\n  links:\n    - path: /a\n      target: /b\n"],
      /^storage files \/a is given by one\.yaml line 1 and by two\.yaml line 3/,
    ],
    [
      "a path twice in one profile",
      ["storage:\n  files:\n    - path: /a\n    - path: /a\n"],
      /one\.yaml line 3 and by one\.yaml line 4/,
    ],
    [
      "a drop-in twice, even if equal",
      [drop("x"), drop("x")],
      /^systemd units a\.service dropins 1\.conf is given by one\.yaml line 1 and by two/,
    ],
    [
      "a unit's contents twice",
      [
        "systemd:\n  units:\n    - name: a.service\n      contents: x\n",
        "systemd:\n  units:\n    - name: a.service\n      contents: y\n",
      ],
      /^systemd units a\.service contents is given by one\.yaml line 4 and by two\.yaml line 4: only one of them can count$/,
    ],
    [
      "two values of one key",
      ["etcd: { name: a }", "\netcd: { name: b }"],
      /^etcd name is given by one\.yaml line 1 and by two\.yaml line 2/,
    ],
    [
      "a list where another has a map",
      ["systemd: { units: [] }", "systemd: { units: { a: 1 } }"],
      /^systemd units is given by/,
    ],
    ["a section where another has a text", ["etcd: x", "etcd: { name: a }"], /^etcd is given by/],
    ["a key that would reach into the program", ['{"__proto__": {"polluted": true}}'], /__proto__/],
  ];
  for (const [what, texts, message] of refused) {
    it(`refuses ${what}, naming both places`, () => {
      assert.match(refusal(...texts), message);
    });
  }

  it("leaves the documents that it is given as they are", () => {
    const profile = parseProfile("one.yaml", drop("x"));
    const before = structuredClone(profile.value);
    mergeProfiles([
      { profile, value: profile.value },
      { profile: parseProfile("two.yaml", file("/a")), value: { a: 1 } },
    ]);
    assert.deepEqual(profile.value, before);
  });

  it("keeps every file of any two documents, or names the path that both have", () => {
    const paths = fc.uniqueArray(fc.stringMatching(/^\/[a-c]{1,2}$/), { maxLength: 5 });
    const document = (list: string[]): string =>
      JSON.stringify({ storage: { files: list.map((path) => ({ path })) } });
    fc.assert(
      fc.property(paths, paths, (one, two) => {
        const both = one.filter((path) => two.includes(path));
        if (both.length > 0) {
          assert.ok(
            both.some((path) =>
              refusal(document(one), document(two)).includes(` ${path} is given by one.yaml`),
            ),
          );
        } else {
          const { storage } = merge(document(one), document(two)) as {
            storage: { files: { path: string }[] };
          };
          assert.deepEqual(
            storage.files.map(({ path }) => path),
            [...one, ...two],
          );
        }
      }),
    );
  });
});
