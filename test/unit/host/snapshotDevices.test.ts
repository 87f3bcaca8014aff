import { deepEqual } from "node:assert/strict";
import { devicesOf, neighboursOf } from "../../../host/snapshot/devices.ts";

/** As `ip -o -d link` has a bridge, with what changes by itself as it is while a port comes, and at rest. */
const bridge = ({
  flags = "BROADCAST,MULTICAST,UP,LOWER_UP",
  state = "UP",
  timer = "0.00",
  more = "",
}): string =>
  `2: br0: <${flags}> mtu 1500 qdisc noqueue state ${state} mode DEFAULT group default qlen 1000\\    link/ether ba:72:cc:10:24:b1 brd ff:ff:ff:ff:ff:ff ` +
  `promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535 \\    bridge forward_delay 1500 stp_state 0 priority 32768 bridge_id 8000.ba:72:cc:10:24:b1 root_port 0 ` +
  `topology_change 0 hello_timer    ${timer} gc_timer  297.08 mcast_snooping 1 addrgenmode eui64 numtxqueues 1 gso_max_size 65536${more}`;

const PORT =
  "5: v0@v1: <BROADCAST,MULTICAST,PROMISC,M-DOWN> mtu 1400 qdisc noqueue master br0 state UP mode DEFAULT group default qlen 1000\\    link/ether ba:72:cc:10:24:b1 brd ff:ff:ff:ff:ff:ff " +
  "promiscuity 1  allmulti 1 minmtu 68 maxmtu 65535 \\    veth \\    bridge_slave state disabled priority 32 cost 2 hairpin off learning on isolated off addrgenmode eui64";

describe("a snapshot of a host's network devices", () => {
  it("has what somebody set, and nothing that changes by itself", () => {
    const lasting = [
      ...["up:yes", "promisc:no", "allmulticast:no", "noarp:no", "mtu:1500"],
      ...["forward_delay:1500", "stp_state:0", "priority:32768", "mcast_snooping:1"],
    ].map((setting) => `br0 ${setting}`);
    deepEqual(devicesOf([bridge({})], ["br0"]), lasting);
    const other = bridge({
      ...{ flags: "NO-CARRIER,BROADCAST,MULTICAST,UP", state: "DOWN", timer: "1.25" },
      more: " \\    alias mtu 9000 \\    altname promisc",
    });
    deepEqual(devicesOf([other], ["br0"]), lasting);
    deepEqual(devicesOf([bridge({ flags: "BROADCAST,MULTICAST" })], ["br0"])[0], "br0 up:no");
  });

  it("has ports with their bridge", () => {
    deepEqual(devicesOf([PORT], ["v0"]), [
      ...["v0 up:no", "v0 promisc:yes", "v0 allmulticast:no", "v0 noarp:no", "v0 mtu:1400", "v0 master:br0"],
      ...["v0 priority:32", "v0 hairpin:off", "v0 learning:on", "v0 isolated:off"],
    ]);
  });

  it("has nothing of a device that came or went while it was looked at", () => {
    deepEqual(devicesOf([PORT, "what is no device"], ["br0"]), []);
  });

  it("has neighbours that somebody wrote down", () => {
    deepEqual(
      neighboursOf(["10.0.0.1 dev br0 lladdr 02:00:00:00:00:01 PERMANENT ", "10.0.0.9 dev br0 proxy "]),
      ["neighbour 10.0.0.1 dev br0 lladdr 02:00:00:00:00:01", "neighbour 10.0.0.9 dev br0 proxy"],
    );
  });
});
