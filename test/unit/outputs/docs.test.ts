import { ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  dnsmasqLines,
  etcdEnvironment,
  hostsLines,
  iscBlocks,
  keaReservations,
  type Machine,
  sshConfig,
} from "../../../outputs/index.ts";
import { macOf } from "../../../plan/mac.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../../..", path), "utf8");

const machines = [1, 2].map((number): Machine => {
  const name = `dev-core0${number}`;
  return { name, mac: macOf(name), role: "member", addresses: [`10.0.0.${number + 4}`] };
});
const first = machines.slice(0, 1);

describe("docs/outputs.md", () => {
  const EXAMPLES: readonly (readonly [string, string])[] = [
    ["dnsmasq", dnsmasqLines(machines)],
    ["ISC", iscBlocks(first)],
    ["Kea", keaReservations(first)],
    ["hosts", hostsLines(machines)],
    ["ssh", sshConfig(first)],
    ["etcd", etcdEnvironment(machines.map(({ addresses: [address = ""] }) => `http://${address}:2379`))],
  ];
  for (const [what, text] of EXAMPLES)
    it(`shows what is put out for ${what}`, () => {
      ok(read("docs/outputs.md").includes(`\`\`\`\n${text}\`\`\``), text);
    });
});

describe("docs/library.md", () => {
  it("shows what the example runs", () => {
    const blocks = [...read("docs/library.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(
      ([, code]) => code ?? "",
    );
    ok(blocks.length > 0);
    for (const code of blocks) ok(read("examples/two-clusters/index.ts").includes(code), code);
  });
});
