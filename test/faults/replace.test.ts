/**
 * Machines of a cluster of three real members are made anew under a load of writes: whole ones and broken ones, one alone and all in turns, also
 * when that is ended in the middle. Those that are not meant stay the same machines; every acknowledged write is read at each member.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Anew, pulumi, replaced, unchanged, type Work } from "./anew.ts";
import {
  becomesHealthy,
  cluster,
  describeLong,
  endLab,
  inside,
  type Member,
  members,
  newCluster,
  npm,
  removeLab,
} from "./guests.ts";
import { domainId, domainIds, endedWhen, leader, listedAt } from "./machines.ts";
import { describeFault, type Recover } from "./record.ts";
import { cutPower } from "./strikes.ts";

const minutes = 60_000;

describeLong("machines of a running cluster that are made anew", function () {
  this.timeout(30 * minutes);
  let anew: Anew;
  let folder: string;

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    folder = mkdtempSync(join(tmpdir(), "faults-replace-"));
    anew = new Anew(await newCluster(), "replace");
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await endLab();
  });

  const under =
    (work: Work) =>
    (recover: Recover): Promise<void> =>
      anew.under(recover, work);
  const replacing =
    (which: () => Promise<Member>, before?: (name: string) => Promise<unknown>) =>
    (recover: Recover): Promise<void> =>
      anew.replacing(recover, which, before);
  const leads = (): Promise<Member> => leader(anew.all);
  const follower = (): Promise<Member> => anew.follower();
  const names = (): string[] => anew.all.map(({ name }) => name);

  describeFault(
    { fault: "`replace` is ended by SIGINT or SIGKILL, in turns", recovery: "`replace`, or `npm start`" },
    (trial) => {
      interface Before {
        readonly name: string;
        readonly peer: Member;
        readonly machine: string;
        readonly ids: ReadonlySet<string>;
      }
      const isNew = async ({ name, machine }: Before): Promise<boolean> => {
        const now = await domainId(name);
        return now !== "" && now !== machine;
      };
      const points: readonly [
        where: string,
        when: (before: Before, said: string) => Promise<boolean> | boolean,
        later: number,
        then: (name: string) => Promise<string>,
      ][] = [
        ["when the key is written", (_, said) => said.includes("Health: "), 3000, () => npm("start")],
        [
          "when its new entry is listed",
          async ({ peer, ids }) => (await listedAt(peer)).some(({ id }) => !ids.has(id)),
          0,
          replaced,
        ],
        [
          "when its machine is gone",
          async ({ name, machine }) => (await domainId(name)) !== machine,
          0,
          replaced,
        ],
        ["while its new machine boots", isNew, 15_000, (name) => replaced(name, "--again")],
        [
          "when it has its vote",
          async ({ name, peer, ids }) =>
            (await listedAt(peer)).some((one) => one.name === name && !one.learner && !ids.has(one.id)),
          0,
          () => npm("start"),
        ],
      ];
      points.forEach(([where, when, later, then], index) => {
        const signal = index % 2 === 0 ? "SIGINT" : "SIGKILL";
        trial(
          `${where}, by ${signal}`,
          under(async ({ recover }) => {
            const [one = assert.fail(), peer = assert.fail()] = await anew.followers();
            const { name } = one;
            const ids = new Set((await listedAt(peer)).map(({ id }) => id));
            const before = { name, peer, ids, machine: await domainId(name) };
            await endedWhen(["replace", name], signal, (said) => when(before, said), later);
            await recover(() => then(name));
            return [name];
          }),
        );
      });
    },
  );

  describeFault(
    { fault: "a member that is broken is replaced under load", recovery: "`replace`" },
    (trial) => {
      trial("the leader, which has lost its power", replacing(leads, cutPower));
      trial(
        "one that is destroyed and undefined",
        replacing(follower, async (name) => {
          await inside("virsh", "--quiet", "destroy", name);
          await inside("virsh", "--quiet", "undefine", name);
        }),
      );
      trial(
        "one whose disk is gone",
        replacing(follower, async (name) => {
          await cutPower(name);
          const [, disk = assert.fail()] =
            /<source file='([^']*\.qcow2)'/.exec(await inside("virsh", "dumpxml", name)) ?? [];
          await inside("virsh", "--quiet", "vol-delete", disk);
        }),
      );
    },
  );

  let changes = 0;
  /** A change of what is on all members. */
  const change = async (): Promise<void> => {
    const file = join(folder, "rolled.yaml");
    const contents = `{ inline: "change ${(changes += 1)}" }`;
    writeFileSync(
      file,
      `storage:\n  files:\n    - path: /etc/rolled\n      filesystem: root\n      mode: 0644\n      contents: ${contents}\n`,
    );
    await pulumi("config", "set", "snippets", file);
  };
  const isEverywhere = async (): Promise<void> => {
    for (const name of names())
      assert.equal(await npm("cluster", "ssh", name, "cat", "/etc/rolled"), `change ${changes}`, name);
  };

  describeFault({ fault: "`roll` is ended by SIGKILL in the middle", recovery: "`roll`" }, (trial) => {
    trial(
      "when the second member is on its way",
      under(async ({ recover }) => {
        await change();
        const machines = await domainIds(anew.all);
        await endedWhen(["roll"], "SIGKILL", async () => {
          const now = await domainIds(anew.all);
          return names().filter((name) => now[name] !== machines[name]).length === 2;
        });
        await recover(() => npm("cluster", "roll"));
        await isEverywhere();
        return names();
      }),
    );
  });

  describeFault(
    { fault: "a majority would be lost by `replace`", recovery: "nothing is changed" },
    (trial) => {
      trial(
        "another member is off",
        under(async ({ load }) => {
          const [off = assert.fail(), other = assert.fail()] = await anew.followers();
          const listed = await pulumi("config");
          await cutPower(off.name);
          await load.goesOn(20, 90);
          const { exitCode, all: said } = await cluster("replace", other.name);
          assert.equal(exitCode, 1, said);
          assert.match(
            said,
            new RegExp(`${other.name} can't be made anew.*${off.name}.*Nothing was changed`, "s"),
          );
          assert.equal(await pulumi("config"), listed);
          await npm("start");
          return [];
        }),
      );
    },
  );

  describeFault(
    {
      fault: "a cluster with members that were made anew changes otherwise",
      recovery: "`replace`, `npm start`",
    },
    (trial) => {
      trial("etcd's data are restored, then a member is replaced", async (recover) => {
        const file = join(folder, "one.db");
        await npm("cluster", "snapshot", "save", file);
        await npm("cluster", "restore", file, "--yes");
        await replacing(follower)(recover);
      });
      trial("it grows from 3 to 4, and shrinks", async (recover) => {
        await pulumi("config", "set", "bootstrapSize", "3");
        await under(async () => {
          await unchanged();
          await pulumi("config", "set", "nodes", "4");
          await recover(() => npm("start"));
          const now = await members();
          assert.equal(now.length, 4);
          await becomesHealthy(now, 120);
          await pulumi("config", "set", "nodes", "3");
          await npm("start");
          return [];
        })(recover);
      });
    },
  );

  describeFault({ fault: "a healthy member is replaced under load", recovery: "`replace`" }, (trial) => {
    let second = "";
    const chosen = async (): Promise<Member> => {
      const one = await follower();
      second = one.name;
      return one;
    };
    trial("the leader", replacing(leads));
    trial("a follower", replacing(chosen));
    trial("the same one a second time", async (recover) => {
      // Where this trial runs alone, it has not been replaced a first time yet.
      if (second === "") await replacing(chosen)((work) => work());
      await replacing(() => Promise.resolve(anew.all.find(({ name }) => name === second) ?? assert.fail()))(
        recover,
      );
    });
  });

  describeFault(
    { fault: "a changed config is rolled over the members under load", recovery: "`roll`" },
    (trial) => {
      trial(
        "one after the other",
        under(async ({ recover }) => {
          await change();
          await recover(() => npm("cluster", "roll"));
          await isEverywhere();
          return names();
        }),
      );
    },
  );

  describeFault(
    { fault: "a cluster that was rolled is rebuilt by another change", recovery: "`npm start`" },
    (trial) => {
      trial("all members come anew", async (recover) => {
        const machines = await domainIds(anew.all);
        await change();
        await recover(() => npm("start"));
        const now = await members();
        await becomesHealthy(now, 120);
        const kept = Object.entries(await domainIds(now)).filter(([name, id]) => machines[name] === id);
        assert.deepEqual([now.length, kept], [anew.all.length, []]);
        await isEverywhere();
        await unchanged();
      });
    },
  );
});

describeLong("members that know each other by a list", function () {
  this.timeout(30 * minutes);
  after(() => endLab());

  describeFault(
    { fault: "a member of a cluster with a static list is replaced", recovery: "`replace`" },
    (trial) => {
      trial("one of two, which led", async (recover) => {
        await removeLab();
        await npm("cluster", "lab", "up");
        await pulumi("config", "set", "nodes", "2");
        const list = "pulumi config rm discovery && pulumi config set --path discovery.mode static";
        await npm("cluster", "exec", "sh", "-c", list);
        await npm("start");
        const two = new Anew(await members(), "static");
        await two.replacing(recover, () => leader(two.all));
      });
    },
  );
});
