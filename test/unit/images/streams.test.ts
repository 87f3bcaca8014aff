import assert from "node:assert/strict";
import { PINNED_KEYS } from "../../../images/keys.ts";
import { mirrored } from "../../../images/mirror.ts";
import { newestRelease, STREAMS } from "../../../images/streams.ts";
import { cleanImages, configCommands, fetchImage, listImages } from "../../../commands/verbs/image.ts";
import { makeKey, packed, Place, qcow2Image, sha256, sign, TestServer } from "./support.ts";

/** Stream metadata as its documentation lays it out. */
const metadata = (disk: object): string =>
  JSON.stringify({
    stream: "stable",
    architectures: {
      aarch64: { artifacts: {} },
      x86_64: { artifacts: { qemu: { release: "44.20261101.3.0", formats: { "qcow2.xz": { disk } } } } },
    },
  });

describe("official streams", function () {
  this.timeout(20_000);
  const place = new Place();
  let server: TestServer;
  const before = process.env["CLUSTER_IMAGE_MIRROR"];
  const written: string[] = [];
  const write = process.stdout.write.bind(process.stdout);

  beforeEach(async () => {
    place.begin();
    server = new TestServer();
    await server.start();
    process.env["CLUSTER_IMAGE_MIRROR"] = `${server.url("")}/`;
  });

  afterEach(async () => {
    await server.stop();
    place.end();
    if (before === undefined) Reflect.deleteProperty(process.env, "CLUSTER_IMAGE_MIRROR");
    else process.env["CLUSTER_IMAGE_MIRROR"] = before;
  });

  /** What a command prints. */
  async function printed(work: () => void | Promise<void>): Promise<string> {
    written.length = 0;
    process.stdout.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    try {
      await work();
    } finally {
      process.stdout.write = write;
    }
    return written.join("");
  }

  /** Lets a throw-away key stand for a family's. */
  async function signedAs<T>(
    family: string,
    work: (sign: (data: Buffer) => Promise<Buffer>) => Promise<T>,
  ): Promise<T> {
    const key = await makeKey();
    const pinned = PINNED_KEYS[family] as { fingerprints: readonly string[]; official?: string };
    const real = pinned.fingerprints;
    pinned.fingerprints = [key.secret.getFingerprint().toUpperCase()];
    server.serve(new URL(mirrored(pinned.official ?? "")).pathname, Buffer.from(key.armored));
    try {
      return await work((data) => sign(data, key.secret));
    } finally {
      pinned.fingerprints = real;
    }
  }

  const flatcar = "/stable.release.flatcar-linux.net/amd64-usr";
  const image = "flatcar_production_qemu_image.img.bz2";

  it("are Flatcar's releases by their own addresses", async () => {
    server.serve(
      `${flatcar}/current/version.txt`,
      Buffer.from("FLATCAR_BUILD=4459\nFLATCAR_VERSION=4459.2.1\n"),
    );
    const source = server.url(`${flatcar}/4459.2.1/${image}`);
    assert.deepEqual(await newestRelease("flatcar-stable", "x86_64"), {
      os: "flatcar",
      version: "4459.2.1",
      request: { source, signature: `${source}.sig`, signedBy: "flatcar" },
    });
  });

  it("are Flatcar's for aarch64 too", async () => {
    const path = "/lts.release.flatcar-linux.net/arm64-usr";
    server.serve(`${path}/current/version.txt`, Buffer.from("FLATCAR_VERSION=4081.3.6\n"));
    const { request } = await newestRelease("flatcar-lts", "aarch64");
    assert.equal(request.source, server.url(`${path}/4081.3.6/flatcar_production_qemu_uefi_image.img.bz2`));
  });

  it("are Fedora CoreOS's by its stream metadata", async () => {
    const place = "builds.coreos.fedoraproject.org/prod/x.qcow2.xz";
    const disk = { location: `https://${place}`, signature: `https://${place}.sig`, sha256: "ab".repeat(32) };
    server.serve("/builds.coreos.fedoraproject.org/streams/stable.json", Buffer.from(metadata(disk)));
    assert.deepEqual(await newestRelease("fedora-coreos-stable", "x86_64"), {
      os: "fedora-coreos",
      version: "44.20261101.3.0",
      request: {
        source: server.url(`/${place}`),
        sha256: "ab".repeat(32),
        signature: server.url(`/${place}.sig`),
        signedBy: "fedora-coreos",
      },
    });
    await assert.rejects(
      newestRelease("fedora-coreos-stable", "aarch64"),
      /has no such \(architectures: aarch64, x86_64\)/,
    );
  });

  const wrong: readonly [string, RegExp][] = [
    [
      "container-linux-stable",
      /came to its end in May 2020 and its official location is gone.*fetch flatcar-stable/,
    ],
    ["flatcar-nightly", /one of the streams flatcar-stable, .*, fedora-coreos-next; not flatcar-nightly/],
    ["constructor", /one of the streams/],
    ["flatcar-beta", /there is no http.*beta\.release\.flatcar-linux\.net\/amd64-usr\/current\/version\.txt/],
  ];
  for (const [name, expected] of wrong) {
    it(`do not include ${name}`, async () => {
      await assert.rejects(newestRelease(name, "x86_64"), expected);
    });
  }

  it("are refused where they say something else than they should", async () => {
    server.serve("/builds.coreos.fedoraproject.org/streams/next.json", Buffer.from("<html>"));
    await assert.rejects(newestRelease("fedora-coreos-next", "x86_64"), /metadata in JSON/);
    server.serve(
      "/builds.coreos.fedoraproject.org/streams/testing.json",
      Buffer.from(metadata({ location: 1 })),
    );
    await assert.rejects(newestRelease("fedora-coreos-testing", "x86_64"), /a QEMU image for x86_64/);
    server.serve(
      "/alpha.release.flatcar-linux.net/amd64-usr/current/version.txt",
      Buffer.from("FLATCAR_VERSION=../..\n"),
    );
    await assert.rejects(newestRelease("flatcar-alpha", "x86_64"), /has none/);
    await assert.rejects(newestRelease("flatcar-stable", "s390x"), /x86_64 or aarch64/);
  });

  it("are looked for at their own places where no mirror is named", () => {
    assert.equal(mirrored("https://a.example/b", {}), "https://a.example/b");
    assert.equal(mirrored("https://a.example/b", { CLUSTER_IMAGE_MIRROR: "" }), "https://a.example/b");
    assert.equal(
      mirrored("https://a.example/b", { CLUSTER_IMAGE_MIRROR: "http://m/x/" }),
      "http://m/x/a.example/b",
    );
    assert.equal(STREAMS.length, 7);
  });

  it("are fetched with the commands that use them, listed and removed", async () => {
    await signedAs("flatcar", async (signed) => {
      const bytes = packed(qcow2Image(), "bzip2");
      server.serve(`${flatcar}/current/version.txt`, Buffer.from("FLATCAR_VERSION=4459.2.1\n"));
      server.serve(`${flatcar}/4459.2.1/${image}`, bytes);
      server.serve(`${flatcar}/4459.2.1/${image}.sig`, await signed(bytes));
      const text = await printed(() => fetchImage("flatcar-stable", { arch: "x86_64", os: "flatcar" }));
      const source = server.url(`${flatcar}/4459.2.1/${image}`);
      for (const command of configCommands("flatcar", source, sha256(bytes), "x86_64"))
        assert.ok(text.includes(`  ${command}\n`), text);
      assert.match(text, /contents\/[0-9a-f]{64}\.qcow2\n/);
      assert.match(
        await printed(listImages),
        new RegExp(`${sha256(qcow2Image()).slice(0, 12)} +qcow2 +0\\.2 MB`),
      );
      assert.match(await printed(cleanImages), /^Removed 0\.2 MB from /);
      assert.match(await printed(listImages), /^No images in /);
    });
  });

  it("are not fetched where their signature is somebody else's", async () => {
    const bytes = packed(qcow2Image(), "bzip2");
    server.serve(`${flatcar}/current/version.txt`, Buffer.from("FLATCAR_VERSION=4459.2.1\n"));
    server.serve(`${flatcar}/4459.2.1/${image}`, bytes);
    server.serve(`${flatcar}/4459.2.1/${image}.sig`, await sign(bytes, (await makeKey()).secret));
    await assert.rejects(
      fetchImage("flatcar-stable", { arch: "x86_64", os: "flatcar" }),
      /which is none of flatcar's/,
    );
    const wrong = { arch: "x86_64", os: "flatcar", sha256: "12" };
    await assert.rejects(
      fetchImage(server.url("/mine.gz"), wrong),
      /--sha256 is 12; it must be 64 hex digits/,
    );
    await assert.rejects(fetchImage("flatcar-stable", wrong), /--sha256 and --sha512 are for URLs/);
    await assert.rejects(fetchImage("flatcar-stable", { arch: "vax", os: "flatcar" }), /--arch is vax/);
    await assert.rejects(fetchImage("flatcar-stable", { arch: "x86_64", os: "vms" }), /--os is vms/);
  });

  it("can be any signed URL, whose content is then looked at anew", async () => {
    await signedAs("flatcar", async (signed) => {
      for (const seed of ["old", "new"]) {
        const bytes = packed(qcow2Image(5000, seed), "gzip");
        server.serve("/mine.gz", bytes);
        server.serve("/mine.gz.sig", await signed(bytes));
        const text = await printed(() =>
          fetchImage(server.url("/mine.gz"), { arch: "x86_64", os: "flatcar" }),
        );
        assert.ok(text.includes(`image.sha256 ${sha256(bytes)}`));
      }
    });
  });
});
