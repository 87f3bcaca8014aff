# shellcheck shell=bash
# The disk: GPT with a BIOS-BOOT, a boot and a root partition, written without loop devices.

readonly MIB=1048576

# make_filesystem WORK TYPE START_MIB SIZE_MIB LABEL UUID FOLDER [mke2fs option...]: a file system in WORK/disk.raw
make_filesystem() {
  local tree=$1/tree disk=$1/disk.raw type=$2 start=$3 size=$4 label=$5 uuid=$6 folder=$7
  shift 7
  MKE2FS_CONFIG=$RECIPE/build/mke2fs.conf guest_run "$tree" "$tree/usr/sbin/mke2fs" -q -F -t "$type" -L "$label" \
    -U "$uuid" -E "offset=$((start * MIB)),hash_seed=$HASH_SEED,nodiscard" -d "$folder" "$@" "$disk" "${size}M"
}

# debugfs_on WORK START_MIB [option...]: on the file system that starts there.
debugfs_on() {
  local tree=$1/tree target="$1/disk.raw?offset=$(($2 * MIB))"
  shift 2
  guest_run "$tree" "$tree/usr/sbin/debugfs" "$@" "$target" 2>/dev/null
}

# fix_times WORK START_MIB: mke2fs takes the times of the build into the inodes (change and access). The inodes in use
# are the lowest numbers; the first ten are the file system's own.
fix_times() {
  local used inode
  used=$(debugfs_on "$1" "$2" -R stats | awk '/^Inode count:/ { all = $3 } /^Free inodes:/ { free = $3 } END { print all - free }')
  for ((inode = 11; inode <= used; inode++)); do
    printf 'sif <%d> ctime @%d\nsif <%d> atime @%d\n' "$inode" "$SOURCE_DATE_EPOCH" "$inode" "$SOURCE_DATE_EPOCH"
  done >"$1/debugfs.commands"
  debugfs_on "$1" "$2" -w -f "$1/debugfs.commands" >"$1/debugfs.log"
}

write_partition_table() {
  sfdisk --quiet "$1" <<EOF
label: gpt
label-id: $DISK_UUID
unit: sectors
first-lba: 34
start=$((1 * 2048)), size=$(((BOOT_START_MIB - 1) * 2048)), type=21686148-6449-6E6F-744E-656564454649, uuid=$BIOS_PART_UUID, name=BIOS-BOOT
start=$((BOOT_START_MIB * 2048)), size=$((BOOT_MIB * 2048)), type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=$BOOT_PART_UUID, name=boot
start=$((ROOT_START_MIB * 2048)), size=$(((DISK_MIB - ROOT_START_MIB - 1) * 2048)), type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=$ROOT_PART_UUID, name=root
EOF
}

# le VALUE BYTES: the number, little-endian, as printf's escapes.
le() {
  local value=$1 count=$2 i
  for ((i = 0; i < count; i++)); do printf '\\x%02x' $(((value >> (8 * i)) & 255)); done
}

# poke FILE OFFSET ESCAPES: overwrites bytes in place.
poke() {
  # shellcheck disable=SC2059 # the escapes are the format
  printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# GRUB as grub-bios-setup would install it, which wants a block device: the core image goes into the BIOS-BOOT
# partition, the boot sector learns where that is (a sector number at 0x5c) and the core image's first sector where
# the rest of it lies (the block list that ends that sector: start, length, segment).
install_grub() {
  local disk=$1 core=$2 boot_img=$3 start=2048 sectors
  sectors=$((($(stat --format %s "$core") + 511) / 512))
  [ "$sectors" -lt $(((BOOT_START_MIB - 1) * 2048)) ] || die "GRUB's core image is too large for its partition"
  dd if="$boot_img" of="$disk" bs=440 count=1 conv=notrunc status=none
  poke "$disk" $((0x5c)) "$(le "$start" 8)"
  # Disks have boot drive numbers that the BIOS passes rightly: no work-around for those that don't (0x66: two nops).
  poke "$disk" $((0x66)) '\x90\x90'
  dd if="$core" of="$disk" bs=512 seek="$start" conv=notrunc status=none
  poke "$disk" $((start * 512 + 500)) "$(le $((start + 1)) 8)$(le $((sectors - 1)) 2)$(le $((0x820)) 2)"
}

# write_disk WORK: WORK/disk.raw
write_disk() {
  local work=$1 disk=$1/disk.raw
  rm -f "$disk"
  truncate --size "${DISK_MIB}M" "$disk"
  write_partition_table "$disk"
  make_filesystem "$work" lab-boot "$BOOT_START_MIB" "$BOOT_MIB" boot "$BOOT_UUID" "$work/boot" -N 128
  make_filesystem "$work" lab-root "$ROOT_START_MIB" $((DISK_MIB - ROOT_START_MIB - 1)) root "$ROOT_UUID" \
    "$work/tree" -J size=16
  fix_times "$work" "$BOOT_START_MIB"
  fix_times "$work" "$ROOT_START_MIB"
  install_grub "$disk" "$work/core.img" "$work/build/root/usr/lib/grub/i386-pc/boot.img"
}

# write_qcow2 RAW IMAGE
write_qcow2() {
  qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd "$1" "$2.new"
  mv "$2.new" "$2"
}
