# A host of the tests' own, in namespaces that end with this script: a network without anything, and private /etc, /var/lib and
# KSM switch. Run by:
# unshare --mount --net --pid --fork --kill-child --mount-proc sh world.sh FOLDER SCRIPT
set -e
folder=$1
script=$2
mount --make-rprivate /
mkdir -p "$folder/etc"
cp -a /etc/. "$folder/etc/"
rm -rf "$folder/etc/qemu"
mount --bind "$folder/etc" /etc
mount -t tmpfs tmpfs /var/lib
echo 0 >"$folder/ksm"
if [ -e /sys/kernel/mm/ksm/run ]; then mount --bind "$folder/ksm" /sys/kernel/mm/ksm/run; fi
ip link set lo up

# What host-prepare may change, as one text. Counters of chains and rules are no settings.
state() {
  grep -rsH '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/bridge |
    grep -v stable_secret | sort
  for save in iptables-save ip6tables-save; do $save | grep -v '^#' | sed 's/ \[.*\]$//'; done
  ls -ldn /etc/qemu /etc/qemu/* 2>/dev/null | awk '{ print $1, $3, $4, $NF }'
  if [ -e /etc/qemu/bridge.conf ]; then od -c /etc/qemu/bridge.conf; fi
  cat /sys/kernel/mm/ksm/run
  find /var/lib
}

bridge() {
  ip link add "$1" type bridge
  ip addr add 10.9.0.1/24 dev "$1"
  ip link set "$1" up
}

dhcp_server() {
  dnsmasq --conf-file=/dev/null --no-daemon --port=0 --interface="$1" --bind-interfaces --no-ping --user=root \
    --dhcp-range=10.9.0.10,10.9.0.50,1h --dhcp-leasefile="$folder/leases" --pid-file= >/dev/null 2>"$folder/dnsmasq.log" &
  server=$!
  until grep -qs 'DHCP, sockets bound' "$folder/dnsmasq.log"; do sleep 0.1; done
}

set +e
. "$script"
