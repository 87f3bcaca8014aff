import assert from "node:assert/strict";
import {
  entriesOf,
  incarnationOf,
  isBegun,
  isNearlyDone,
  withTurns,
} from "../../../commands/dayTwo/entries.ts";
import { refusePaused } from "../../../commands/dayTwo/carryOut.ts";
import { barredByOff, inOrder, obstacle, surelyBarred } from "../../../commands/dayTwo/quorum.ts";
import {
  errorsIn,
  newGeneration,
  othersIn,
  type Step,
  stepsIn,
  touchedIn,
} from "../../../commands/dayTwo/steps.ts";
import type { NodeView } from "../../../commands/lab/clusterView.ts";

const NAMES = ["a", "b", "c", "w"];
const CLUSTER = { generation: "0123456789ab", life: "ba9876543210" };

const urn = (type: string, name: string): string =>
  `urn:pulumi:dev::coreos-cluster::coreos-cluster:index:CoreOSCluster$${type}::${name}`;
const preview = (...steps: readonly [op: string, type: string, name: string][]): readonly Step[] =>
  stepsIn(
    JSON.stringify({ steps: steps.map(([op, type, name]) => ({ op, urn: urn(type, name), newState: {} })) }),
  );
const DOMAIN = "libvirt:index/domain:Domain";
const VOLUME = "libvirt:index/volume:Volume";
const COMMAND = "command:local:Command";
const anew = (name: string): [string, string, string][] => [
  ["create", COMMAND, `${name}-join-aaaaaaaaaaaa`],
  ["delete-replaced", VOLUME, `${name}-disk`],
  ["replace", VOLUME, `${name}-disk`],
  ["create-replacement", DOMAIN, `${name}-domain`],
  ["create", COMMAND, `${name}-membership`],
];

describe("what a preview says of machines", () => {
  it("each resource once, without those that stay, nor the stack itself", () => {
    const steps = preview(...anew("a"), ["same", DOMAIN, "b-domain"], ["update", "pulumi:pulumi:Stack", "x"]);
    assert.deepEqual(
      steps.map(({ op, name, type }) => `${op} ${name} ${type}`),
      [
        "create a-join-aaaaaaaaaaaa command:local:Command",
        "replace a-disk libvirt:index/volume:Volume",
        "replace a-domain libvirt:index/domain:Domain",
        "create a-membership command:local:Command",
      ],
    );
    assert.deepEqual(touchedIn(steps, NAMES), [{ name: "a", disk: true, whole: undefined }]);
    assert.deepEqual(othersIn(steps, NAMES), []);
  });

  it("what comes, what goes, and what is only started anew", () => {
    const all = (op: string, name: string): [string, string, string][] =>
      ["disk", "ignition", "domain"].map((part) => [op, VOLUME, `${name}-${part}`]);
    const steps = preview(...all("create", "a"), ...all("delete", "b"), ["replace", DOMAIN, "c-domain"]);
    assert.deepEqual(touchedIn(steps, NAMES), [
      { name: "a", disk: true, whole: "comes" },
      { name: "b", disk: true, whole: "goes" },
      { name: "c", disk: false, whole: undefined },
    ]);
  });

  it("another generation, by whatever tells clusters apart", () => {
    const row = (name: string): string | undefined => newGeneration(preview(["create", COMMAND, name]));
    assert.equal(row("cluster-discovery-0a0a0a0a0a0a"), "0a0a0a0a0a0a");
    assert.equal(row("cluster-life-0b0b0b0b0b0b"), "0b0b0b0b0b0b");
    assert.equal(row("cluster-readiness"), undefined);
    assert.equal(newGeneration(preview(["delete", COMMAND, "cluster-life-0b0b0b0b0b0b"])), undefined);
  });

  const rows: readonly [string, [string, string, string], boolean][] = [
    ["another image", ["create", VOLUME, "cluster-base-0123456789abcdef"], false],
    ["the image before", ["delete", VOLUME, "cluster-base-0123456789abcdef@one"], false],
    ["the wait", ["update", COMMAND, "cluster-readiness"], false],
    ["a membership of another that is told of it", ["update", COMMAND, "d-membership"], false],
    ["a membership of another that ends", ["delete", COMMAND, "d-membership"], true],
    ["the host's check", ["update", COMMAND, "cluster-host@one"], false],
    ["another authority", ["replace", COMMAND, "cluster-ca"], true],
    ["another pool", ["replace", "libvirt:index/pool:Pool", "cluster-pool"], true],
    ["another machine", ["create", DOMAIN, "d-domain"], true],
    ["a certificate", ["replace", COMMAND, "a-certificate"], true],
    ["another registry", ["delete", COMMAND, "cluster-discovery-0a0a0a0a0a0a"], true],
  ];
  for (const [what, step, refused] of rows)
    it(`${what} ${refused ? "is" : "is not"} for these verbs`, () => {
      assert.equal(othersIn(preview(step), NAMES).length > 0, refused);
    });

  it("why it fails, in the program's own words", () => {
    const message = (severity: string, text: string) => ({ severity, message: text });
    const text = JSON.stringify({
      diagnostics: [message("info", "so"), message("error", "memory is 1\n"), message("error", "and more")],
    });
    assert.equal(errorsIn(text), "memory is 1\nand more");
    assert.equal(errorsIn("no JSON"), undefined);
    assert.throws(() => stepsIn("no JSON"), /printed no JSON/);
  });
});

