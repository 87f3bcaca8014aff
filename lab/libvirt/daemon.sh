#!/bin/sh
# Starts one daemon of the lab in the background, cut off from whoever starts it. It runs in the lab's namespaces and
# in a mount namespace of its own.
#
# usage: daemon.sh LOG PROGRAM [ARGUMENT...]
set -eu
log=$1
shift
mount -n -t proc -o nosuid,nodev,noexec proc /proc
# What libvirt's own service unit gives it. Where the limit is lower and may not be raised, the lower one has to do.
ulimit -S -n 8192 2>/dev/null || ulimit -n 8192 2>/dev/null || :
# Discovery tokens, names and addresses are in it: for root alone.
(umask 077; : >>"$log")
chmod 600 "$log"
setsid "$@" </dev/null >>"$log" 2>&1 &
