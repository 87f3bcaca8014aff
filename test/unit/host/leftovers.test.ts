import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  checkDomainNames,
  clearDomain,
  clearOwnDomains,
  clearOwnPool,
  clearVolume,
  ForeignObjectError,
  type Host,
  qemuUser,
} from "../../../host/leftovers.ts";
import { markXml, ownerUuid } from "../../../host/mark.ts";
import { isLocal, VirshError } from "../../../host/virsh.ts";

const OWNER = "0123456789abcdef0123456789abcdef";
const OTHER = "ffffffffffffffffffffffffffffffff";

interface DomainDouble {
  readonly owner?: string;
  readonly running?: boolean;
  /** Undefined by somebody while it ran. */
  readonly transient?: boolean;
  readonly files?: readonly string[];
}

/** A UUID that tells the name, for what was changed to be readable. */
const uuidOf = (name: string): string =>
  Buffer.from(name.padEnd(16).slice(0, 16))
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/**
 * Test double of a libvirt host, spoken to as through virsh. It notes what it was told to change. As virsh does, it takes a word for
 * a running domain's id first, then for a UUID, then for a name.
 */
class HostDouble {
  readonly domains = new Map<string, DomainDouble>();
  pool: { name: string; owner: string; active: boolean; volumes: string[] } | undefined;
  readonly changes: string[] = [];

  readonly host: Host = {
    uri: "test:///default",
    owner: OWNER,
    virsh: (...args) =>
      new Promise((resolve) => {
        resolve(this.answer(args.join(" "), args));
      }),
  };

  /** The name of the domain that virsh would take a word for. */
  private meant(word: string): string {
    const running = [...this.domains].filter(([, { running: on }]) => on === true).map(([name]) => name);
    const byId = /^\d+$/.test(word) ? running[Number(word) - 1] : undefined;
    return byId ?? [...this.domains.keys()].find((name) => uuidOf(name) === word) ?? word;
  }

  private answer(given: string, [verb = "", word = ""]: string[]): string {
    const name = this.meant(word);
    const text = name === word ? given : given.replace(word, name);
    const domain = this.domains.get(name);
    const pools = this.pool === undefined ? [] : [this.pool];
    switch (text) {
      case "list --all --uuid --name":
        return [...this.domains.keys()].map((key) => `${uuidOf(key)} ${key} `).join("\n");
      case "list --uuid":
        return [...this.domains]
          .flatMap(([key, { running }]) => (running === true ? [uuidOf(key)] : []))
          .join("\n");
      case "pool-list --all --name":
        return pools.map((pool) => pool.name).join("\n");
      case "pool-list --name":
        return pools.flatMap((pool) => (pool.active ? [pool.name] : [])).join("\n");
      case "pool-list --all --uuid":
        return pools.map((pool) => ownerUuid(pool.owner)).join("\n");
    }
    if (verb === "dumpxml" && domain !== undefined) return domainXml(name, domain);
    if (verb === "pool-name") return this.pool?.name ?? "";
    if (verb === "pool-dumpxml")
      return `<pool><name>${name}</name><uuid>${ownerUuid(this.pool?.owner ?? "")}</uuid><target><path>/pool</path></target></pool>`;
    if (verb === "vol-list")
      return (this.pool?.volumes ?? []).map((volume) => ` ${volume}   /pool/${volume}`).join("\n");
    if (verb === "vol-path") return `/pool/${given.split(" ").at(-1) ?? ""}\n`;
    if (verb === "dumpxml") throw new VirshError("failed to get domain");
    if (verb === "undefine" && domain === undefined) throw new VirshError("failed to get domain");
    if (verb === "destroy") {
      if (domain?.running !== true) throw new VirshError("domain is not running");
      if (domain.transient === true) this.domains.delete(name);
      else this.domains.set(name, { ...domain, running: false });
    }
    this.changes.push(text);
    return "";
  }
}

