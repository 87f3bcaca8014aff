import { deepEqual, rejects } from "node:assert/strict";
import { powerOn, shutDown } from "../../../host/power.ts";
import { type Virsh, VirshError } from "../../../host/virsh.ts";

/** A host whose machines answer commands as told: `deaf` ones never go down, `slow` ones only when asked a second time. */
function hostWith(states: Record<string, string>, nature: Readonly<Record<string, "deaf" | "slow">> = {}) {
  const did: string[] = [];
  const asked = new Map<string, number>();
  const virsh: Virsh = (...args) => {
    const [verb = "", uuid = ""] = args;
    if (args.length === 1) {
      const answers = verb.split("; ").map((part) => {
        const [word = "", of = ""] = part.split(" ");
        return word === "echo" ? of : states[of] === undefined ? "" : `${states[of]}\n\n`;
      });
      return Promise.resolve(answers.join(""));
    }
    did.push(`${verb} ${uuid}`);
    const state = states[uuid];
    const no = (why: string) => Promise.reject(new VirshError(why));
    if (state === undefined) return no("no such domain");
    if (verb === "start" ? state !== "shut off" && state !== "crashed" : state === "shut off")
      return no(`it is ${state}`);
    if (verb === "shutdown") {
      const times = (asked.get(uuid) ?? 0) + 1;
      asked.set(uuid, times);
      if (nature[uuid] === "deaf" || (nature[uuid] === "slow" && times < 2) || state === "paused")
        return Promise.resolve("");
      states[uuid] = "shut off";
    } else if (verb === "destroy") states[uuid] = "shut off";
    else states[uuid] = "running";
    return Promise.resolve("");
  };
  const machines = Object.entries(states).map(([uuid, state]) => ({ name: `node-${uuid}`, uuid, state }));
  return { virsh, did, machines, states };
}

const quick = { limit: 300, pause: 5, again: 20 };

describe("machines are switched off", () => {
  it("all at once, by being asked", async () => {
    const { virsh, did, machines } = hostWith({ a: "running", b: "running" });
    deepEqual(await shutDown(virsh, machines, quick), { clean: ["node-a", "node-b"], cut: [] });
    deepEqual(did, ["shutdown a", "shutdown b"]);
  });

  it("not when they are off", async () => {
    const { virsh, did, machines } = hostWith({ a: "shut off", b: "crashed" });
    deepEqual(await shutDown(virsh, machines, quick), { clean: [], cut: [] });
    deepEqual(did, []);
  });

  it("after having been woken", async () => {
    const { virsh, did, machines } = hostWith({ a: "paused", b: "pmsuspended" });
    deepEqual(await shutDown(virsh, machines, quick), { clean: ["node-a", "node-b"], cut: [] });
    deepEqual(did, ["resume a", "dompmwakeup b", "shutdown a", "shutdown b"]);
  });

  it("by being asked again where they did not hear it", async () => {
    const { virsh, machines } = hostWith({ a: "running" }, { a: "slow" });
    deepEqual(await shutDown(virsh, machines, quick), { clean: ["node-a"], cut: [] });
  });

  it("by force when the time is over, and only those that are left", async () => {
    const waits: (readonly string[])[] = [];
    const { virsh, did, machines, states } = hostWith({ a: "running", b: "running" }, { b: "deaf" });
    const onWait = (names: readonly string[]) => waits.push(names);
    deepEqual(await shutDown(virsh, machines, { ...quick, limit: 50, onWait }), {
      clean: ["node-a"],
      cut: ["node-b"],
    });
    deepEqual(
      did.filter((what) => what.startsWith("destroy")),
      ["destroy b"],
    );
    deepEqual(states, { a: "shut off", b: "shut off" });
    deepEqual([waits[0], waits.at(-1)], [["node-a", "node-b"], ["node-b"]]);
  });

  it("though one went away meanwhile", async () => {
    const { virsh, machines, states } = hostWith({ a: "running", b: "running" });
    Reflect.deleteProperty(states, "a");
    deepEqual((await shutDown(virsh, machines, quick)).cut, []);
  });
});

describe("machines are switched on", () => {
  it("when they are off, and go on when they were suspended", async () => {
    const { virsh, did, machines } = hostWith({
      a: "shut off",
      b: "running",
      c: "paused",
      d: "pmsuspended",
      e: "crashed",
    });
    deepEqual(await powerOn(virsh, machines), ["node-a", "node-c", "node-d", "node-e"]);
    deepEqual(did, ["start a", "resume c", "dompmwakeup d", "start e"]);
  });

  it("though somebody else was quicker", async () => {
    const { virsh, machines, states } = hostWith({ a: "shut off" });
    states["a"] = "running";
    deepEqual(await powerOn(virsh, machines), ["node-a"]);
  });

  it("not when libvirt refuses", async () => {
    const { virsh, machines } = hostWith({ a: "shut off" });
    const refusing: Virsh = (...args) =>
      args[0] === "start" ? Promise.reject(new VirshError("no memory")) : virsh(...args);
    await rejects(powerOn(refusing, machines), /no memory/);
  });
});
