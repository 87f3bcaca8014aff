#!/bin/bash
# Builds the lab's guest image from Debian packages. Two steps, so that a changed overlay needs no new packages:
#
#   build.sh tree SOURCES TREE_TAR    install packages.txt from the apt sources in the file SOURCES
#   build.sh disk TREE_TAR IMAGE      lay the overlay over the tree, make the initramfs and the bootable qcow2
#
# Wants root, needs neither loop devices nor KVM. All work is done in the folder of the result, whose remains
# the caller removes when a build was killed. IMAGE_VERSION, in the environment, is noted in the guest's os-release.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC

RECIPE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/image/settings.sh
. "$RECIPE/settings.sh"
# shellcheck source=lab/image/build/tree.sh
. "$RECIPE/build/tree.sh"
# shellcheck source=lab/image/build/guest.sh
. "$RECIPE/build/guest.sh"
# shellcheck source=lab/image/build/boot.sh
. "$RECIPE/build/boot.sh"
# shellcheck source=lab/image/build/disk.sh
. "$RECIPE/build/disk.sh"

say() { printf '%s\n' "$*"; }

die() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 1
}

build_disk() {
  local tree_tar=$1 image=$2 work
  work=$(mktemp -d -p "$(dirname -- "$image")" work.XXXXXX)
  say "unpacking the package tree"
  unpack_tree "$tree_tar" "$work"
  say "laying the overlay over it"
  configure_guest "$work/tree"
  say "making the boot partition"
  make_initramfs "$work"
  make_boot_folder "$work"
  say "writing the disk"
  write_disk "$work"
  say "compressing the image"
  write_qcow2 "$work/disk.raw" "$image"
  rm -rf "$work"
}

case "${1:-}:$#" in
  tree:3) build_tree "$2" "$3" ;;
  disk:3) build_disk "$2" "$3" ;;
  *) die "usage: build.sh tree SOURCES TREE_TAR | build.sh disk TREE_TAR IMAGE" ;;
esac
