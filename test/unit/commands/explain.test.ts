import { doesNotMatch, match, ok } from "node:assert/strict";
import { explainFailure, explainStrangers, explainTimeout } from "../../../commands/readiness/explain.ts";
import { NodeProgress } from "../../../commands/readiness/progress.ts";
import type { ReadinessSettings } from "../../../commands/readiness/settings.ts";

const LOG = "/var/log/libvirt/qemu/a01-console.log";
const node = { name: "a01", mac: "52:54:00:00:00:01", role: "member", machine: "id-1" } as const;
const outside: ReadinessSettings = {
  nodes: [node],
  mode: "url",
  discoveryUrl: "http://r.example/t",
  endpoints: [],
  uri: "qemu:///system",
  timeout: 600,
  clientPort: 2379,
};
const lab: ReadinessSettings = { ...outside, commandPrefix: "npm run cluster -- exec" };
const told = { hosts: new Map<string, string>() };

/** All that is told of a node whose console shows `lines`, on every way to fail. */
async function messages(settings: ReadinessSettings, lines: string[] | undefined): Promise<string[]> {
  const consoles = { path: () => LOG, tail: () => Promise.resolve(lines) };
  const late = new NodeProgress(node.name);
  return [
    await explainFailure(late, "Ignition failed", settings, consoles),
    await explainTimeout([late], settings, told, undefined, consoles),
  ];
}

describe("readiness: what is told to type", () => {
  for (const [about, lines] of [
    ["a console", ["booting"]],
    ["an empty console", []],
    ["a console that can't be read", undefined],
  ] as const) {
    const shown = lines === undefined ? undefined : [...lines];

    it(`reaches ${about} through the lab's own commands in the lab`, async () => {
      for (const message of await messages(lab, shown)) {
        match(message, /^ {2}npm run cluster -- console a01$/m);
        if (shown !== undefined) match(message, /\(npm run cluster -- console --log a01\)/);
        match(
          message,
          /`npm run cluster -- exec pulumi up` goes on; `npm run cluster -- exec pulumi destroy`/,
        );
        doesNotMatch(message, /virsh|\/var\/log|(?<!exec )pulumi /);
      }
    });

    it(`reaches ${about} through virsh elsewhere`, async () => {
      for (const message of await messages(outside, shown)) {
        match(message, /^ {2}virsh --connect qemu:\/\/\/system console a01$/m);
        if (shown !== undefined) ok(message.includes(`(${LOG})`));
        match(message, /`pulumi up` goes on; `pulumi destroy` removes all/);
        doesNotMatch(message, /npm run/);
      }
    });
  }

  for (const stuckIn of ["boot", "ignition", "fetching"] as const)
    it(`proposes no login to a machine that does not run its system (${stuckIn})`, async () => {
      const early = new NodeProgress(node.name);
      early.host = "10.0.0.7";
      const consoles = { path: () => LOG, tail: () => Promise.resolve(["booting"]) };
      for (const settings of [lab, outside]) {
        match(await explainFailure(early, "it did", settings, consoles), /ssh/);
        const message = await explainFailure(early, "it did", settings, consoles, stuckIn);
        doesNotMatch(message, /ssh|journal/);
        match(message, / console a01$/m);
        match(message, /pulumi destroy` removes all/);
        if (stuckIn !== "boot") match(message, /config [^]*pulumi up` makes the machines\s+anew/);
      }
      match(
        await explainFailure(early, "it did", lab, consoles, stuckIn),
        /^ {2}npm run cluster -- logs a01$/m,
      );
    });

  it("gives more time and takes another discovery URL", async () => {
    match((await messages(lab, []))[1] ?? "", /: npm run cluster -- exec pulumi config set readinessTimeout/);
    const strangers = explainStrangers(["x"], lab);
    match(strangers, /\(npm run cluster -- exec pulumi config set --path discovery\.url URL\)/);
    doesNotMatch(strangers, /(?<!exec )pulumi /);
    doesNotMatch(explainStrangers(["x"], outside), /npm run/);
  });
});
