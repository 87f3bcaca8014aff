# Joins a network namespace to a bridge of the one that its parent is in, and starts a relay of DHCP messages in it.
# It is itself the namespace's only process: when it ends, however it ends, the kernel removes the interfaces.
#
# usage: unshare --net sh -c "$(cat ask.sh)" sh PORT BRIDGE MAC RELAY...
set -eu
port=$1 bridge=$2 mac=$3
shift 3

outside() { nsenter "--net=/proc/$PPID/ns/net" "$@"; }

# An answer comes from an address to which no route leads back; a strict filter would drop it.
for name in all default; do echo 0 >"/proc/sys/net/ipv4/conf/$name/rp_filter"; done
# The end at the bridge has the highest MAC: a bridge takes on the lowest of its ports'.
outside ip link add name "$port" address fe:ff:ff:ff:ff:fe type veth peer name dhcp0 address "$mac" netns $$
outside ip link set dev "$port" addrgenmode none
outside ip link set dev "$port" master "$bridge" up
ip link set dev dhcp0 up
# So that the kernel knows where a broadcast goes out; the source stays 0.0.0.0, there is no address.
ip route add 255.255.255.255/32 dev dhcp0
exec "$@"
