import { deepEqual, equal } from "node:assert/strict";
import { consolesOnHosts, machinesOnHosts } from "../../../commands/readiness/hosts.ts";
import type { Machines } from "../../../commands/readiness/machines.ts";
import { readSettings, uriOf } from "../../../commands/readiness/settings.ts";

const SECOND = "qemu+ssh://root@second.example/system?keyfile=/home/me/key=1";

const settings = readSettings({
  NODES: "a01=52:54:00:00:00:01 a02=52:54:00:00:00:02=10.0.0.2",
  CLIENTS: "b01=52:54:00:00:00:03",
  LIBVIRT_URI: "qemu:///system",
  LIBVIRT_URIS: `a02=${SECOND}`,
  MODE: "static",
  TIMEOUT: "60",
});

describe("readiness: machines on several hosts", () => {
  it("takes a machine's host from LIBVIRT_URIS, else from LIBVIRT_URI", () => {
    deepEqual(
      settings.nodes.map(({ name }) => uriOf(settings, name)),
      ["qemu:///system", SECOND, "qemu:///system"],
    );
    deepEqual(settings.nodes[1], {
      ...{ name: "a02", mac: "52:54:00:00:00:02", address: "10.0.0.2" },
      ...{ role: "member", machine: "", uri: SECOND },
    });
  });

  it("asks each host once, and about its own machines only", async () => {
    const asked: string[] = [];
    const machines = machinesOnHosts(settings, (uri): Machines => ({
      running: () => {
        asked.push(uri);
        // A machine of the same name on another host is another machine.
        return Promise.resolve((name) => (uri === SECOND ? name === "b01" : name !== "b01"));
      },
      locate: (name) => Promise.resolve({ address: `${name} of ${uri}`, agent: true }),
    }));
    const running = await machines.running();
    deepEqual(
      ["a01", "a02", "b01"].map((name) => running(name)),
      [true, false, false],
    );
    deepEqual(asked.sort(), [SECOND, "qemu:///system"]);
    deepEqual(await machines.locate("a02", "52:54:00:00:00:02"), {
      address: `a02 of ${SECOND}`,
      agent: true,
    });
  });

  it("knows nothing of the machines of a host that does not answer, and still of the others", async () => {
    const machines = machinesOnHosts(settings, (uri): Machines => ({
      running: () => Promise.resolve(() => (uri === SECOND ? undefined : true)),
      locate: () => Promise.resolve(undefined),
    }));
    const running = await machines.running();
    deepEqual([running("a01"), running("a02")], [true, undefined]);
  });

  it("reads each console where its machine is", async () => {
    const consoles = consolesOnHosts(settings, (uri) => ({
      tail: (name) => Promise.resolve([`${name} on ${uri}`]),
      path: (name) => `${uri}/${name}.log`,
    }));
    deepEqual(await consoles.tail("a02"), [`a02 on ${SECOND}`]);
    equal(consoles.path("a01"), "qemu:///system/a01.log");
  });
});
