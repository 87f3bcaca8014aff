import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { allProfiles, bootstrap, cluster, DISCOVERIES, nodeOf, withProfiles } from "./cluster.ts";
import { assertGolden } from "./golden.ts";
import { plan } from "../plan/fixtures.ts";
import { dockerHolderOf, hasRemoteDocker, holderOf, standInTls } from "../../../ignition/holders.ts";
import { composeConfig, memberUrls } from "../../../ignition/index.ts";
import { OS_FAMILIES } from "../../../plan/os.ts";
import type { ClusterPlan, NodePlan, OsFamily } from "../../../plan/types.ts";

const tls = { authority: "the authority\n", certificate: "the certificate\n", key: "the key\n" };
const docker = {
  authority: "Docker's authority\n",
  certificate: "Docker's certificate\n",
  key: "Docker's key\n",
};
const config = (made: ClusterPlan, node: NodePlan): string =>
  composeConfig(made, node, {
    ...bootstrap,
    clusterToken: "0123",
    ...(made.tls === undefined ? {} : { tls: { ...tls, ...(hasRemoteDocker(node) ? { docker } : {}) } }),
  }).text;

/** Lines of one text that the other has not, in their order. */
function only(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

const withAll = (os: OsFamily, settings: Record<string, unknown>) => {
  const made = cluster({ os, ...settings });
  const profiles = allProfiles(os, "metadata-local");
  return [
    { role: "member", text: config(made, withProfiles(nodeOf(made, "one"), profiles)) },
    { role: "client", text: config(made, nodeOf(made, "watcher")) },
  ];
};

describe("a node's Container Linux Config with TLS", () => {
  for (const os of OS_FAMILIES)
    it(`differs on ${os} from that without by what was reviewed`, () => {
      const [plain, secured] = [withAll(os, {}), withAll(os, { tls: "true" })];
      const differences = secured.flatMap(({ role, text }, at) => {
        const [before, after] = [(plain[at]?.text ?? "").split("\n"), text.split("\n")];
        return [
          role,
          ...only(before, after).map((line) => `-${line}`),
          ...only(after, before).map((line) => `+${line}`),
        ];
      });
      assertGolden(
        join(import.meta.dirname, "golden", `${os}-tls.diff`),
        `${differences.map((line) => line.trimEnd()).join("\n")}\n`,
      );
    });

  for (const os of OS_FAMILIES)
    for (const [way, settings] of Object.entries(DISCOVERIES).filter(
      ([name]) => os !== "lab" || name !== "v3",
    ))
      it(`lets no member on ${os} speak plain HTTP with others, with discovery by ${way}`, () => {
        const made = cluster({ os, tls: "true", ...settings });
        const text = config(made, nodeOf(made, "one"));
        const urls = [...text.matchAll(/(https?):\/\/([^\s"',:]+):(2379|2380|4001|7001)\b/g)].filter(
          // The registries of the examples.
          ([, , host = ""]) => !/^10\.0\.0\.[12]$/.test(host),
        );
        assert.deepEqual([...new Set(urls.map(([, scheme]) => scheme))], ["https"]);
        const own = urls.filter(([, , host]) => host === "one").map(([, , , port]) => port);
        assert.ok(own.includes("2379") && own.includes("2380"), own.join());
      });

  it("goes to members by the addresses that the config gives", () => {
    const nodes = { one: { address: "10.0.0.11" }, two: { address: "10.0.0.12" } };
    const made = plan({ os: "lab", tls: "true", nodes });
    assert.match(config(made, nodeOf(made, "one")), /https:\/\/10\.0\.0\.11:2380/);
    assert.deepEqual(memberUrls(made), ["https://10.0.0.11:2379", "https://10.0.0.12:2379"]);
    assert.deepEqual(memberUrls(cluster({ os: "lab", tls: "true" })).slice(0, 2), [
      "https://one:2379",
      "https://three:2379",
    ]);
  });

  it("needs the node's certificates", () => {
    const made = cluster({ tls: "true" });
    assert.throws(() => composeConfig(made, nodeOf(made, "one"), bootstrap), /no certificates were given/);
  });

  it("is the same as ever where tls is false", () => {
    const [plain, without] = [cluster({ os: "lab" }), cluster({ os: "lab", tls: "false" })];
    assert.equal(config(without, nodeOf(without, "one")), config(plain, nodeOf(plain, "one")));
  });
});

describe("whose certificates there are", () => {
  it("a node's names are its own, its address, and what it calls itself", () => {
    assert.deepEqual(holderOf({ name: "a", address: "10.0.0.1" }), {
      name: "a",
      hosts: ["a", "10.0.0.1", "localhost", "127.0.0.1", "::1"],
    });
    assert.deepEqual(holderOf({ name: "a" }).hosts, ["a", "localhost", "127.0.0.1", "::1"]);
    assert.deepEqual(dockerHolderOf({ name: "a" }), { ...holderOf({ name: "a" }), serverOnly: true });
  });

  it("a machine with Docker on a network has a stand-in of Docker's own, the others are as ever", () => {
    const of = (...profiles: NodePlan["profiles"]) => standInTls({ rotation: "1" }, { name: "a", profiles });
    const { docker: theirs, ...ours } = of("base", "docker", "docker-remote");
    assert.deepEqual(ours, of("base", "docker"));
    assert.deepEqual(Object.keys(theirs ?? {}), Object.keys(ours));
    assert.equal(
      Object.values(theirs ?? {}).some((text) => Object.values(ours).includes(text)),
      false,
    );
  });

  it("a stand-in is another one for another rotation, name or address, and for nothing else", () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const address = fc.option(fc.ipV4(), { nil: undefined });
    const one = fc.record({ rotation: label, name: label, address });
    const text = ({ rotation, name, address: at }: { rotation: string; name: string; address?: string }) =>
      JSON.stringify(
        standInTls({ rotation }, { name, profiles: [], ...(at === undefined ? {} : { address: at }) }),
      );
    fc.assert(
      fc.property(one, one, (first, second) => {
        const plain = (value: object) => JSON.parse(JSON.stringify(value)) as Parameters<typeof text>[0];
        const same = JSON.stringify(first) === JSON.stringify(second);
        return (text(plain(first)) === text(plain(second))) === same;
      }),
    );
  });
});
