import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { bootstrap, cluster, fullSettings, nodeOf, withProfiles } from "./cluster.ts";
import { composeConfig, RenderError } from "../../../ignition/index.ts";
import { profilesOf } from "../../../ignition/profiles.ts";
import { environmentWord, metadataUrl, variablesOf } from "../../../ignition/variables.ts";
import { macOf } from "../../../plan/mac.ts";
import { OS_FAMILIES, OS_TRAITS } from "../../../plan/os.ts";
import { PROFILE_NAMES, PROFILES, type ProfileName } from "../../../plan/profiles.ts";

const docs = readFileSync(join(import.meta.dirname, "../../../docs/profiles.md"), "utf8");

const text = (changes: Record<string, unknown>, name: string, profiles: readonly ProfileName[]): string => {
  const made = cluster({ ...fullSettings, ...changes });
  return composeConfig(made, withProfiles(nodeOf(made, name), profiles), bootstrap).text;
};

describe("profiles", () => {
  it("name only profiles in what they need and exclude, and exclude both ways", () => {
    for (const name of PROFILE_NAMES) {
      const { needs = [], needsOneOf = [], excludes = [], os = OS_FAMILIES } = PROFILES[name];
      for (const other of [...needs, ...needsOneOf, ...excludes])
        assert.ok(other in PROFILES && other !== name);
      for (const other of excludes) assert.ok(PROFILES[other].excludes?.includes(name));
      // What a profile needs is there on every system that the profile is for.
      for (const other of needs)
        for (const family of os) assert.ok((PROFILES[other].os ?? OS_FAMILIES).includes(family));
    }
  });

  it("are each in the docs, as is every system", () => {
    for (const name of PROFILE_NAMES) assert.match(docs, new RegExp(`^## ${name}$`, "m"), name);
    for (const os of OS_FAMILIES) {
      const traits = OS_TRAITS[os];
      const row = [
        `\`${os}\``,
        traits.fwCfgKey,
        String(traits.ignition),
        traits.highestSpec,
        traits.metadataFile,
        traits.metadataPrefixes.map((prefix) => `\`${prefix}_\``).join(", "),
        traits.etcdVersion ?? "the system's",
        `${traits.memoryFloor} / ${traits.memoryDefault} MiB`,
        traits.agent ? "yes" : "no",
        traits.programs,
        traits.architectures.join(", "),
      ];
      const table = docs.split("\n").filter((line) => line.includes("|"));
      const column = table[0]?.split("|").findIndex((cell) => cell.trim() === `\`${os}\``) ?? -1;
      const cells = table.map((line) =>
        line
          .split("|")
          [column]?.trim()
          .replaceAll(/^`(\/[^`]*|opt[^`]*)`$/g, "$1"),
      );
      for (const cell of row)
        assert.ok(cells.includes(cell), `docs/profiles.md says nothing of ${cell} for ${os}`);
    }
  });

  it("lists every variable in the docs", () => {
    const made = cluster();
    for (const name of Object.keys(variablesOf(made, nodeOf(made, "one"), bootstrap))) {
      assert.ok(docs.includes(`\`{{${name}}}\``), name);
    }
  });

  it("are loaded once, in order, and named by their files", () => {
    const made = cluster({ os: "lab" });
    const node = nodeOf(made, "one");
    const sources = profilesOf(made, node).map(({ source }) => source);
    assert.equal(sources[0], "ignition/profiles/base.yaml");
    assert.equal(new Set(sources).size, sources.length);
    assert.equal(profilesOf(made, node)[0], profilesOf(made, node)[0]);
  });

  it("each say in a comment what they are for, and use no variable that there is not", () => {
    const folder = join(import.meta.dirname, "../../../ignition/profiles");
    const made = cluster({ tls: "true" });
    const server = { authority: "", certificate: "", key: "" };
    const tls = { ...server, docker: server };
    const variables = Object.keys(variablesOf(made, nodeOf(made, "one"), { ...bootstrap, tls }));
    const used = readdirSync(folder).flatMap((file) => {
      assert.match(file, /^[a-z][a-z0-9-]*\.yaml$/);
      const content = readFileSync(join(folder, file), "utf8");
      assert.match(content, /^# [A-Z]/i, file);
      return [...content.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? "");
    });
    assert.deepEqual([...new Set(used)].sort(), variables.sort());
  });

  it("etcd-client: the members, by name or by address, for shells and units", () => {
    const client = text({ os: "lab" }, "watcher", ["etcd-client"]);
    assert.match(client, /ETCDCTL_ENDPOINTS=http:\/\/one:2379,http:\/\/three:2379,http:\/\/two:2379\n/);
    const nodes = { one: { address: "10.0.0.11" }, w: { role: "client" } };
    const addressed = text({ os: "lab", nodes }, "w", ["etcd-client"]);
    assert.match(addressed, /ETCDCTL_ENDPOINTS=http:\/\/10\.0\.0\.11:2379\n/);
  });

  it("etcd-client: nothing where there are no members", () => {
    const made = cluster({ os: "lab" });
    const alone = { ...made, nodes: [nodeOf(made, "watcher")], bootstrapSize: 0 };
    assert.doesNotMatch(composeConfig(alone, nodeOf(alone, "watcher"), { discoveryUrl: "" }).text, /ETCDCTL/);
  });

  it("ntp: nothing where no servers are given", () => {
    for (const os of OS_FAMILIES) {
      const made = cluster({ os });
      const one = (profiles: readonly ProfileName[]): string =>
        composeConfig(made, withProfiles(nodeOf(made, "one"), profiles), bootstrap).text;
      assert.equal(one(["base", "ntp"]), one(["base"]));
    }
  });

  it("docker-remote: a socket on the loopback unless told otherwise", () => {
    assert.match(text({ os: "flatcar" }, "one", ["docker-remote"]), /ListenStream=127\.0\.0\.1:2375\n/);
    const open = text({ os: "flatcar", dockerListen: "0.0.0.0:2375" }, "one", ["docker-remote"]);
    assert.match(open, /ListenStream=0\.0\.0\.0:2375\n/);
  });

  it("don't contradict each other in names of units and files: metadata-local and metadata-remote do", () => {
    assert.throws(() => text({ os: "lab" }, "one", ["metadata-local", "metadata-remote"]), RenderError);
  });
});

describe("the URL of a node's metadata", () => {
  const node = { name: "one", mac: "52:54:00:00:00:01" };
  const urls: [string, string][] = [
    ["http://m.example", "http://m.example/?name=one&mac=52%3A54%3A00%3A00%3A00%3A01"],
    ["http://m.example/x?y=1", "http://m.example/x?y=1&name=one&mac=52%3A54%3A00%3A00%3A00%3A01"],
    ["http://m.example/{name}.env", "http://m.example/one.env"],
    ["http://m.example/%7Bname%7D", "http://m.example/one"],
    ["http://m.example/?id={mac}", "http://m.example/?id=52%3A54%3A00%3A00%3A00%3A01"],
  ];
  for (const [given, asked] of urls) {
    it(`${given} becomes ${asked}`, () => {
      assert.equal(metadataUrl(given, node), asked);
    });
  }

  it("is as the docs say", () => {
    const rows = [...docs.matchAll(/^\| `(http[^`]+)` +\| `(http[^`]+)` +\|$/gm)];
    assert.equal(rows.length, 2);
    const documented = { name: "dev-core01", mac: macOf("dev-core01") };
    for (const [, given = "", asked] of rows) assert.equal(metadataUrl(given, documented), asked);
  });
});

describe("texts in Environment= of a unit", () => {
  /** systemd's own reading: specifiers first, then quotes and backslashes. */
  const read = (word: string): string => word.replace(/\\(.)/g, "$1").replace(/%%/g, "%");

  it("come out as they went in", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("%", "$", '"', "\\", "a", "=", ",") }), (word) => {
        assert.equal(read(environmentWord(word)), word);
      }),
    );
  });
});
