# shellcheck shell=bash disable=SC2034
# Fixed inputs of the guest image: two builds from the same packages give the same bytes.

# The Debian architecture that is built for.
ARCHITECTURE=${ARCHITECTURE:-amd64}

# The time stamp of everything in the image (2025-01-01T00:00:00Z), also for the tools that know it by other names.
export SOURCE_DATE_EPOCH=1735689600
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH

# The disk, in MiB: BIOS-BOOT at 1, boot behind it, root to the end. Every node's own disk is at least as large.
DISK_MIB=1024
BOOT_START_MIB=2
BOOT_MIB=48
ROOT_START_MIB=50

# Identities; any would do, but they must not change from build to build.
DISK_UUID=8e2f4a0c-6a55-4b1e-9b53-c0de00000001
BIOS_PART_UUID=8e2f4a0c-6a55-4b1e-9b53-c0de00000002
BOOT_PART_UUID=8e2f4a0c-6a55-4b1e-9b53-c0de00000003
ROOT_PART_UUID=8e2f4a0c-6a55-4b1e-9b53-c0de00000004
BOOT_UUID=8e2f4a0c-6a55-4b1e-9b53-c0de00000005
ROOT_UUID=8e2f4a0c-6a55-4b1e-9b53-c0de00000006
HASH_SEED=8e2f4a0c-6a55-4b1e-9b53-c0de00000007

# Fetched and unpacked, but not installed: the kernel would pull in an initramfs generator and run it, and GRUB and
# cpio are needed for building only.
KERNEL_META_PACKAGE=linux-image-cloud-$ARCHITECTURE
BUILD_PACKAGES=(grub-pc-bin grub-common cpio)