const domainXml = (name: string, { owner, files = [] }: DomainDouble): string => {
  const mark = { organization: "org", project: "coreos-cluster", stack: "somebody", owner: owner ?? "" };
  return (
    `<domain type='qemu'><name>${name}</name>${owner === undefined ? "" : `<metadata>${markXml(mark)}</metadata>`}` +
    `<devices>${files.map((file) => `<disk><source file='${file}'/></disk>`).join("")}</devices></domain>`
  );
};

describe("leftovers on the host", () => {
  let there: HostDouble;
  beforeEach(() => {
    there = new HostDouble();
  });

  it("removes a domain of ours under the name that is wanted", async () => {
    there.domains.set("a01", { owner: OWNER, running: true }).set("a02", { owner: OWNER });
    await clearDomain(there.host, "a01");
    await clearDomain(there.host, "a02");
    await clearDomain(there.host, "a03");
    const undefine = "--managed-save --snapshots-metadata --checkpoints-metadata --nvram";
    deepEqual(there.changes, ["destroy a01", `undefine a01 ${undefine}`, `undefine a02 ${undefine}`]);
  });

  it("removes a domain that somebody undefined while it ran: it goes with its power", async () => {
    there.domains.set("a01", { owner: OWNER, running: true, transient: true });
    deepEqual(await clearOwnDomains(there.host), ["a01"]);
    deepEqual(there.changes, ["destroy a01"]);
  });

  for (const [whose, domain, says] of [
    ["nobody's", {}, /"a01" on test:\/\/\/default.*it carries no mark.*config set prefix/],
    ["another stack's", { owner: OTHER }, /belongs to stack org\/coreos-cluster\/somebody \(owner f{32}\)/],
  ] as const)
    it(`leaves ${whose} domain alone and says whose it is`, async () => {
      there.domains.set("a01", { ...domain, running: true });
      await rejects(clearDomain(there.host, "a01"), (error: Error) => {
        return error instanceof ForeignObjectError && says.test(error.message);
      });
      await rejects(checkDomainNames(there.host, ["a02", "a01"]), ForeignObjectError);
      await checkDomainNames(there.host, ["a02"]);
      deepEqual(there.changes, []);
    });

  it("removes a volume in our pool, and powers off the machine of ours that still uses it", async () => {
    there.pool = { name: "a", owner: OWNER, active: true, volumes: ["a01-x.qcow2", "a02-x.qcow2"] };
    there.domains.set("a01", { owner: OWNER, running: true, files: ["/pool/a01-x.qcow2"] });
    await clearVolume(there.host, "a", "a01-x.qcow2");
    await clearVolume(there.host, "a", "a01-y.qcow2");
    deepEqual(there.changes, ["destroy a01", "vol-delete --pool a --vol a01-x.qcow2"]);
  });

  it("removes what killed runs left of a machine's earlier volumes, and no other machine's", async () => {
    const [now, was, before] = ["0".repeat(12), "1".repeat(12), "a".repeat(12)];
    const left = [`a01-${was}.qcow2`, `a01-${before}.qcow2`];
    const stays = [
      ...[`a01-${was}.ign`, `a02-${was}.qcow2`, `a01-${was}-${was}.qcow2`, `x-a01-${was}.qcow2`],
      ...[`base-${"0".repeat(16)}.qcow2`, "a01-mine.qcow2", `a01-${was}.qcow2.keep`],
    ];
    there.pool = { name: "a", owner: OWNER, active: true, volumes: [...stays, ...left] };
    await clearVolume(there.host, "a", `a01-${now}.qcow2`);
    deepEqual(
      there.changes,
      left.map((name) => `vol-delete --pool a --vol ${name}`),
    );
    await clearVolume(there.host, "a", `base-${"1".repeat(16)}.qcow2`);
    equal(there.changes.length, left.length);
  });

  it("clears several volumes of one machine at once, though it can be powered off only once", async () => {
    const volumes = ["a01-x.qcow2", "a01-x.ign", "base-y.qcow2"];
    there.pool = { name: "a", owner: OWNER, active: true, volumes };
    there.domains.set("a01", { owner: OWNER, running: true, files: volumes.map((name) => `/pool/${name}`) });
    await Promise.all(volumes.map((name) => clearVolume(there.host, "a", name)));
    deepEqual(there.changes.toSorted(), [
      "destroy a01",
      ...volumes.map((name) => `vol-delete --pool a --vol ${name}`).toSorted(),
    ]);
  });

  it("says why a machine can't be powered off", async () => {
    there.domains.set("a01", { owner: OWNER, running: true });
    const stuck: Host = {
      ...there.host,
      virsh: (...args) =>
        args[0] === "destroy" ? Promise.reject(new VirshError("it hangs")) : there.host.virsh(...args),
    };
    await rejects(clearDomain(stuck, "a01"), /it hangs/);
  });

  it("touches no volume that somebody else's machine uses, nor one in somebody else's pool", async () => {
    there.pool = { name: "a", owner: OWNER, active: true, volumes: ["a01-x.qcow2"] };
    there.domains.set("web", { running: true, files: ["/pool/a01-x.qcow2"] });
    await rejects(
      clearVolume(there.host, "a", "a01-x.qcow2"),
      /The domain "web" .* uses \/pool\/a01-x\.qcow2/,
    );
    await rejects(clearOwnPool(there.host), /The domain "web" .* uses files in \/pool/);
    there.pool = { ...there.pool, owner: OTHER };
    await rejects(clearVolume(there.host, "a", "a01-x.qcow2"), /There is already a storage pool "a"/);
    deepEqual(
      there.changes.filter((change) => !change.startsWith("pool-refresh")),
      [],
    );
  });

  it("sweeps all machines of ours, whatever their names, and nobody else's", async () => {
    there.domains
      .set("a01", { owner: OWNER })
      .set("web", {})
      .set("old-name", { owner: OWNER })
      .set("b01", { owner: OTHER });
    deepEqual(await clearOwnDomains(there.host), ["a01", "old-name"]);
    equal(there.changes.filter((change) => /web|b01/.test(change)).length, 0);
  });

  it("takes no domain for another whose id it is called by", async () => {
    // Ours runs with id 1, and somebody's machine is called "1".
    there.domains.set("a01", { owner: OWNER, running: true }).set("1", {}).set("2", { running: true });
    deepEqual(await clearOwnDomains(there.host), ["a01"]);
    deepEqual([...there.domains.keys()], ["a01", "1", "2"]); // undefine is only noted
    const undefine = "--managed-save --snapshots-metadata --checkpoints-metadata --nvram";
    deepEqual(there.changes, ["destroy a01", `undefine a01 ${undefine}`]);
  });

  it("sweeps our pool under whatever name, with all volumes in it", async () => {
    there.pool = { name: "old", owner: OWNER, active: false, volumes: ["base.qcow2", "a01-x.ign"] };
    equal(await clearOwnPool(there.host), "old");
    deepEqual(there.changes, [
      ...[
        "pool-start old",
        "pool-refresh old",
        "vol-delete --pool old --vol base.qcow2",
        "vol-delete --pool old --vol a01-x.ign",
      ],
      ...["pool-destroy old", "pool-delete old", "pool-undefine old"],
    ]);
    there.pool = { ...there.pool, owner: OTHER };
    equal(await clearOwnPool(there.host), undefined);
  });

  it("reads QEMU's user from the host's capabilities", async () => {
    const dac =
      "<secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>+64055:+106</baselabel></secmodel>";
    deepEqual(
      await qemuUser(() =>
        Promise.resolve(`<host><secmodel><model>apparmor</model></secmodel>${dac}</host>`),
      ),
      {
        uid: 64055,
        gid: 106,
      },
    );
    equal(await qemuUser(() => Promise.resolve("<capabilities><host/></capabilities>")), undefined);
  });

  it("knows which connections are to this machine", () => {
    for (const uri of ["qemu:///system", "qemu:///session", "qemu+unix:///system?socket=/run/l"])
      equal(isLocal(uri), true);
    for (const uri of ["qemu+ssh://root@host/system", "qemu://host/system", "qemu+tcp://10.0.0.1/system"])
      equal(isLocal(uri), false);
  });
});
