import assert from "node:assert/strict";
import fc from "fast-check";
import { consoleCommand, parseDomains, parseMacs } from "../../../lab/libvirt/domains.ts";
import { parseLeases } from "../../../lab/libvirt/leases.ts";

describe("leases", () => {
  it("are read from dnsmasq's file", () => {
    const text = [
      "1795271171 52:54:00:12:34:56 10.77.0.76 dev-core01 01:52:54:00:12:34:56",
      "1795271172 52:54:00:AA:BB:CC 10.77.0.77 * *",
      "duid 00:01:00:01:2a:2a:2a:2a:52:54:00:12:34:56",
      "1795271173 1193046 fd00::1 six 00:01",
      "",
    ].join("\n");
    assert.deepEqual(parseLeases(text), [
      {
        name: "dev-core01",
        mac: "52:54:00:12:34:56",
        address: "10.77.0.76",
        expires: new Date(1_795_271_171_000),
      },
      {
        name: undefined,
        mac: "52:54:00:aa:bb:cc",
        address: "10.77.0.77",
        expires: new Date(1_795_271_172_000),
      },
    ]);
  });

  it("never come from a line that is cut off", () => {
    const whole = "1795271171 52:54:00:12:34:56 10.77.0.76 dev-core01 01:52:54:00:12:34:56\n";
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        assert.deepEqual(parseLeases(whole.slice(0, length)), []);
      }),
    );
    assert.equal(parseLeases(whole)[0]?.address, "10.77.0.76");
    assert.deepEqual(parseLeases(""), []);
  });
});

describe("virsh's lists", () => {
  it("give names and states, of machines that run and of others", () => {
    const text = " 1    dev-core01   running\n -    dev-core02   shut off\n 12   web   in shutdown\n\n";
    assert.deepEqual(parseDomains(text), [
      { name: "dev-core01", state: "running" },
      { name: "dev-core02", state: "shut off" },
      { name: "web", state: "in shutdown" },
    ]);
    assert.deepEqual(parseDomains(""), []);
  });

  it("give the MACs of a machine", () => {
    const text =
      " vnet0   bridge   br0   virtio   52:54:00:AB:cd:ef\n -   bridge   br0   e1000   52:54:00:00:00:01\n";
    assert.deepEqual(parseMacs(text), ["52:54:00:ab:cd:ef", "52:54:00:00:00:01"]);
  });

  it("are asked for a console by the machine's name, even one that looks like an option", () => {
    assert.deepEqual(consoleCommand("--force").slice(-2), ["--domain", "--force"]);
  });
});
