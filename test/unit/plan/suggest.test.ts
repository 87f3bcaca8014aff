import assert from "node:assert/strict";
import { CONFIG_KEY_NAMES } from "../../../plan/keys.ts";
import { PROFILE_NAMES } from "../../../plan/profiles.ts";
import { suggest } from "../../../plan/suggest.ts";

describe("what a mistyped word was meant to be", () => {
  const table: [string, readonly string[], string | undefined][] = [
    ["nodez", CONFIG_KEY_NAMES, "nodes"],
    ["disk_size", CONFIG_KEY_NAMES, "diskSize"],
    ["sshKeys", CONFIG_KEY_NAMES, "sshAuthorizedKeys"],
    ["ntp", CONFIG_KEY_NAMES, "ntpServers"],
    ["docker", CONFIG_KEY_NAMES, "dockerListen"],
    ["domain-type", CONFIG_KEY_NAMES, "domainType"],
    ["snippet", CONFIG_KEY_NAMES, "snippets"],
    ["etdc", PROFILE_NAMES, "etcd"],
    ["dokcer", PROFILE_NAMES, "docker"],
    ["metadata", PROFILE_NAMES, undefined], // two of them
    ["kubernetes", PROFILE_NAMES, undefined],
    ["", PROFILE_NAMES, undefined],
    ["x".repeat(10_000), PROFILE_NAMES, undefined],
  ];
  for (const [word, known, meant] of table)
    it(`is ${meant ?? "not known"} for ${JSON.stringify(word.slice(0, 20))}`, () => {
      assert.equal(suggest(word, known), meant);
    });
});
