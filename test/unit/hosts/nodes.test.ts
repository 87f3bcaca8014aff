import { deepEqual, equal, match, throws } from "node:assert/strict";
import fc from "fast-check";
import { journalctl } from "../../../commands/hosts/journal.ts";
import { chooseCluster, isNodeName, type MarkedNode, unknownNode } from "../../../commands/hosts/nodes.ts";
import { UserError } from "../../../commands/ui/errors.ts";

const node = (name: string, stack: string, owner: string, organization = "organization"): MarkedNode => ({
  mark: { organization, project: "coreos-cluster", stack, owner: owner.repeat(32).slice(0, 32) },
  node: { name, uuid: name, state: "running", memory: 1, vcpus: 1, consoleLog: undefined },
});

const dev = [node("dev-core02", "dev", "ab12"), node("dev-core01", "dev", "ab12")];
const bob = [node("bob01", "bob", "ab99")];
const namesake = [node("x01", "dev", "cd34", "acme")];

const names = (nodes: readonly MarkedNode[]): string[] => nodes.map((one) => one.node.name);

describe("choosing a cluster on a host", () => {
  const right: readonly (readonly [
    string,
    readonly MarkedNode[],
    Parameters<typeof chooseCluster>[1],
    string[],
  ])[] = [
    ["the only one", dev, {}, ["dev-core01", "dev-core02"]],
    ["by its stack", [...dev, ...bob], { stack: "bob" }, ["bob01"]],
    ["by project and stack", [...dev, ...bob], { stack: "coreos-cluster/bob" }, ["bob01"]],
    ["by all of its name", [...dev, ...namesake], { stack: "acme/coreos-cluster/dev" }, ["x01"]],
    [
      "by how its owner's id begins",
      [...dev, ...bob, ...namesake],
      { owner: "AB12AB" },
      ["dev-core01", "dev-core02"],
    ],
    ["by both", [...dev, ...namesake], { stack: "dev", owner: "cd34" }, ["x01"]],
  ];
  for (const [how, nodes, choice, expected] of right)
    it(`finds it ${how}`, () => {
      deepEqual(names(chooseCluster(nodes, choice, "the lab")), expected);
    });

  const wrong: readonly (readonly [
    string,
    readonly MarkedNode[],
    Parameters<typeof chooseCluster>[1],
    RegExp,
  ])[] = [
    ["there are none", [], { stack: "dev" }, /^there are no clusters on the lab$/],
    [
      "none of that name is there",
      [...dev, ...bob],
      { stack: "carol" },
      /^there are no machines of stack carol on the lab; there are: organization\/coreos-cluster\/dev \(owner ab12ab12\), organization/,
    ],
    [
      "several are there and none is named",
      [...dev, ...bob],
      {},
      /^several clusters are on the lab: .*--stack NAME/,
    ],
    [
      "two have one name",
      [...dev, ...namesake],
      { stack: "dev" },
      /^stack dev fits several clusters on the lab: organization\/coreos-cluster\/dev \(owner ab12ab12\), acme\/coreos-cluster\/dev \(owner cd34cd34\)\. Name one of them: --owner ID$/,
    ],
    [
      "an id means several",
      [...dev, ...bob, node("z", "z", "ab12cd")],
      { owner: "ab12" },
      /^owner ab12 fits several/,
    ],
    [
      "an id is too short to mean one",
      dev,
      { owner: "ab1" },
      /"ab1" is no owner's id: 4 to 32 hexadecimal digits/,
    ],
    ["an id is none", dev, { owner: "dev-core" }, /"dev-core" is no owner's id/],
  ];
  for (const [when, nodes, choice, message] of wrong)
    it(`refuses when ${when}`, () => {
      throws(
        () => chooseCluster(nodes, choice, "the lab"),
        (error) => error instanceof UserError && message.test(error.message),
      );
    });

  it("proposes the node that was meant", () => {
    const { message } = unknownNode("dev-cor01", dev, "qemu:///system");
    equal(
      message,
      "no node on qemu:///system is named dev-cor01 (did you mean dev-core01?); there are: dev-core01, dev-core02",
    );
    match(unknownNode("x", [], "the lab").message, /no node on the lab is named x; there are none/);
  });

  it("takes no path for a node's name", () => {
    for (const name of ["../../etc/shadow", "a/b", "", ".", "..", "-n", "a b", "a\nb", "$(id)"])
      equal(isNodeName(name), false, name);
    equal(isNodeName("dev-core01"), true);
    fc.assert(fc.property(fc.string(), (name) => !isNodeName(name) || !/[/\s'"$`\\;|&]|^[-.]/.test(name)));
  });
});

describe("the journal's command", () => {
  it("is made of words that no shell takes for anything else", () => {
    deepEqual(journalctl(false, undefined).slice(-2), ["--output=short-iso", "--lines=all"]);
    deepEqual(journalctl(true, 20).slice(-2), ["--lines=20", "--follow"]);
    for (const word of journalctl(true, 5)) match(word, /^[a-z0-9=-]+$/);
  });
});
