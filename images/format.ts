/** Tells disk image formats apart by their first bytes. Pure. */
import type { FileImage } from "../plan/types.ts";

export type DiskFormat = Pick<FileImage, "format" | "virtualSize">;

/** How a file is packed. */
export type Packing = "bzip2" | "gzip" | "xz" | "zstd";

const PACKINGS: readonly (readonly [magic: string, packing: Packing])[] = [
  ["425a68", "bzip2"],
  ["1f8b", "gzip"],
  ["fd377a585a00", "xz"],
  ["28b52ffd", "zstd"],
  ["502a4d18", "zstd"], // a skippable frame, which pzstd writes before each frame
];

/** How a file is packed, by its first bytes; its name says nothing. */
export function packingOf(header: Buffer): Packing | undefined {
  const start = header.toString("hex", 0, 16);
  return PACKINGS.find(([magic]) => start.startsWith(magic))?.[1];
}

/** Files that are no disk images that can be used, with what to do. */
const OTHERS: readonly { readonly magic: string; readonly advice: string }[] = [
  { magic: "504b0304", advice: "an unpacked image; this one is a zip archive: run unzip on it first" },
  {
    magic: "4b444d56",
    advice: "a qcow2 or raw image; this one is VMDK: run qemu-img convert -O qcow2 on it first",
  },
  {
    magic: "7668647866696c65",
    advice: "a qcow2 or raw image; this one is VHDX: run qemu-img convert -O qcow2 on it first",
  },
];

const SECTOR = 512;

/** Layout of a qcow2 header (QEMU's docs/interop/qcow2.txt), big-endian: magic, version, then at 24 the virtual size. */
function qcow2(header: Buffer): DiskFormat | { readonly problem: string } {
  if (header.length < 72) return { problem: "a whole qcow2 image; this one ends within its header" };
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3)
    return { problem: `a qcow2 image of version 2 or 3; this one says ${version}` };
  if (header.readBigUInt64BE(8) !== 0n) {
    return {
      problem:
        "an image that stands alone; this one has a backing file: run qemu-img convert -O qcow2 on it first",
    };
  }
  if (header.readUInt32BE(32) !== 0) return { problem: "an image that is not encrypted" };
  const size = Number(header.readBigUInt64BE(24));
  if (size === 0 || !Number.isSafeInteger(size))
    return { problem: "a qcow2 image whose header gives a sound disk size" };
  return { format: "qcow2", virtualSize: size };
}

/**
 * The format and virtual size of a disk image.
 * @param header the file's first bytes: at least 1024 where it has so many.
 * @param fileSize bytes.
 */
export function diskFormat(header: Buffer, fileSize: number): DiskFormat | { readonly problem: string } {
  if (header.toString("latin1", 0, 4) === "QFI\xfb") return qcow2(header);
  const start = header.toString("hex", 0, 16);
  const packing = packingOf(header);
  if (packing !== undefined) {
    return { problem: `an image that is packed once; this one is packed twice: with ${packing} inside` };
  }
  const other = OTHERS.find(({ magic }) => start.startsWith(magic));
  if (other !== undefined) return { problem: other.advice };
  // A bootable raw disk has an MBR, or the protective one of a GPT: 55 aa at the end of its first sector.
  if (fileSize >= SECTOR * 2 && header.length >= SECTOR && header.readUInt16BE(510) === 0x55aa) {
    if (fileSize % SECTOR !== 0)
      return { problem: "a whole raw image; this one does not end at a sector's end" };
    return { format: "raw", virtualSize: fileSize };
  }
  return { problem: "a qcow2 or raw disk image; this file is neither (no qcow2 header, no partition table)" };
}
