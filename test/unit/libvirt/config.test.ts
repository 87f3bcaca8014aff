import assert from "node:assert/strict";
import { dnsmasqConf, libvirtdConf, qemuConf, virtlogdConf } from "../../../lab/libvirt/config.ts";
import { layout, network, registryUrl } from "../../../lab/libvirt/layout.ts";
import { labPaths } from "../../../lab/shared/context.ts";

const lines = (text: string): string[] =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("the configuration of the lab's daemons", () => {
  it("binds dnsmasq to the bridge alone and ties leases to MACs", () => {
    const conf = lines(dnsmasqConf("dnsmasq"));
    for (const line of [
      "interface=br0",
      "except-interface=lo",
      "bind-interfaces",
      "dhcp-ignore-clid",
      "no-resolv",
    ]) {
      assert.ok(conf.includes(line), line);
    }
    assert.ok(conf.includes("user=dnsmasq"));
    assert.ok(conf.includes("domain=lab") && conf.includes("local=/lab/"));
    assert.equal(new Set(conf).size, conf.length, "a line is there twice");
  });

  it("gives out addresses of the bridge's network, and not the bridge's own", () => {
    const number = (address: string): number =>
      address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const [base = "", length] = network.cidr.split("/");
    assert.equal(Number(length), network.prefixLength);
    const [first, last] = [number(base), number(base) + 2 ** (32 - network.prefixLength) - 1];
    for (const address of [network.address, network.dhcpFirst, network.dhcpLast]) {
      assert.ok(number(address) > first && number(address) < last, address);
    }
    assert.ok(number(network.address) < number(network.dhcpFirst));
    assert.ok(number(network.dhcpLast) - number(network.dhcpFirst) >= 99, "99 nodes have to fit");
    assert.equal(registryUrl, `http://${network.address}:2379`);
  });

  it("marks the bridge's MAC as locally administered, away from the nodes'", () => {
    const first = Number.parseInt(network.bridgeMac.slice(0, 2), 16);
    assert.equal(first & 0b11, 0b10);
    assert.ok(!network.bridgeMac.startsWith("52:54:00"));
  });

  it("lets nobody but root talk to libvirtd, and libvirtd to nobody on the host", () => {
    const conf = lines(libvirtdConf("/lab"));
    assert.ok(conf.includes('unix_sock_rw_perms = "0700"') && conf.includes('unix_sock_ro_perms = "0700"'));
    assert.ok(conf.every((line) => !/^(listen_|auth_tcp)/.test(line)));
    const uuid = /^host_uuid = "([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12})"$/m;
    const [one, same, other] = ["/lab", "/lab", "/lab2"].map(
      (folder) => uuid.exec(libvirtdConf(folder))?.[1],
    );
    assert.ok(one !== undefined && one === same && other !== undefined && one !== other);
    const qemu = lines(qemuConf());
    for (const line of ['security_driver = "none"', "cgroup_controllers = []", "hugetlbfs_mount = []"]) {
      assert.ok(qemu.includes(line), line);
    }
    assert.ok(lines(virtlogdConf()).some((line) => line.startsWith("max_size")));
  });
});

describe("the layout", () => {
  it("keeps everything below one folder of the lab", () => {
    const { root, ...rest } = layout(labPaths("/home/jo/check out", {}));
    assert.equal(root, "/home/jo/check out/.lab/libvirt");
    for (const path of Object.values(rest)) assert.ok(path.startsWith(`${root}/`), path);
  });
});
