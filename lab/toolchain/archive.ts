/** Unpacking zip archives, for which a fresh Debian has no program. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;

/** Where the central directory begins and how many entries it has; its record is the last in the file. */
function directoryOf(zip: Buffer, file: string): { offset: number; count: number } {
  for (let at = zip.length - 22; at >= Math.max(0, zip.length - 22 - 0xffff); at--) {
    if (zip.readUInt32LE(at) === END_OF_DIRECTORY)
      return { offset: zip.readUInt32LE(at + 16), count: zip.readUInt16LE(at + 10) };
  }
  throw new Error(`${file} is no zip archive`);
}

/** Unpacks all files of a (small, non-zip64) archive below a folder. */
export async function unzip(file: string, folder: string): Promise<void> {
  const zip = await readFile(file);
  let { offset: at } = directoryOf(zip, file);
  for (let left = directoryOf(zip, file).count; left > 0; left--) {
    if (zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error(`${file} is damaged`);
    const method = zip.readUInt16LE(at + 10);
    const sum = zip.readUInt32LE(at + 16);
    const size = zip.readUInt32LE(at + 20);
    const lengths = {
      name: zip.readUInt16LE(at + 28),
      extra: zip.readUInt16LE(at + 30),
      note: zip.readUInt16LE(at + 32),
    };
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString("utf8", at + 46, at + 46 + lengths.name);
    at += 46 + lengths.name + lengths.extra + lengths.note;
    if (name.endsWith("/")) continue;
    const target = resolve(folder, name);
    if (!target.startsWith(join(resolve(folder), "/")))
      throw new Error(`${file} holds ${name}, outside its folder`);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const packed = zip.subarray(start, start + size);
    if (method !== STORED && method !== DEFLATED)
      throw new Error(`${file}: ${name} is packed by method ${method}`);
    const content = method === STORED ? packed : inflateRawSync(packed);
    if (crc32(content) !== sum) throw new Error(`${file}: ${name} is damaged`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}
