import assert from "node:assert/strict";
import { file, labImage, reporter, TestGuest } from "./guest.ts";

/** A whole line: the console comes in pieces. */
const marker = /^COREOS-CLUSTER-IGNITION-FAILED: (.*)\r?\n/m;

const cases: readonly { name: string; config: object | string; reason: RegExp }[] = [
  {
    name: "a version that this system doesn't read",
    config: { ignition: { version: "2.3.0" } },
    reason: /^unsupported config version: the lab image reads Ignition spec 3\.0 to 3\.3/,
  },
  {
    name: "a document that ends early",
    config: '{"ignition":{"version":"3.1.0"},',
    reason: /^config is not valid: error at line \d+ col \d+: unexpected end of JSON input/,
  },
  {
    name: "a file of a user that nobody made",
    config: {
      ignition: { version: "3.1.0" },
      storage: { files: [{ ...file("/etc/greeting", "hello"), user: { name: "stranger" } }] },
    },
    reason: /no such user "stranger"/,
  },
  {
    name: "a second file system",
    config: {
      ignition: { version: "3.1.0" },
      storage: { filesystems: [{ device: "/dev/vdb", format: "ext4", path: "/var/data" }] },
    },
    reason: /^storage\.filesystems can't be used on the lab image/,
  },
];

describe("a configuration that fails", function () {
  this.timeout(600_000);
  let guest: TestGuest;

  beforeEach(async () => {
    guest = new TestGuest();
    await guest.makeDisk(await labImage(), "2G");
  });

  afterEach(() => guest.remove());

  for (const { name, config, reason } of cases) {
    it(`prints its reason and stays: ${name}`, async () => {
      guest.start(config);
      const [, words] = await guest.until(marker, 180);
      assert.match(words ?? "", reason);
      await guest.until(/Press Enter for a root shell/, 120);
      assert.doesNotMatch(guest.console, /COREOS-CLUSTER-BOOTED/);
    });
  }

  it("is tried again when the power was cut in the middle of the first boot", async () => {
    const report = reporter("coreos-cluster-booted.service", {
      size: "stat -c %s /etc/large",
      network: "networkctl status --no-pager | grep -o zz-default.network",
    });
    const files = [file("/etc/large", "x".repeat(300_000)), ...report.files];
    const config = { ignition: { version: "3.1.0" }, storage: { files }, systemd: { units: [report.unit] } };
    guest.start(config);
    await guest.until(/^First boot: /m, 60);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await guest.kill();
    guest.start(config);
    await guest.until(/^First boot: /m, 60);
    await guest.until(/^COREOS-CLUSTER-BOOTED /m, 240);
    assert.deepEqual(await guest.reported(60), { size: "300000", network: "zz-default.network" });
  });
});
