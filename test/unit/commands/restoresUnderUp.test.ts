/** A restore that was ended in the middle: `pulumi up` lets no member come or go under it. */
import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyVariables, labKeyIn } from "../../../commands/hosts/login.ts";
import { lookedAt, refuseWhileRestoring, restoresOn, sshTo } from "../../../commands/membership/restores.ts";
import { refuseLeavers } from "../../../commands/readiness/leavers.ts";
import type { NodeReport } from "../../../commands/readiness/report.ts";
import { readSettings } from "../../../commands/readiness/settings.ts";
import type { Leftover, NodeFacts } from "../../../commands/restore/node.ts";
import type { Look } from "../../../commands/restore/unfinished.ts";
import { quietly } from "./doubles.ts";

const facts = (node: string, leftover: Leftover): NodeFacts => ({
  ...{ node, name: node, peers: "", dataFolder: "/var/lib/etcd", walFolder: "" },
  ...{ leftover, source: "", free: 0 },
});
const silent = (node: string): Look => ({ node, silent: true });
const LAB = { commandPrefix: "npm run cluster -- exec --stack mine" };

describe("members that come and go by `pulumi up` while a restore is unfinished", () => {
  it("are refused, with the two ways to end it", () => {
    throws(
      () => {
        refuseWhileRestoring([facts("a", "swapped"), silent("d")], "d can't join", [], LAB);
      },
      {
        name: "ProgramError",
        message:
          "d can't join: a restore of this cluster was ended in the middle. Finish it (npm run cluster -- restore --stack mine FILE) or take it " +
          "back (npm run cluster -- restore --stack mine --undo) first. Nothing was changed.",
      },
    );
  });

  it("go on where there is none, where it was whole, and where nobody can be asked", () => {
    for (const looks of [
      [facts("a", "none")],
      [facts("a", "settled"), facts("b", "swapped")],
      [silent("a"), silent("b")],
      [],
    ])
      refuseWhileRestoring(looks, "d can't join", [], LAB);
  });

  it("go on where the restore waits for the very one that is to go, and say so", async () => {
    const said = await quietly(() => {
      refuseWhileRestoring([facts("a", "swapped"), silent("d")], "d can't leave", ["d"], LAB);
      return Promise.resolve();
    });
    match(
      said,
      /nobody can log in to d: once that is done, finish it \(npm run cluster -- restore --stack mine FILE\)/,
    );
  });

  const settings = readSettings({
    NODES: "a=52:54:00:00:00:01 b=52:54:00:00:00:02",
    CLIENTS: "w=52:54:00:00:00:09",
    MACHINES: "a=uuid-a b=uuid-b w=uuid-w",
    ...{ MODE: "static", LIBVIRT_URI: "test:///default", TIMEOUT: "60" },
  });
  const report = (name: string, machine = `uuid-${name}`, memberId = "1"): NodeReport => ({
    ...{ name, machine, memberId, addresses: [`at-${name}`] },
  });
  const leavers = async (before: readonly NodeReport[], left: Leftover = "swapped"): Promise<string[][]> => {
    const asked: string[][] = [];
    const sources = {} as Parameters<typeof refuseLeavers>[2];
    await refuseLeavers(
      settings,
      new Map(before.map((one) => [one.name, one])),
      sources,
      (_, nodes, __, known) => {
        asked.push(nodes.map(({ name }) => `${name} ${known?.get(name) ?? ""}`.trim()));
        return Promise.resolve(nodes.map(({ name }) => facts(name, left)));
      },
    );
    return asked;
  };

  it("are seen by the wait before they go, which asks those that stay and them", async () => {
    const before = ["a", "b", "c", "d"].map((name) => report(name));
    await rejects(
      leavers(before),
      /^ProgramError: c, d can't leave the cluster: a restore of this cluster was ended/,
    );
    deepEqual(await leavers(before, "none"), [["a", "b", "c at-c", "d at-d"]]);
  });

  it("are not asked for where none goes, where only a client does, and where all members are made anew together", async () => {
    deepEqual(await leavers([]), []);
    deepEqual(await leavers(["a", "b"].map((name) => report(name))), []);
    deepEqual(await leavers([report("a"), report("b"), report("x", "uuid-x", "")]), []);
    deepEqual(await leavers([report("a", "old-a"), report("b", "old-b"), report("c")]), []);
  });
});

