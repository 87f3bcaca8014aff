import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addressFault,
  isHost,
  isLoopback,
  macFault,
  normalMac,
  parseSocket,
} from "../../../plan/addresses.ts";

describe("MAC addresses in config", () => {
  it("are read in every usual spelling", () => {
    for (const text of [
      "52:54:00:AB:cd:01",
      "52-54-00-ab-CD-01",
      "5254.00ab.cd01",
      "525400ABCD01",
      " 52:54:00:ab:cd:01 ",
    ])
      assert.equal(normalMac(text), "52:54:00:ab:cd:01", text);
  });

  it("are nothing else", () => {
    const wrong = [
      "",
      "52:54:00:ab:cd",
      "52:54:00:ab:cd:01:02",
      "52:54-00:ab:cd:01",
      "52:54:00:ab:cd:0g",
      "5254:00ab:cd01",
      "52 54 00 ab cd 01",
      "0x525400abcd01",
      "52:54:00:ab:cd:1",
    ];
    for (const text of wrong) assert.equal(normalMac(text), undefined, text);
  });

  it("are, in any spelling, the same six bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.boolean(), (bytes, upper) => {
        const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
        const spell = (text: string): string => (upper ? text.toUpperCase() : text);
        const plain = hex.join("");
        const dotted = `${plain.slice(0, 4)}.${plain.slice(4, 8)}.${plain.slice(8)}`;
        for (const text of [hex.join(":"), hex.join("-"), plain, dotted])
          assert.equal(normalMac(spell(text)), hex.join(":"));
        // The lowest bit of the first byte: a group (IEEE 802).
        assert.equal(
          macFault(hex.join(":")) === undefined,
          (bytes[0] ?? 0) % 2 === 0 && bytes[0] !== 0xfe && !bytes.every((b) => b === 0),
        );
      }),
    );
  });

  it("may be a vendor's or locally administered", () => {
    for (const mac of ["52:54:00:00:00:01", "00:50:56:00:00:01", "00:16:3e:00:00:01", "3c:ec:ef:00:00:01"])
      assert.equal(macFault(mac), undefined);
  });
});

describe("IPv4 addresses in config", () => {
  const right = [
    "10.0.0.1",
    "192.168.122.2",
    "172.16.0.9",
    "100.64.0.1",
    "203.0.113.7",
    "223.255.255.254",
    "1.0.0.1",
    "169.253.1.1",
    "126.1.1.1",
    "128.0.0.1",
  ];
  for (const address of right)
    it(`accepts ${address}`, () => {
      assert.equal(addressFault(address), undefined);
    });
  const wrong = [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
  ];
  for (const address of wrong)
    it(`refuses ${address}`, () => {
      assert.ok(addressFault(address));
    });
});

describe("hosts and sockets in config", () => {
  for (const host of [
    "pool.ntp.org",
    "0.pool.ntp.org",
    "ntp",
    "ntp.example.",
    "10.0.0.1",
    "fd00::1",
    "A-1.example",
  ])
    it(`accepts the host ${host}`, () => {
      assert.ok(isHost(host));
    });
  for (const host of [
    "",
    "a b",
    "http://ntp",
    "ntp:123",
    "-a.example",
    "a..b",
    "10.0.0.256",
    "1.2.3",
    "a_b.example",
    "a;b",
    "$(x)",
    "a\nb",
    "x".repeat(64),
    "prefer iburst",
  ])
    it(`refuses the host ${JSON.stringify(host)}`, () => {
      assert.ok(!isHost(host));
    });

  it("reads sockets of both kinds", () => {
    assert.deepEqual(parseSocket("127.0.0.1:2375"), { address: "127.0.0.1", port: 2375 });
    assert.deepEqual(parseSocket("[::1]:2375"), { address: "::1", port: 2375 });
    for (const text of [
      "",
      "2375",
      ":2375",
      "localhost:2375",
      "1.2.3:1",
      "1.2.3.4:0",
      "1.2.3.4:65536",
      "::1:2375",
      "[1.2.3.4]:1",
      "1.2.3.4:1\n",
      "[::1%eth0]:1",
    ])
      assert.equal(parseSocket(text), undefined, text);
  });

  it("knows loopback addresses in all their spellings", () => {
    for (const address of ["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "0::1"])
      assert.ok(isLoopback(address), address);
    for (const address of ["0.0.0.0", "10.0.0.1", "::", "fd00::1", "128.0.0.1", "::ffff:10.0.0.1"])
      assert.ok(!isLoopback(address), address);
  });
});
