# shellcheck shell=bash
# The initramfs and the boot partition's files.

# Tools of the guest's own release, run on the host with the guest's libraries: what they write then depends on
# the packages alone.
guest_run() {
  local tree=$1
  shift
  "$tree"/lib64/ld-linux-x86-64.so.2 --library-path "$tree/usr/lib/x86_64-linux-gnu" "$@"
}

# modules_for TREE MODULE...: their files under the tree, needed ones first.
modules_for() {
  local tree=$1
  shift
  chroot "$tree" modprobe --show-depends --ignore-install --set-version "$(kernel_version "$tree")" --all "$@" |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# make_initramfs WORK: WORK/initrd.img
make_initramfs() {
  local tree=$1/tree folder=$1/initrd module library
  mkdir -p "$folder"/{bin,dev,proc,sys,run,sysroot,modules,lib64}
  install "$RECIPE/initramfs/init" "$folder/init"
  install "$tree/bin/busybox" "$folder/bin/busybox"
  for applet in sh mount insmod findfs usleep switch_root; do ln -s busybox "$folder/bin/$applet"; done
  while read -r library; do
    install -D "$tree/usr/lib/x86_64-linux-gnu/$library" "$folder/lib/x86_64-linux-gnu/$library"
  done < <(guest_run "$tree" --list "$tree/bin/busybox" | awk '$2 == "=>" && $1 !~ "/" { print $1 }')
  install "$(readlink -f "$tree/lib64/ld-linux-x86-64.so.2")" "$folder/lib64/ld-linux-x86-64.so.2"
  modules_for "$tree" virtio_pci virtio_blk >"$1/modules.virtio"
  modules_for "$tree" virtio_scsi sd_mod ahci ata_piix nvme 2>/dev/null >"$1/modules.more" || true
  for list in virtio more; do
    while read -r module; do
      install -m 0644 "$tree$module" "$folder/modules/${module##*/}"
      echo "/modules/${module##*/}"
    done <"$1/modules.$list" >"$folder/modules.$list"
  done
  find "$folder" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
  (cd "$folder" && find . -print0 | sort -z |
    guest_run "$tree" "$1/build/root/bin/cpio" --null --create --format=newc --reproducible --owner=0:0 --quiet) |
    guest_run "$tree" "$tree/usr/bin/zstd" -19 --quiet --stdout >"$1/initrd.img"
}

# make_boot_folder WORK: WORK/boot, and WORK/core.img for the BIOS-BOOT partition
make_boot_folder() {
  local tree=$1/tree build=$1/build/root
  mkdir -p "$1/boot/grub"
  install -m 0644 "$tree"/boot/vmlinuz-* "$1/boot/vmlinuz"
  rm -f "$tree"/boot/vmlinuz-*
  install -m 0644 "$1/initrd.img" "$1/boot/initrd.img"
  sed -e "s/@KERNEL_OPTIONS@/$(sed -e 's/#.*//' "$RECIPE/boot/kernel-options.txt" | xargs)/" "$RECIPE/boot/grub.cfg" \
    >"$1/boot/grub/grub.cfg"
  : >"$1/boot/ignition.firstboot"
  settle_times "$1/boot"
  settle_times "$tree/boot"
  guest_run "$tree" "$build/usr/bin/grub-mkimage" --directory "$build/usr/lib/grub/i386-pc" --format i386-pc \
    --prefix '(,gpt2)/grub' --output "$1/core.img" \
    biosdisk part_gpt ext2 linux normal test echo
}
