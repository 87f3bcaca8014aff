import { equal } from "node:assert/strict";
import { isHalfDestroyed } from "../../../commands/lab/halfDestroyed.ts";

const urn = (type: string, name: string): string => `urn:pulumi:dev::coreos-cluster::${type}::${name}`;
const resource = (type: string, name: string) => ({ urn: urn(type, name), type });
const command = (name: string) => resource("command:local:Command", name);
const domain = (name: string) => resource("libvirt:index/domain:Domain", `${name}-domain`);
const disk = (name: string) => resource("libvirt:index/volume:Volume", `${name}-disk`);
const stack = (outputs: object = {}) => ({ ...resource("pulumi:pulumi:Stack", "dev"), outputs });

/** As `pulumi stack export` has it, and as the backend's file does. */
const forms = [
  (resources: object[]) => JSON.stringify({ deployment: { resources } }),
  (resources: object[]) => JSON.stringify({ checkpoint: { latest: { resources } } }),
];

const made = { nodes: [] };
const [host, discovery, readiness] = ["host", "discovery-0a1b2c3d", "readiness"].map((what) =>
  command(`cluster-${what}`),
) as [object, object, object];

const ROWS: readonly (readonly [string, readonly object[], boolean])[] = [
  ["a whole cluster", [stack(made), host, discovery, disk("a"), domain("a"), readiness], false],
  ["the wait is gone, machines are there", [stack(made), host, discovery, disk("a"), domain("a")], false],
  ["the machines are gone", [stack(made), host, discovery, disk("a")], true],
  ["the machines are gone, and never were healthy", [stack(), host, discovery, disk("a")], true],
  ["the disks are gone, too", [stack(made), host, discovery], true],
  ["the token is gone, too", [stack(made), host], true],
  ["no discovery, and no machine any more", [stack(made), host, disk("a")], true],
  ["machines vanished and were forgotten: the wait is there", [stack(made), discovery, readiness], false],
  ["a machine that is only to be deleted yet", [stack(made), host, { ...domain("a"), delete: true }], true],
  ["an up that was killed early", [stack(), host], false],
  ["nothing but the stack", [stack(made)], false],
  ["nothing", [], false],
];

describe("a state that a destroy left half way", () => {
  for (const [title, resources, half] of ROWS)
    it(`is ${half ? "this" : "not this"}: ${title}`, () => {
      for (const form of forms) equal(isHalfDestroyed(form([...resources])), half);
    });

  it("is not what is no state", () => {
    for (const text of ["", "{}", "no JSON", "[]"]) equal(isHalfDestroyed(text), false);
  });
});
