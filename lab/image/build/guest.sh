# shellcheck shell=bash
# Turns the tree of Debian packages into the guest's root file system.

# unpack_tree TREE_TAR WORK: the guest's files to WORK/tree, what only the build needs to WORK/build.
unpack_tree() {
  mkdir "$2/tree"
  tar --extract --preserve-permissions --numeric-owner --xattrs --xattrs-include='*' --file "$1" --directory "$2/tree"
  mv "$2/tree/build" "$2/build"
}

# remove_listed TREE LIST: the paths and patterns in LIST. They are removed by a shell that has the tree for its root: no
# path, and no link in it, can reach the building machine's own files.
remove_listed() {
  # shellcheck disable=SC2016 # for the shell in the tree
  sed -e 's/#.*//' "$2" | chroot "$1" /bin/sh -euc 'while read -r patterns; do rm -rf -- $patterns; done'
}

# The overlay's files belong to root and are 0644 or 0755, whatever the checkout's umask made of them.
lay_overlay() {
  local tree=$1
  tar --create --directory "$RECIPE/rootfs" --owner=0 --group=0 --mode='u=rwX,go=rX' --mtime="@$SOURCE_DATE_EPOCH" \
    --sort=name . |
    tar --extract --directory "$tree" --keep-directory-symlink --no-overwrite-dir --preserve-permissions
  chmod 0440 "$tree/etc/sudoers.d/coreos-cluster"
  chmod 0600 "$tree/etc/ssh/sshd_config"
}

# The user and the groups that Container Linux Configs count on; the user has its number there.
add_users() {
  local tree=$1 group
  for group in docker wheel rkt; do chroot "$tree" groupadd --system "$group"; done
  chroot "$tree" groupadd --gid 500 core
  # Its groups come from rootfs/usr/lib/ignition/base.d: where a configuration names some, these must not be lost.
  chroot "$tree" useradd --key UID_MIN=500 --uid 500 --gid core \
    --comment 'CoreOS Admin' --create-home --shell /bin/bash --password '*' core
  # No aging, no date of change: the password file must not tell on which day the image was built.
  sed -i -E 's/^([^:]*:[^:]*):[^:]*:.*/\1::0:99999:7:::/' "$tree/etc/shadow"
  rm -f "$tree"/etc/{passwd,group,shadow,gshadow}- "$tree"/etc/.pwd.lock
}

write_os_release() {
  cat >"$1/usr/lib/os-release" <<EOF
ID=coreos-cluster-lab
ID_LIKE=debian
NAME="CoreOS Cluster lab image"
PRETTY_NAME="CoreOS Cluster lab image (Debian 12 bookworm)"
VERSION_ID=12
VERSION_CODENAME=bookworm
IMAGE_ID=coreos-cluster-lab
IMAGE_VERSION=${IMAGE_VERSION:-unknown}
EOF
}

# configure_guest TREE
configure_guest() {
  local tree=$1
  install -D "$tree/usr/lib/dracut/modules.d/30ignition/ignition" "$tree/usr/lib/ignition/ignition"
  remove_listed "$tree" "$RECIPE/remove.txt"
  lay_overlay "$tree"
  add_users "$tree"
  write_os_release "$tree"
  mkdir -p "$tree/opt/bin" "$tree/etc/coreos" "$tree/etc/systemd/network" "$tree/var/lib/coreos" "$tree/var/log/journal"
  install -d -m 0700 "$tree/var/lib/etcd"
  chroot "$tree" chown etcd: /var/lib/etcd
  ln -sf multi-user.target "$tree/usr/lib/systemd/system/default.target"
  mkdir -p "$tree/usr/lib/systemd/system/multi-user.target.wants"
  ln -sf ../coreos-cluster-booted.service "$tree/usr/lib/systemd/system/multi-user.target.wants/"
  # Units are enabled on the first boot, by Ignition's presets and ours. systemd takes a boot for the first while
  # the machine ID says so; an empty file would do as well, but then Ignition's presets would not count.
  echo uninitialized >"$tree/etc/machine-id"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$tree/etc/hosts"
  chroot "$tree" depmod "$(kernel_version "$tree")"
  settle_times "$tree"
}

# settle_times FOLDER: what the build itself wrote is as old as everything else that is fixed.
settle_times() {
  find "$1" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

kernel_version() { basename "$1"/usr/lib/modules/*; }