describe("the look at members that `pulumi up` takes", () => {
  const folder = mkdtempSync(join(tmpdir(), "ssh-"));
  const { PATH } = process.env;
  before(() => {
    // No ssh: it writes down whom it was asked for, and answers as node.sh on that machine does.
    const script = `#!/bin/sh
for word; do case $word in core@*) to=$word ;; esac; done
printf '%s\\n' "$to" >>"$(dirname "$0")/asked"
[ "$to" != core@10.0.0.3 ] || { echo "Permission denied (publickey)." >&2; exit 255; }
printf 'name=\\npeers=\\ndata=/var/lib/etcd\\nwal=\\nactive=inactive\\nstate=swapped\\nsource=\\nfree=1\\n'
`;
    writeFileSync(join(folder, "ssh"), script, { mode: 0o755 });
    process.env["PATH"] = `${folder}:${PATH ?? ""}`;
  });
  after(() => {
    process.env["PATH"] = PATH;
    rmSync(folder, { recursive: true });
  });

  it("logs in to those that run, wherever they are found, and takes the others for silent", async () => {
    const settings = readSettings({
      NODES:
        "a=52:54:00:00:00:01 b=52:54:00:00:00:02=10.0.0.2 c=52:54:00:00:00:03=10.0.0.3 d=52:54:00:00:00:04=10.0.0.4 e=52:54:00:00:00:05",
      ...{ MODE: "static", LIBVIRT_URI: "test:///default", TIMEOUT: "60" },
    });
    const sources = {
      machines: {
        running: () => Promise.resolve((name: string) => name !== "d"),
        locate: (name: string) =>
          Promise.resolve(name === "a" ? { address: "10.0.0.1", agent: true } : undefined),
      },
      reach: { resolve: () => Promise.resolve(undefined), ssh: () => Promise.resolve("refused") },
    };
    const looks = await restoresOn(
      settings,
      settings.nodes,
      sources,
      new Map([["e", "10.0.0.5"]]),
      (_, name) => Promise.resolve(`uuid-${name}\n`),
    );
    const swapped = (node: string): Look => ({ ...facts(node, "swapped"), name: "", free: 1 });
    deepEqual(looks, [swapped("a"), swapped("b"), silent("c"), silent("d"), swapped("e")]);
    deepEqual(
      readFileSync(join(folder, "asked"), "utf8").trim().split("\n").toSorted(),
      [1, 2, 3, 5].map((last) => `core@10.0.0.${last}`),
    );
  });

  it("is not taken again within a verb that has looked just before", async () => {
    const settings = readSettings({
      NODES: "a=52:54:00:00:00:01",
      ...{ MODE: "static", LIBVIRT_URI: "test:///default", TIMEOUT: "60" },
    });
    const never = (): never => {
      throw new Error("asked");
    };
    const sources = { machines: { running: never, locate: never }, reach: { resolve: never, ssh: never } };
    await rejects(restoresOn(settings, settings.nodes, sources), /asked/);
    const [[variable, value] = ["", ""]] = Object.entries(lookedAt);
    process.env[variable] = value;
    try {
      deepEqual(await restoresOn(settings, settings.nodes, sources), []);
    } finally {
      Reflect.deleteProperty(process.env, variable);
    }
  });

  const node = { address: "10.0.0.1", domainId: "uuid-a" };
  it("never asks a question, and goes through the host where its connection is by ssh", () => {
    deepEqual(
      sshTo(node, "qemu:///system", {}).join(" "),
      "ssh -T -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o HostKeyAlias=uuid-a -- core@10.0.0.1",
    );
    match(
      sshTo(node, "qemu+ssh://root@far/system", {}).join(" "),
      /BatchMode=yes .*ProxyCommand=ssh .*root@far|ProxyCommand=ssh .*far/,
    );
  });

  it("is by the lab's key in the lab", () => {
    const key = { identity: "/lab/ssh/id", knownHosts: "/lab/ssh/known_hosts" };
    match(
      sshTo(node, "qemu:///system", keyVariables(key)).join(" "),
      /^ssh -F none .*UserKnownHostsFile=\/lab\/ssh\/known_hosts .*HostKeyAlias=uuid-a .*-i \/lab\/ssh\/id core@10\.0\.0\.1$/,
    );
  });
});

describe("the lab's key", () => {
  it("is told to what runs in the lab by its environment, and only there", () => {
    const key = { identity: "/lab/ssh/id", knownHosts: "/lab/ssh/known_hosts" };
    deepEqual(labKeyIn(keyVariables(key)), key);
    equal(labKeyIn({}), undefined);
  });
});
