import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { run } from "../../../lab/shared/process.ts";
import { downloadTool, rememberedNetwork, type Network } from "../../../lab/toolchain/download.ts";
import { ToolchainError } from "../../../lab/toolchain/errors.ts";
import type { Download } from "../../../lab/toolchain/table.ts";
import { scratch, type Scratch } from "./support.ts";

const sum = (content: Buffer, algorithm = "sha256"): string =>
  createHash(algorithm).update(content).digest("hex");

describe("An official download", () => {
  let place: Scratch;
  let server: Server;
  let root: string;
  let archive: Buffer;
  /** What the server gives, by path; `asked` is what it was asked for. */
  let files: Record<string, Buffer | string>;
  let asked: string[];
  let network: Network;

  /** Plain http is for this test only: nothing else is spoken by the real one. */
  const get = (download: Download): ReturnType<typeof downloadTool> =>
    downloadTool(place.context, network, download, "amd64", "=http");
  const pinned = (content: Buffer): Download => ({
    url: `${root}/tool-{amd64}.tar.gz`,
    sha256: { amd64: sum(content), arm64: sum(Buffer.from("other")) },
    file: "dir/tool",
  });
  const listed: () => Download = () => ({
    url: `${root}/tool-{amd64}.tar.gz`,
    checksums: `${root}/checksums.txt`,
    file: "dir/tool",
  });
  const entries = (): string[] => {
    const folder = join(place.context.paths.cache, "entries");
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  beforeEach(async () => {
    place = scratch();
    network = rememberedNetwork(place.context);
    mkdirSync(join(place.folder, "made/dir"), { recursive: true });
    writeFileSync(join(place.folder, "made/dir/tool"), "#!/bin/sh\necho 1.2.3\n");
    const packed = join(place.folder, "made.tar.gz");
    await run("tar", ["-czf", packed, "-C", join(place.folder, "made"), "dir"]);
    archive = readFileSync(packed);
    files = { "/tool-amd64.tar.gz": archive };
    asked = [];
    server = createServer((request, response) => {
      const path = request.url ?? "";
      asked.push(path);
      const content = files[path];
      response.writeHead(content === undefined ? 404 : 200).end(content ?? "not here");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    place.remove();
  });

  it("is unpacked into the cache once its pinned checksum is right, and fetched only once", async () => {
    const first = await get(pinned(archive));
    ok("path" in first);
    equal((await run(first.path, [])).stdout, "1.2.3");
    ok(statSync(first.path).mode & 0o100);
    deepEqual(await get(pinned(archive)), first);
    deepEqual(asked, ["/tool-amd64.tar.gz"]);
    ok(!existsSync(join(first.path, "../../tool-amd64.tar.gz")), "the archive itself is not kept");
  });

  it("is refused when it was tampered with, and leaves nothing behind", async () => {
    const tampered = Buffer.from(archive);
    tampered.writeUInt8(tampered.readUInt8(20) ^ 1, 20);
    files["/tool-amd64.tar.gz"] = tampered;
    await rejects(get(pinned(archive)), (error: Error) => {
      ok(error instanceof ToolchainError);
      match(error.message, /tool-amd64\.tar\.gz was refused/);
      ok(error.message.includes(sum(archive)) && error.message.includes(sum(tampered)));
      return true;
    });
    deepEqual(entries(), []);
    ok(!(await network.offline()), "the network itself is fine");
  });

  it("is verified by its release's own checksum file where no sum is pinned", async () => {
    files["/checksums.txt"] = `${sum(Buffer.from("x"))}  other\n${sum(archive)}  ./tool-amd64.tar.gz\n`;
    ok("path" in (await get(listed())));
    deepEqual(asked, ["/checksums.txt", "/tool-amd64.tar.gz"]);
  });

  it("is refused when it is not what that file says", async () => {
    files["/checksums.txt"] = `${sum(Buffer.from("x"), "sha1")}  tool-amd64.tar.gz\n`;
    await rejects(get(listed()), /was refused: its checksum is/);
    deepEqual(entries(), []);
  });

  it("is left alone when there is no such release, no checksum, or no such file in it", async () => {
    deepEqual(await get(listed()), { reason: "curl: (22) The requested URL returned error: 404" });
    files["/checksums.txt"] = `${sum(archive)}  tool-arm64.tar.gz\n`;
    deepEqual(await get(listed()), { reason: "its publisher lists no checksum for tool-amd64.tar.gz" });
    deepEqual(await get({ ...pinned(archive), file: "dir/other" }), {
      reason: "tool-amd64.tar.gz holds no dir/other",
    });
    ok(!(await network.offline()));
    deepEqual(entries(), []);
  });

  it("is not tried again, by any tool, once a host could not be reached", async () => {
    const nobody = createServer();
    nobody.listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const closed = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`;
    nobody.close();
    deepEqual(await get({ ...pinned(archive), url: `${closed}/tool.tar.gz` }), { reason: "no network" });
    const began = performance.now();
    deepEqual(await get(pinned(archive)), { reason: "no network" });
    ok(performance.now() - began < 100);
    deepEqual(asked, []);
  });

  it("speaks nothing but https", async () => {
    const result = await downloadTool(place.context, network, pinned(archive), "amd64");
    ok("reason" in result);
    match(result.reason, /http.* (not supported|disabled)/i);
    deepEqual(asked, []);
  });
});
