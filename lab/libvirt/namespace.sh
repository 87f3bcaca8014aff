#!/bin/sh
# Makes the lab's namespaces and leaves one process in them, which holds them until it is killed.
# It is started by `unshare --mount --net --propagation slave`, so that nothing it mounts shows on the host.
#
# usage: namespace.sh LAB BRIDGE MAC ADDRESS/LENGTH DNS-DOMAIN KVM-GROUP|- < /dev/null
# LAB is the lab's folder (absolute); KVM-GROUP the group that may use /dev/kvm, `-` to hide /dev/kvm.
set -eu
umask 022
lab=$1 bridge=$2 mac=$3 address=$4 domain=$5 kvm=$6
root=$lab/libvirt

# `-n` on every mount: else it would note the mount in the host's /run/mount.

# A sysfs of this network namespace, so that /sys/class/net shows its bridge. No cgroup file system is mounted
# below it: libvirt then makes no cgroups, which would stay on the host.
mount -n -t sysfs sysfs /sys

# A /run of our own. What the host has in its /run is bound into it, but for the system bus and systemd (libvirt
# would register the domains with systemd-machined), and for the sockets of a libvirt of the host's own.
run=$root/run
mkdir -p "$run"
mount -n -t tmpfs -o mode=755,nosuid coreos-cluster "$run"
for entry in /run/* /run/.[!.]*; do
    case ${entry#/run/} in
        dbus | systemd | libvirt | virtlogd* | virtlockd* | libvirtd* | dnsmasq* | xtables.lock) continue ;;
    esac
    here=$run/${entry#/run/}
    if [ -L "$entry" ]; then
        cp -P "$entry" "$here"
    elif [ -d "$entry" ]; then
        mkdir "$here"
        mount -n --rbind "$entry" "$here"
    elif [ -e "$entry" ]; then
        : >"$here"
        mount -n --bind "$entry" "$here"
    fi
done
mkdir -p "$run/libvirt/network" "$run/coreos-cluster/registry"
# Temporary files of what runs in the lab: they go with it, also those of programs that were killed.
mkdir -m 1777 "$run/coreos-cluster/tmp"

# Names inside are answered by the lab's dnsmasq. Where resolv.conf is a link into /run, its target is made there.
printf 'nameserver %s\nsearch %s\n' "${address%/*}" "$domain" >"$run/coreos-cluster/resolv.conf"
resolv=$(readlink -f /etc/resolv.conf || :)
case $resolv in
    /run/*)
        if [ -e "$run/${resolv#/run/}" ]; then
            mount -n --bind "$run/coreos-cluster/resolv.conf" "$run/${resolv#/run/}"
        else
            mkdir -p "$(dirname "$run/${resolv#/run/}")"
            cp "$run/coreos-cluster/resolv.conf" "$run/${resolv#/run/}"
        fi
        ;;
    *) [ ! -e "$resolv" ] || mount -n --bind "$run/coreos-cluster/resolv.conf" "$resolv" ;;
esac

# KVM: libvirt judges by whether QEMU's user can open /dev/kvm, and where that fails after QEMU itself could, it
# probes QEMU anew for each call (40 s). So a KVM that works is opened to its group, by a device node of our own
# since the host's is not ours to change; one that doesn't is hidden.
if [ -e /dev/kvm ]; then
    if [ "$kvm" = - ]; then
        : >"$run/coreos-cluster/kvm"
        chmod 0 "$run/coreos-cluster/kvm"
    else
        cp -a /dev/kvm "$run/coreos-cluster/kvm"
        chown "root:$kvm" "$run/coreos-cluster/kvm"
        chmod 660 "$run/coreos-cluster/kvm"
    fi
    mount -n --bind "$run/coreos-cluster/kvm" /dev/kvm
fi

mount -n --bind "$root/registry" "$run/coreos-cluster/registry"
mount -n --move "$run" /run
for pair in etc:/etc/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt; do
    mkdir -p "${pair#*:}" # belongs to libvirt's packages; it is there unless somebody removed it
    mount -n --bind "$root/${pair%%:*}" "${pair#*:}"
done

ip link set lo up
ip link add "$bridge" type bridge stp_state 0 forward_delay 0
ip link set "$bridge" address "$mac" up
ip address add "$address" broadcast + dev "$bridge"
# The guests have no way out of the lab; forwarding makes them hear so at once ("unreachable") instead of waiting.
echo 1 >/proc/sys/net/ipv4/ip_forward
# What guests say to each other is nothing for packet filters. Kernels whose bridge filter is not the namespace's own show none here.
for filter in /proc/sys/net/bridge/bridge-nf-call-*; do
    [ ! -e "$filter" ] || echo 0 >"$filter"
done

# The holder is process 1 of a process id namespace: when it dies, however it dies, the kernel ends every daemon
# and every QEMU with it, and with the last process the mounts, the bridge and the namespaces go. Its arguments are
# how the lab is found again. The shell reaps what the daemons leave behind.
# shellcheck disable=SC2016
exec unshare --pid -- sh -c 'setsid sh -c "while :; do sleep 86400; done" coreos-cluster-lab "$0" >/dev/null 2>&1 &' "$lab"
