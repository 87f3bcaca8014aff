import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ImageRequest } from "../../../plan/types.ts";
import { resolveImage, type Options } from "../../../images/resolve.ts";
import { imagesFolder, removeImages } from "../../../images/store.ts";
import {
  HASTE,
  makeKey,
  packed,
  Place,
  qcow2Image,
  rawImage,
  sha256,
  sha512,
  sign,
  TestServer,
} from "./support.ts";

const PACKINGS = ["bzip2", "gzip", "xz", "zstd"] as const;

describe("the base image", function () {
  this.timeout(20_000);
  const place = new Place();
  let server: TestServer;
  let lines: string[];

  beforeEach(async () => {
    place.begin();
    lines = [];
    server = new TestServer();
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    place.end();
  });

  const find = (request: ImageRequest, os = "lab", options: Options = {}) =>
    resolveImage(request, os, (line) => lines.push(line), {
      folder: place.folder,
      patience: HASTE,
      ...options,
    });

  async function good(request: ImageRequest, os?: string, options?: Options) {
    const finding = await find(request, os, options);
    return "problem" in finding ? assert.fail(finding.problem) : finding;
  }

  async function bad(request: ImageRequest, os?: string) {
    const finding = await find(request, os);
    return "problem" in finding ? finding : assert.fail("it was taken");
  }

  const leftovers = (): string[] =>
    ["downloads", "contents"].flatMap((name) =>
      existsSync(join(imagesFolder(), name))
        ? readdirSync(join(imagesFolder(), name)).filter((file) => !/^[0-9a-f]{64}\.(qcow2|raw)$/.test(file))
        : [],
    );

  for (const packing of PACKINGS) {
    for (const [format, data] of [
      ["qcow2", qcow2Image()],
      ["raw", rawImage()],
    ] as const) {
      it(`is unpacked from ${packing} to ${format}, whatever its name says`, async () => {
        const bytes = packed(data, packing);
        server.serve("/image", bytes);
        const { image } = await good({ source: server.url("/image"), sha256: sha256(bytes) });
        assert.deepEqual({ sha256: image.sha256, format: image.format }, { sha256: sha256(data), format });
        assert.ok(readFileSync(image.path).equals(data));
        assert.deepEqual(leftovers(), []);
        // The same file on this machine is the same image, and is not unpacked again.
        lines = [];
        writeFileSync(place.path("image.x"), bytes);
        assert.deepEqual((await good({ source: "image.x", sha256: sha256(bytes) })).image, image);
        assert.deepEqual(lines, []);
      });
    }
  }

  it("leaves holes where a raw image has zeros", async () => {
    const bytes = packed(rawImage(2 ** 24), "gzip");
    writeFileSync(place.path("raw.gz"), bytes);
    const { image } = await good({ source: "raw.gz", sha256: sha256(bytes) });
    assert.equal(image.virtualSize, 2 ** 24);
    assert.ok(statSync(image.path).blocks * 512 < 2 ** 20);
  });

  it("is used in its place where it is an unpacked file", async () => {
    writeFileSync(place.path("a.qcow2"), qcow2Image());
    const { image } = await good({
      source: "./a.qcow2",
      sha256: sha256(qcow2Image()),
      sha512: sha512(qcow2Image()),
    });
    assert.equal(image.path, place.path("a.qcow2"));
  });

  it("costs neither network nor time once it is there", async () => {
    const bytes = packed(qcow2Image(), "xz");
    server.serve("/a.xz", bytes);
    const request = { source: server.url("/a.xz"), sha256: sha256(bytes) };
    const first = await good(request);
    await sleep(80); // a file that was changed just now is hashed again
    await good(request);
    const asked = server.requests.length;
    lines = [];
    const began = performance.now();
    assert.deepEqual(await good(request), first);
    assert.ok(performance.now() - began < 100);
    assert.equal(server.requests.length, asked);
    assert.deepEqual(lines, []);
    // Another place of the same file is no reason to fetch it.
    assert.deepEqual(await good({ ...request, source: server.url("/elsewhere.xz") }), first);
    assert.equal(server.requests.length, asked);
  });

  it("is refused with another checksum, for both algorithms, and is not kept", async () => {
    const bytes = packed(qcow2Image(), "gzip");
    server.serve("/a.gz", bytes);
    for (const [part, right] of [
      ["sha256", sha256(bytes)],
      ["sha512", sha512(bytes)],
    ] as const) {
      const wrong = right.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
      const { problem } = await bad({ source: server.url("/a.gz"), [part]: wrong });
      assert.match(problem, new RegExp(`whose ${part} is ${wrong}; this one's is ${right}`));
      assert.deepEqual(leftovers(), []);
      await good({ source: server.url("/a.gz"), [part]: right });
    }
    // Both given: both must be right, also when one of them is known already.
    await bad({ source: server.url("/a.gz"), sha256: sha256(bytes), sha512: "0".repeat(128) });
  });

  it("is refused where nothing says what it should be, with the command that does", async () => {
    const bytes = packed(qcow2Image(), "gzip");
    server.serve("/a.gz", bytes);
    for (const os of ["lab", "flatcar"]) {
      const url = server.url("/a.gz");
      const { problem, remedy } = await bad({ source: url }, os);
      assert.match(
        problem,
        /image\.sha256 or image\.sha512.*image\.signature with image\.signedBy.*image\.insecure/,
      );
      assert.equal(
        remedy,
        `pulumi config set --path image.source ${url} && ` +
          "pulumi config set --path image.sha256 '<what its publisher gives>'",
      );
    }
    assert.match(
      (await bad({ source: server.url("/a.gz"), signature: "./none" }, "flatcar")).problem,
      /no .*none/,
    );
    server.serve("/a.gz.sig", Buffer.from("<html>"));
    assert.match(
      (await bad({ source: server.url("/a.gz") }, "flatcar")).problem,
      /a detached OpenPGP signature/,
    );
    assert.ok(!server.requests.includes("/a.gz"), "nothing is downloaded that can't be verified");
    writeFileSync(place.path("my image.gz"), bytes);
    const { remedy } = await bad({ source: "my image.gz" });
    assert.match(remedy ?? "", /image\.source 'my image\.gz' && .*image\.sha256 [0-9a-f]{64}$/);
  });

  it("repeats no password and no query", async () => {
    const url = `${server.url("/a.gz").replace("//", "//me:secret@")}?token=hidden`;
    let login: string | undefined;
    server.on("/a.gz", (request, response) => {
      login = request.headers.authorization;
      response.end(packed(qcow2Image(), "gzip"));
    });
    await good({ source: url, insecure: true });
    const { problem, remedy } = await bad({ source: url });
    assert.equal(login, `Basic ${Buffer.from("me:secret").toString("base64")}`);
    assert.doesNotMatch(`${problem} ${remedy} ${lines.join(" ")}`, /secret|hidden/);
    assert.match(remedy ?? "", /<the same URL>/);
  });

  it("is used without verification where the config says so, with a warning each time", async () => {
    const bytes = packed(qcow2Image(), "gzip");
    server.serve("/a.gz", bytes);
    writeFileSync(place.path("a.gz"), bytes);
    for (const source of [server.url("/a.gz"), "a.gz"]) {
      for (let run = 0; run < 2; run++) {
        const { warnings = [] } = await good({ source, insecure: true });
        assert.equal(warnings.length, 1);
        assert.match(warnings[0] ?? "", /without any verification/);
      }
    }
    // It vouches for nothing: without `insecure` the same URL is refused.
    await bad({ source: server.url("/a.gz") });
  });

  it("is verified by the signature beside it, found without being named", async () => {
    const bytes = packed(qcow2Image(), "bzip2");
    const { secret, armored } = await makeKey();
    writeFileSync(place.path("key.asc"), armored);
    server.serve("/a.bz2", bytes);
    server.serve("/a.bz2.sig", await sign(bytes, secret));
    const request = { source: server.url("/a.bz2?x=1"), signedBy: "key.asc" };
    const first = await good(request);
    assert.equal(first.image.sha256, sha256(qcow2Image()));
    const asked = server.requests.length;
    assert.deepEqual(await good(request), first);
    assert.equal(server.requests.length, asked, "a verified URL is not asked again");
    // Another key is another verification.
    writeFileSync(place.path("key.asc"), (await makeKey()).armored);
    assert.match((await bad(request)).problem, /which is none of/);
    // The same for files.
    writeFileSync(place.path("key.asc"), armored);
    writeFileSync(place.path("a.bz2"), bytes);
    writeFileSync(place.path("a.bz2.sig"), await sign(bytes, secret, { armored: true }));
    assert.deepEqual((await good({ source: "a.bz2", signedBy: "key.asc" })).image, first.image);
    appendFileSync(place.path("a.bz2"), "more");
    assert.match((await bad({ source: "a.bz2", signedBy: "key.asc" })).problem, /is not the file that key/);
  });

  it("must satisfy checksum and signature where both are given", async () => {
    const bytes = packed(qcow2Image(), "gzip");
    const { armored } = await makeKey();
    const other = await makeKey();
    writeFileSync(place.path("key.asc"), armored);
    server.serve("/a.gz", bytes);
    server.serve("/sig", await sign(bytes, other.secret));
    const pinned = { source: server.url("/a.gz"), sha256: sha256(bytes) };
    await good(pinned);
    const { problem } = await bad({ ...pinned, signature: server.url("/sig"), signedBy: "key.asc" });
    assert.match(problem, /which is none of/);
    assert.match(
      (await bad({ ...pinned, signature: server.url("/none"), signedBy: "key.asc" })).problem,
      /there is no http.*\/none/,
    );
    // A signer alone asks for the signature beside the source.
    const named = { ...pinned, signedBy: "key.asc" };
    assert.match(
      (await bad(named)).problem,
      /since image\.signedBy is set; there is none at http.*\/a\.gz\.sig/,
    );
    server.serve("/a.gz.sig", await sign(bytes, other.secret));
    assert.match((await bad(named)).problem, /which is none of/);
    writeFileSync(place.path("key.asc"), other.armored);
    await good(named);
  });

  it("stays as it is while its URL's content moves, until it is fetched anew", async () => {
    const { secret, armored } = await makeKey();
    writeFileSync(place.path("key.asc"), armored);
    const publish = async (data: Buffer): Promise<void> => {
      const bytes = packed(data, "gzip");
      server.serve("/current.gz", bytes);
      server.serve("/current.gz.sig", await sign(bytes, secret));
    };
    const request = { source: server.url("/current.gz"), signedBy: "key.asc" };
    await publish(qcow2Image(5000, "old"));
    const old = await good(request);
    await publish(qcow2Image(5000, "new"));
    assert.deepEqual(await good(request), old);
    const fresh = await good(request, "lab", { refresh: true });
    assert.equal(fresh.image.sha256, sha256(qcow2Image(5000, "new")));
    assert.deepEqual(await good(request), fresh);
    // With an emptied cache it can't stay; then the change is told.
    await publish(qcow2Image(5000, "newest"));
    removeImages();
    const { image, warnings = [] } = await good(request);
    assert.equal(image.sha256, sha256(qcow2Image(5000, "newest")));
    assert.match(warnings[0] ?? "", /has another content than when it was last used/);
  });

  it("is made anew where somebody has written to the cache or removed from it", async () => {
    const bytes = packed(qcow2Image(), "gzip");
    writeFileSync(place.path("a.gz"), bytes);
    const request = { source: "a.gz", sha256: sha256(bytes) };
    const { image } = await good(request);
    unlinkSync(image.path);
    writeFileSync(image.path, qcow2Image(5000, "evil"));
    assert.deepEqual((await good(request)).image, image);
    assert.ok(readFileSync(image.path).equals(qcow2Image()));
    unlinkSync(image.path);
    writeFileSync(image.path, "no image at all");
    assert.deepEqual((await good(request)).image, image);
    writeFileSync(join(imagesFolder(), "packed", `${sha256(bytes)}.json`), "{");
    assert.deepEqual((await good(request)).image, image);
  });

  const wrong: readonly [string, Buffer, RegExp][] = [
    ["a packed text", packed(Buffer.from("hello"), "xz"), /a qcow2 or raw disk image; this file is neither/],
    ["a packing in a packing", packed(packed(qcow2Image(), "gzip"), "xz"), /packed twice: with gzip inside/],
    ...PACKINGS.map((packing): [string, Buffer, RegExp] => [
      `a cut off ${packing} file`,
      packed(qcow2Image(), packing).subarray(0, 100_000),
      new RegExp(`a whole ${packing} file; this one is damaged or cut off`),
    ]),
  ];
  for (const [what, bytes, expected] of wrong) {
    it(`is refused where it is ${what}`, async () => {
      writeFileSync(place.path("x"), bytes);
      assert.match((await bad({ source: "x", sha256: sha256(bytes) })).problem, expected);
      server.serve("/x", bytes);
      assert.match((await bad({ source: server.url("/x"), sha256: sha256(bytes) })).problem, expected);
      assert.deepEqual(leftovers(), []);
    });
  }

  it("is refused where there is nothing to read", async () => {
    assert.match((await bad({ source: "none", insecure: true })).problem, /an existing file; there is no/);
    assert.match((await bad({ source: ".", insecure: true })).problem, /is a folder/);
    assert.match((await bad({ source: "ftp://x/y", insecure: true })).problem, /http:\/\/ or https:\/\//);
    assert.match(
      (await bad({ source: "a", signedBy: "nokey.asc" })).problem,
      /an OS family .*nokey\.asc can't be read/,
    );
    assert.match(
      (await bad({ source: server.url("/no"), insecure: true })).problem,
      /the server answers 404/,
    );
  });
});