describe("which machines are to be made anew, as it is written down", () => {
  it("a cluster is known by two hashes", () => {
    assert.deepEqual(incarnationOf("0123456789ab.ba9876543210"), CLUSTER);
    for (const text of [undefined, "", "0123456789ab", "0123456789ab.ba9876543210.x", 1])
      assert.equal(incarnationOf(text), undefined);
  });

  it("entries of another cluster count for nothing, those of this one stay and go on", () => {
    const before = { ...CLUSTER, config: "cdcdcdcdcdcd", turns: { a: 3, gone: 7 } };
    assert.deepEqual(entriesOf({ ...CLUSTER, life: "000000000000" }, before).turns, {});
    assert.deepEqual(withTurns(entriesOf(CLUSTER, before), ["b", "a"]), {
      ...before,
      turns: { a: 9, b: 8, gone: 7 },
    });
    assert.deepEqual(withTurns(entriesOf(CLUSTER, undefined), ["b"]), { ...CLUSTER, turns: { b: 1 } });
  });

  const entries = { ...CLUSTER, turns: { a: 1, b: 2 } };
  const rows: readonly [string, readonly Step[], boolean][] = [
    ["nothing is to be done", preview(["update", COMMAND, "cluster-readiness"]), false],
    ["both are", preview(...anew("a"), ...anew("b")), true],
    ["one of them is", preview(...anew("b")), true],
    ["its disk was made, its machine was not", preview(["create", DOMAIN, "b-domain"]), true],
    ["its machine was made, it has no vote yet", preview(["create", COMMAND, "b-membership"]), true],
    ["another one is, too", preview(...anew("b"), ...anew("c")), false],
    ["it is only started anew", preview(["replace", DOMAIN, "b-domain"]), false],
    ["all begin anew", preview(...anew("b"), ["create", COMMAND, "cluster-life-0b0b0b0b0b0b"]), false],
  ];
  for (const [what, steps, begun] of rows)
    it(`${begun ? "goes on" : "begins"} where ${what}`, () => {
      assert.equal(isBegun(steps, entries, NAMES), begun);
    });
});

describe("what is left of a run that was ended when its machine had its vote", () => {
  const entries = { ...CLUSTER, turns: { a: 1, b: 2 } };
  const wait: [string, string, string] = ["update", COMMAND, "cluster-readiness"];
  const rows: readonly [string, readonly Step[], string, boolean][] = [
    ["the wait alone", preview(wait), "b", true],
    ["the wait, and the host's check", preview(wait, ["update", COMMAND, "cluster-host@one"]), "b", true],
    ["nothing at all: it is another run", preview(), "b", false],
    ["the wait, and a machine", preview(wait, ...anew("b")), "b", false],
    ["the wait for one that came before", preview(wait), "a", false],
    ["the wait for one that never came", preview(wait), "c", false],
    [
      "the wait, and another generation",
      preview(wait, ["create", COMMAND, "cluster-life-0b0b0b0b0b0b"]),
      "b",
      false,
    ],
  ];
  for (const [what, steps, name, done] of rows)
    it(`${what}: ${done ? "it goes on" : "it begins"}`, () => {
      assert.equal(isNearlyDone(steps, entries, name), done);
    });
});

