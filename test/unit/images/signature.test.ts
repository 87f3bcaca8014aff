import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as openpgp from "openpgp";
import { bundledFile, knownKeys, pinnedAmong, PINNED_KEYS, readKeys } from "../../../images/keys.ts";
import { verifySignature } from "../../../images/signature.ts";
import { makeKey, Place, qcow2Image, sign, TestServer } from "./support.ts";

const DAY = 24 * 3600;
const before = new Date("2024-06-01");
const after = new Date("2025-06-01");
const data = qcow2Image(70_000);

describe("signatures of images", function () {
  this.timeout(20_000);
  const place = new Place();
  beforeEach(() => {
    place.begin();
    writeFileSync(place.path("image"), data);
  });
  afterEach(() => {
    place.end();
  });

  const check = (signature: Buffer, keys: string | Uint8Array) =>
    verifySignature(
      place.path("image"),
      signature,
      "image.sig",
      { kind: "file", path: "key.asc", bytes: Buffer.from(keys) },
      () => undefined,
    );

  for (const armored of [true, false]) {
    it(`hold by the key itself and by a subkey, ${armored ? "armored" : "binary"}`, async () => {
      for (const subkeys of [true, false]) {
        const key = await makeKey({ subkeys });
        const by = await check(await sign(data, key.secret, { armored, date: before }), key.armored);
        assert.match(by, /^key\.asc's key [0-9A-F]{16}, 2024-06-01$/);
      }
    });
  }

  it("hold by one of several keys in a file", async () => {
    const [one, two] = [await makeKey(), await makeKey()];
    assert.match(await check(await sign(data, two.secret), `${one.armored}\n${two.armored}`), /key/);
  });

  it("hold by a key in a binary file, as gpg --export writes it", async () => {
    const [one, two] = [await makeKey(), await makeKey()];
    const ring = Buffer.concat([one, two].map(({ secret }) => secret.toPublic().write()));
    assert.match(await check(await sign(data, two.secret), ring), /key/);
    await assert.rejects(check(await sign(data, (await makeKey()).secret), ring), /which is none of/);
    await assert.rejects(
      check(await sign(data, two.secret), ring.subarray(0, 40)),
      /armored or binary; key\.asc/,
    );
  });

  it("do not hold of another content", async () => {
    const key = await makeKey();
    const signature = await sign(data, key.secret);
    writeFileSync(place.path("image"), Buffer.concat([data.subarray(0, -1), Buffer.from("x")]));
    await assert.rejects(
      check(signature, key.armored),
      /is not the file that key [0-9A-F]{16} of key\.asc has signed: it was changed/,
    );
    writeFileSync(place.path("image"), data.subarray(0, -1));
    await assert.rejects(check(signature, key.armored), /is not the file that/);
  });

  it("do not hold by another key", async () => {
    const [one, two] = [await makeKey(), await makeKey()];
    await assert.rejects(
      check(await sign(data, two.secret), one.armored),
      /signed by key [0-9A-F]{16}, which is none of key\.asc's/,
    );
  });

  it("hold by a key that has expired since, and not by one that had expired then", async () => {
    const key = await makeKey({ validity: 200 * DAY });
    assert.match(await check(await sign(data, key.secret, { date: before }), key.armored), /2024-06-01/);
    // openpgp refuses to sign with an expired key: the same key, with a longer life, does.
    const longer = (
      await openpgp.reformatKey({
        privateKey: key.secret,
        userIDs: [{ name: "Images", email: "images@example.test" }],
        date: new Date("2024-01-02"),
        keyExpirationTime: 0,
        format: "object",
      })
    ).privateKey;
    const late = await sign(data, longer, { date: after });
    await assert.rejects(check(late, key.armored), /it was signed on 2025-06-01, when key .* had expired/);
    assert.match(await check(late, longer.toPublic().armor()), /2025-06-01/);
  });

  it("do not hold by a key that was revoked", async () => {
    const key = await makeKey();
    const signature = await sign(data, key.secret, { date: before });
    const { publicKey } = await openpgp.revokeKey({
      key: key.secret,
      reasonForRevocation: { flag: openpgp.enums.reasonForRevocation.keyCompromised },
      format: "armored",
    });
    await assert.rejects(check(signature, publicKey), /signed by key .*, which has been revoked/);
  });

  it("do not hold where they are dated in the future", async () => {
    const key = await makeKey({ date: after });
    const future = await sign(data, key.secret, { date: new Date(Date.now() + 10 * DAY * 1000) });
    await assert.rejects(
      check(future, key.armored),
      /does not hold: Signature creation time is in the future/,
    );
  });

  it("are told from what is none", async () => {
    const key = await makeKey();
    for (const text of [
      "",
      "<html>404</html>",
      "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
    ])
      await assert.rejects(
        check(Buffer.from(text), key.armored),
        /a detached OpenPGP signature|no signature/,
      );
    await assert.rejects(
      check(await sign(data, key.secret), "no key"),
      /a file with a public key, armored or binary; key\.asc holds none/,
    );
  });
});

describe("the keys of the OS families", function () {
  this.timeout(20_000);
  const place = new Place();
  let server: TestServer;
  const mirror = process.env["CLUSTER_IMAGE_MIRROR"];
  beforeEach(async () => {
    place.begin();
    server = new TestServer();
    await server.start();
    process.env["CLUSTER_IMAGE_MIRROR"] = server.url("");
  });
  afterEach(async () => {
    await server.stop();
    place.end();
    if (mirror === undefined) Reflect.deleteProperty(process.env, "CLUSTER_IMAGE_MIRROR");
    else process.env["CLUSTER_IMAGE_MIRROR"] = mirror;
  });

  for (const [family, { fingerprints }] of Object.entries(PINNED_KEYS)) {
    it(`that are brought along for ${family} are the pinned ones, all of them and no other`, async () => {
      const keys = await readKeys(readFileSync(bundledFile(family)));
      assert.deepEqual(
        keys.map((key) => key.getFingerprint().toUpperCase()).sort(),
        [...fingerprints].sort(),
      );
      assert.ok(keys.every((key) => !key.isPrivate()));
      assert.equal((await knownKeys({ kind: "family", family })).length, fingerprints.length);
    });
  }

  for (const [family, date] of [
    ["container-linux", "2020-01-01"],
    ["flatcar", "2025-09-01"],
    ["fedora-coreos", "2026-01-01"],
  ] as const) {
    it(`can sign for ${family} on ${date}, as this library judges them`, async () => {
      for (const key of await knownKeys({ kind: "family", family }))
        await key.getSigningKey(undefined, new Date(date));
    });
  }

  it("include none that is not pinned, wherever it comes from", async () => {
    const { armored } = await makeKey();
    assert.deepEqual(await pinnedAmong(Buffer.from(armored), "flatcar"), []);
  });

  const official = "/www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc";
  const flatcar = async (signature: Buffer): Promise<string> => {
    writeFileSync(place.path("image"), data);
    const lines: string[] = [];
    const found = verifySignature(
      place.path("image"),
      signature,
      "image.sig",
      { kind: "family", family: "flatcar" },
      (line) => lines.push(line),
    );
    return await found.finally(() => {
      assert.ok(lines.some((line) => /looking for new keys of flatcar/.test(line)));
    });
  };

  it("are looked for at their official place when a signature is by an unknown key, and only pinned ones count", async () => {
    const stranger = await makeKey();
    server.serve(official, Buffer.from(stranger.armored));
    await assert.rejects(flatcar(await sign(data, stranger.secret)), /which is none of flatcar's/);
    assert.deepEqual(server.requests, [official]);
  });

  it("are what they were where that place is gone", async () => {
    const stranger = await makeKey();
    await assert.rejects(flatcar(await sign(data, stranger.secret)), /which is none of flatcar's/);
    assert.deepEqual(server.requests, [official]);
  });

  it("get the subkeys that are newer than this release", async () => {
    // A family of our own, whose signing subkey was made after its key was brought along.
    const old = await makeKey();
    const fingerprint = old.secret.getFingerprint().toUpperCase();
    const rotated = await old.secret.addSubkey({ sign: true, date: new Date("2024-03-01") });
    const pinned = PINNED_KEYS["flatcar"] as { fingerprints: readonly string[] };
    const real = pinned.fingerprints;
    pinned.fingerprints = [fingerprint];
    try {
      const signature = await sign(data, rotated, { date: before });
      server.serve(official, Buffer.from("<html>nothing here</html>"));
      await assert.rejects(flatcar(signature), /which is none of/);
      server.serve(official, Buffer.from(rotated.toPublic().write())); // binary, as Fedora's may be
      assert.match(await flatcar(signature), /^flatcar's key [0-9A-F]{16}, 2024-06-01$/);
      // They are kept: the next signature needs no network.
      assert.equal(
        (await knownKeys({ kind: "family", family: "flatcar" }))[0]?.subkeys.length,
        rotated.subkeys.length,
      );
    } finally {
      pinned.fingerprints = real;
    }
  });
});
