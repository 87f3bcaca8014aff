import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { machinesOf } from "../../../commands/hosts/owned.ts";
import type { MarkedNode } from "../../../commands/hosts/nodes.ts";
import { sameMachines } from "../../../commands/verbs/pause.ts";

const marked = (name: string, stack: string, owner: string): MarkedNode => ({
  mark: { organization: "organization", project: "coreos-cluster", stack, owner },
  node: { name, uuid: name, state: "running", memory: 1, vcpus: 1, consoleLog: undefined },
});
const mine = "a".repeat(32);
const theirs = "b".repeat(32);

describe("whose machines are touched", () => {
  it("only those with an owner id of the stack's own state, whatever the stacks are called", () => {
    const host = [marked("x01", "dev", mine), marked("x02", "dev", theirs), marked("x03", "other", mine)];
    const found = machinesOf(host, { owners: [mine] }, "dev", "the lab");
    deepEqual(
      found.map(({ node }) => node.name),
      ["x01", "x03"],
    );
  });

  it("never another owner's, for any host and any state", () => {
    const owner = fc.constantFrom(mine, theirs, "c".repeat(32));
    const node = fc.tuple(fc.constantFrom("dev", "bob"), owner).map(([stack, of]) => marked("n", stack, of));
    fc.assert(
      fc.property(fc.array(node), fc.array(owner), (host, owners) => {
        try {
          return machinesOf(host, { owners }, "dev", "h").every(({ mark }) => owners.includes(mark.owner));
        } catch (error) {
          return (
            error instanceof Error &&
            error.name === "UserError" &&
            !host.some(({ mark }) => owners.includes(mark.owner))
          );
        }
      }),
    );
  });

  it("none, where a stack of that name is somebody else's", () => {
    throws(() => machinesOf([marked("x02", "dev", theirs)], { owners: [mine] }, "dev", "qemu:///system"), {
      name: "UserError",
      message:
        "there are no machines of stack dev on qemu:///system: none carries its owner's id, aaaaaaaa. " +
        "There is organization/coreos-cluster/dev of owner bbbbbbbb, which is another stack of that name: --owner ID names it",
    });
  });

  it("none, where the stack has not been brought up", () => {
    throws(() => machinesOf([], { owners: [] }, "dev", "the lab"), {
      message: "there are no machines of stack dev on the lab: it has not been brought up",
    });
  });
});

describe("the command that takes pause back, or shows why it can't be", () => {
  it("is about the same machines, and can be typed as it is", () => {
    equal(sameMachines("resume", {}), "npm run cluster -- resume");
    equal(
      sameMachines("resume", {
        connect: "qemu+ssh://root@host/system?no_verify=1&keyfile=/my key",
        stack: "alice",
      }),
      "npm run cluster -- resume --connect 'qemu+ssh://root@host/system?no_verify=1&keyfile=/my key' --stack alice",
    );
    equal(sameMachines("logs", { stack: "tf" }), "npm run cluster -- logs --stack tf");
  });
});