describe("whether a member can be made anew", () => {
  const member = (name: string, health = "healthy", id = `id-${name}`): NodeView => ({
    ...{ name, health, member: id, mac: "", address: "", domainId: "", role: "member" },
  });
  const client: NodeView = { ...member("w", "healthy", ""), role: "client" };
  const down = "connection refused";
  const rows: readonly [string, readonly NodeView[], boolean][] = [
    ["one of three that is broken", [member("a", down), member("b"), member("c")], true],
    ["one of three that is well", [member("a"), member("b"), member("c"), client], true],
    ["the other one of three", [member("a"), member("b", down), member("c")], false],
    ["one of three, two being broken", [member("a", down), member("b", down), member("c")], false],
    ["one of two that is broken", [member("a", down), member("b")], false],
    ["one of two that is broken and off the list", [member("a", down, ""), member("b")], true],
    ["one of two that is well", [member("a"), member("b")], true],
    ["the only one", [member("a"), client], false],
    [
      "one of five, another being broken",
      [member("a"), ...["b", "c", "d"].map((n) => member(n)), member("e", down)],
      true,
    ],
    ["a client", [member("b", down), { ...client, name: "a" }], true],
  ];
  for (const [what, nodes, possible] of rows)
    it(`${what}: ${possible ? "yes" : "no"}`, () => {
      const found = obstacle({ nodes }, "a");
      assert.equal(found === undefined, possible, found);
      if (found !== undefined) assert.match(found, /^a (?:can't be made anew|is the only member)/);
    });

  const off: readonly [string, readonly NodeView[], readonly string[], barred: boolean, surely: boolean][] = [
    [
      "all of three off",
      [member("a", down), member("b", down), member("c", down)],
      ["a", "b", "c"],
      true,
      true,
    ],
    ["another one of three off", [member("a"), member("b", down), member("c")], ["b"], true, true],
    ["itself off, of three", [member("a", down), member("b"), member("c")], ["a"], false, false],
    [
      "itself off, others that may get well",
      [member("a", down), member("b", down), member("c")],
      ["a"],
      false,
      false,
    ],
    ["itself off, of two", [member("a", down), member("b")], ["a"], true, false],
    ["itself off and off the list, of two", [member("a", down, ""), member("b")], ["a"], false, false],
    ["the only one off", [member("a", down), client], ["a"], false, false],
    ["a client off", [member("a", down), member("b", down), member("c"), client], ["w"], false, false],
  ];
  for (const [what, nodes, names, barred, surely] of off)
    it(`${what}: ${barred ? "nobody waits for that" : "no reason of its own"}`, () => {
      const members = nodes.filter(({ role }) => role === "member").map(({ name }) => name);
      assert.equal(barredByOff(nodes, new Set(names), "a"), barred);
      assert.equal(surelyBarred(members, new Set(names), "a"), surely);
    });

  it("says at once of a paused cluster that it is, and how it is started", async () => {
    const paused = (...states: string[]): Parameters<typeof refusePaused>[0] => ({
      members: ["a", "b", "c"],
      domains: () =>
        Promise.resolve(new Map(states.map((state, index) => [["a", "b", "c"][index] ?? "", state]))),
    });
    await assert.rejects(refusePaused(paused("shut off", "shut off", "paused"), "a", { stack: "mine" }), {
      message:
        "a can't be made anew while so many machines are off: the others must be a healthy majority. Nothing was changed. " +
        "a (shut off), b (shut off), c (paused) do not run. Next: npm run cluster -- resume --stack mine",
    });
    await refusePaused(paused("shut off", "running", "running"), "a", {});
    await refusePaused(paused("running", "host silent", "host silent"), "a", {});
  });

  it("says at once that the only member can't be made anew, and what there is to do", async () => {
    const one = { members: ["a"], domains: () => Promise.resolve(new Map([["a", "running"]])) };
    await assert.rejects(refusePaused(one, "a", {}), {
      message:
        /^a is the only member: nobody would have the data\. Nothing was changed\. .*snapshot save FILE/,
    });
    await refusePaused(one, "client", {});
  });

  it("broken ones come first, the leader last", () => {
    const leads = (node: NodeView): NodeView => ({
      ...node,
      status: {
        leader: "id-a",
        id: "x",
        version: "3",
        dbSize: 0,
        dbSizeInUse: 0,
        raftTerm: 1,
        raftIndex: 1,
        alarms: [],
      },
    });
    const nodes = [member("a"), member("b"), member("c", down)].map(leads);
    assert.deepEqual(inOrder({ nodes }, ["a", "b", "c"]), ["c", "b", "a"]);
  });
});
