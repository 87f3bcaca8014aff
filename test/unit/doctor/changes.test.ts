/** What host-prepare changes, as its record has it: what tells changes apart, and when they are taken back. */
import assert from "node:assert/strict";
import {
  commandOf,
  identity,
  type LinkChange,
  type RuleChange,
  undoLink,
} from "../../../commands/prepareHost/changes.ts";

describe("host-prepare: changes", () => {
  const up: LinkChange = {
    ...{ kind: "link", device: "br0", setting: "state", from: "down", to: "up" },
    addresses: ["fd00:9::1/64"],
  };
  const delay: LinkChange = { ...up, setting: "forward_delay", from: "1500", to: "200", addresses: [] };

  it("takes a device down again with the addresses that it had, and a delay back", () => {
    assert.equal(commandOf(up), "ip link set dev br0 up");
    assert.deepEqual(undoLink(up, "up"), {
      commands: ["ip link set dev br0 down", "ip -6 address replace fd00:9::1/64 dev br0"],
    });
    assert.equal(commandOf(delay), "ip link set dev br0 type bridge forward_delay 200");
    assert.deepEqual(undoLink(delay, "200"), {
      commands: ["ip link set dev br0 type bridge forward_delay 1500"],
    });
  });
  it("leaves a device alone that is as it was, that is gone, or that somebody else has set since", () => {
    for (const now of ["down", undefined]) assert.deepEqual(undoLink(up, now), { commands: [] });
    assert.match(JSON.stringify(undoLink(delay, "400")), /br0's forward_delay is 400 by now/);
  });
  it("knows a rule of a record that names no chain", () => {
    const rule: RuleChange = { kind: "rule", tool: "iptables", bridge: "br0", side: "-i" };
    assert.equal(identity(rule), identity({ ...rule, chain: "FORWARD" }));
    assert.notEqual(identity(rule), identity({ ...rule, chain: "PREROUTING" }));
    assert.match(
      commandOf({ ...rule, tool: "iptables -t raw", chain: "PREROUTING" }),
      /^iptables -t raw -I PREROUTING -i br0 -m /,
    );
  });
});
