import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fc from "fast-check";
import { argumentsOf, isAlive, namespaceOf, parseStat, processesIn } from "../../../lab/libvirt/processes.ts";
import {
  idsInNamespaces,
  signal,
  startedAt,
  statOf,
  userOf,
  waitUntil,
} from "../../../lab/libvirt/processes.ts";

describe("what /proc says", () => {
  it("is read right for this process", () => {
    const stat = statOf(process.pid);
    assert.equal(stat?.parent, process.ppid);
    assert.equal(stat.state, "R");
    assert.equal(userOf(process.pid), process.geteuid?.());
    assert.equal(idsInNamespaces(process.pid).at(-1), process.pid);
    assert.equal(argumentsOf(process.pid)[0], process.argv0);
    assert.match(namespaceOf("self", "net") ?? "", /^net:\[\d+\]$/);
  });

  it("tells when a process was started", async () => {
    const before = Date.now();
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    await once(child, "spawn");
    const after = Date.now();
    const started = startedAt(child.pid ?? 0)?.getTime() ?? 0;
    child.stdin.end();
    await once(child, "exit");
    // The kernel gives the boot in whole seconds.
    assert.ok(started >= before - 2000 && started <= after + 2000, `${started} is not in ${before}-${after}`);
  });

  it("is nothing for a process that is gone", () => {
    const gone = 2 ** 22 + 1; // above the highest process id
    assert.equal(statOf(gone), undefined);
    assert.equal(isAlive(gone), false);
    assert.deepEqual(argumentsOf(gone), []);
    assert.deepEqual(idsInNamespaces(gone), []);
    assert.equal(namespaceOf(gone, "pid"), undefined);
    assert.equal(startedAt(gone), undefined);
    signal(gone, "SIGKILL");
  });

  it("survives any program name, parentheses and spaces in it", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (name, parent, startTime) => {
        const between = Array.from({ length: 17 }, (_, at) => at + 3).join(" ");
        const text = `17 (${name}) S ${parent} ${between} ${startTime} 0 0`;
        assert.deepEqual(parseStat(text), { state: "S", parent, startTime });
      }),
    );
  });

  it("counts no zombie as alive", async () => {
    const child = spawn("sleep", ["100"]);
    const pid = child.pid ?? 0;
    assert.ok(isAlive(pid));
    signal(pid, "SIGKILL");
    await once(child, "exit");
    assert.ok(await waitUntil(() => !isAlive(pid), 2));
  });

  it("finds processes by their namespace, and leaves out the one that asks", () => {
    const namespace = namespaceOf("self", "pid") ?? "";
    const found = processesIn({ pid: namespace });
    assert.ok(!found.includes(process.pid));
    assert.deepEqual(processesIn({ net: "net:[1]" }), []);
  });
});

describe("waiting", () => {
  it("ends when what is waited for has come, and tells when it has not", async () => {
    let asked = 0;
    assert.equal(await waitUntil(() => ++asked === 3, 5), true);
    assert.equal(asked, 3);
    assert.equal(await waitUntil(() => Promise.resolve(false), 0.02), false);
  });
});
