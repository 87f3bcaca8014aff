import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, ETCD_34, Etcds, runCommand } from "./etcds.ts";

/** The shell commands of docs/discovery.md, a text for each block. */
const blocks = (): string[] =>
  [...readFileSync(join(checkout, "docs/discovery.md"), "utf8").matchAll(/^```sh\n([^`]*)^```$/gm)].map(
    ([, text = ""]) => text,
  );

describe("the recipes of docs/discovery.md", function () {
  this.timeout(60_000);
  let etcds: Etcds;
  let endpoint: string;
  const here = (text: string): string => text.replaceAll("http://HOST:2379", endpoint);
  const sh = (text: string): string => {
    const { status, stdout, stderr } = spawnSync("sh", ["-euc", here(text)], { encoding: "utf8" });
    equal(status, 0, stderr);
    return stdout;
  };

  before(async () => {
    etcds = new Etcds();
    const [recipe = ""] = blocks();
    const flags = [...recipe.matchAll(/--([a-z0-9-]+)[= ]((?:[^\s\\]|\\(?!\n))+)/g)].map(
      ([, name = "", value = ""]) => [name, value] as const,
    );
    const given = Object.fromEntries(flags);
    equal(Object.keys(given).join(), "name,data-dir,enable-v2,listen-client-urls,advertise-client-urls");
    endpoint = await etcds.registry(ETCD_34, { "enable-v2": given["enable-v2"] ?? "" });
  });
  after(() => etcds.remove());

  it("start a registry whose tokens of both kinds are taken", async () => {
    const [, v2 = "", v3 = "", look = ""] = blocks();
    sh(v2);
    sh(v3);
    const url = `${endpoint}/v2/keys/discovery/my-token`;
    ok(v2.includes("/v2/keys/discovery/my-token/"));
    equal((await runCommand("discovery", "obtain", { MODE: "url", URL: url, SIZE: "3" })).out, url);
    const given = { MODE: "v3", ENDPOINTS: endpoint, GIVEN_TOKEN: "my-token", SIZE: "3" };
    equal((await runCommand("discovery", "obtain", given)).out, `${endpoint}/_etcd/registry/my-token`);
    const [get = "", del = ""] = look.trim().split("\n");
    match(sh(get), /^\/_etcd\/registry\/my-token\/_config\/size\n3\n$/);
    match(sh(del), /^1\n$/);
    match((await runCommand("discovery", "obtain", given)).err, /does not know the discovery token my-token/);
  });
});
