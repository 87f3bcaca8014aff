/**
 * A restore, or a replacement, that is ended in the middle, and then somebody wants something else of the cluster: what would cost data is
 * refused before anything is changed, and names the way on, which is gone then. Every acknowledged write is there where the data from before come back.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Anew, pulumi, unchanged } from "./anew.ts";
import {
  type Answer,
  becomesHealthy,
  cluster,
  describeLong,
  endLab,
  health,
  inside,
  type Member,
  members,
  newCluster,
  npm,
} from "./guests.ts";
import { domainId, domainIds, endedWhen, listedAt } from "./machines.ts";
import { describeFault, type Recover } from "./record.ts";
import { Load } from "./underLoad.ts";

const minutes = 60_000;
/** Seconds that a refusal may take: a login to each member among them, on a machine that emulates those. */
const AT_ONCE = 90;

const KEY = btoa("/restoreThen/which");
/** Asked of every member by itself, so that none can answer for another. */
async function read(all: readonly Member[]): Promise<string[]> {
  const question = JSON.stringify({ key: KEY, serializable: true });
  return await Promise.all(
    all.map(async ({ url }) => {
      const answer = await inside("curl", "-sS", "-m", "20", "-d", question, `${url}/v3/kv/range`);
      const [found] = (JSON.parse(answer) as { kvs?: { value: string }[] }).kvs ?? [];
      return found === undefined ? "nothing" : atob(found.value);
    }),
  );
}
async function write([first = assert.fail()]: readonly Member[], value: string): Promise<void> {
  const body = JSON.stringify({ key: KEY, value: btoa(value) });
  await inside("curl", "-sSf", "-m", "20", "-d", body, `${first.url}/v3/kv/put`);
}

describeLong("a restore or a replacement that was ended in the middle", function () {
  this.timeout(30 * minutes);
  let folder: string;
  let anew: Anew;
  let runs = 0;

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    folder = mkdtempSync(join(tmpdir(), "faults-restore-"));
    anew = new Anew(await newCluster(), "restoreThen");
    await pulumi("config", "set", "bootstrapSize", String(anew.all.length));
    await unchanged();
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await endLab();
  });

  const each = (value: string, all = anew.all): string[] => all.map(() => value);
  const restored = (file: string, ...words: string[]): Promise<string> =>
    npm("cluster", "restore", file, "--yes", ...words);
  const takenBack = async (): Promise<void> => {
    const { exitCode, all } = await cluster("restore", "--undo", "--yes");
    assert.equal(exitCode, 0, all);
    // Else it was killed too early to be the fault that is meant.
    assert.match(all, /get the data back that were there before/);
  };

  /** A snapshot of data that are older than those which are there then; acknowledged writes came before and after. */
  async function older(all = anew.all): Promise<{ file: string; before: Load; since: Load }> {
    await becomesHealthy(all, 180);
    const [run, file] = [(runs += 1), join(folder, `${runs}.db`)];
    const loaded = async (when: string): Promise<Load> => {
      const load = new Load(all, `/restoreThen/${run}/${when}`);
      try {
        await load.goesOn(20, 90);
        const { acknowledged } = await load.endsWell("together");
        console.log(`        ${acknowledged} acknowledged ${when} the snapshot`);
      } finally {
        load.kill();
      }
      return load;
    };
    await write(all, "old");
    const before = await loaded("before");
    await npm("cluster", "snapshot", "save", file);
    await write(all, "new");
    return { file, before, since: await loaded("after") };
  }

  /** The restore is killed when it has begun to stop members, to replace their data. */
  const killedRestore = (file: string, all = anew.all): Promise<void> =>
    endedWhen(
      ["restore", file, "--yes"],
      "SIGKILL",
      async (said) =>
        said.includes("New data: made") && (await health(all)).some((one) => !one.includes(": healthy")),
      1500,
    );

  /** What was asked for is not done, within seconds, for the restore that did not end. */
  async function refused(work: () => Promise<Answer>): Promise<void> {
    const domains = async (): Promise<string> => await inside("virsh", "list", "--all", "--uuid", "--name");
    const [machines, began] = [await domains(), performance.now()];
    const { exitCode, all: said } = await work();
    const seconds = (performance.now() - began) / 1000;
    assert.notEqual(exitCode, 0, said);
    assert.match(said, /a restore of (?:stack dev|this cluster) was ended in the middle/i);
    assert.match(said, /restore FILE/);
    assert.match(said, /restore --undo/);
    assert.match(said, /Nothing was changed/);
    assert.ok(seconds < AT_ONCE, `refused after ${seconds} s:\n${said}`);
    assert.equal(await domains(), machines);
    console.log(`        refused after ${Math.round(seconds)} s`);
  }

  const which = async (): Promise<string> => (await anew.follower()).name;

  describeFault(
    {
      fault: "`restore` is ended by SIGKILL, then `replace` is asked for",
      recovery: "refused; `restore --undo`, or `restore` again",
    },
    (trial) => {
      trial("it is taken back", async (recover) => {
        const { file, before, since } = await older();
        const name = await which();
        await killedRestore(file);
        await refused(() => cluster("replace", name));
        await recover(takenBack);
        await becomesHealthy(anew.all, 120);
        assert.deepEqual(await read(anew.all), each("new"));
        for (const load of [before, since]) await load.isStillThere("together");
        await unchanged();
      });
      trial("it is finished, and then the member is replaced", async (recover) => {
        const { file, before } = await older();
        const name = await which();
        await killedRestore(file);
        await refused(() => cluster("replace", name));
        await recover(() => restored(file));
        await becomesHealthy(anew.all, 120);
        assert.deepEqual(await read(anew.all), each("old"));
        await before.isStillThere("together");
        await anew.replacing(
          (work) => work(),
          () => Promise.resolve(anew.all.find((one) => one.name === name) ?? assert.fail()),
        );
        assert.deepEqual(await read(anew.all), each("old"));
        await before.isStillThere("together");
      });
    },
  );

  describeFault(
    {
      fault: "`restore` is ended by SIGKILL, then members are to come or go",
      recovery: "refused; `restore --undo`, then `npm start`",
    },
    (trial) => {
      const resized =
        (from: number, to: number, up: () => Promise<Answer>) =>
        async (recover: Recover): Promise<void> => {
          const all = await members();
          assert.equal(all.length, from);
          const machines = await domainIds(anew.all);
          const { file, before, since } = await older(all);
          await killedRestore(file, all);
          await pulumi("config", "set", "nodes", String(to));
          await refused(up);
          assert.deepEqual(
            (await members()).map(({ name }) => name),
            all.map(({ name }) => name),
          );
          await recover(async () => {
            await takenBack();
            await npm("start");
          });
          const now = await members();
          assert.equal(now.length, to);
          await becomesHealthy(now, 120);
          assert.deepEqual(await read(now), each("new", now));
          if (to > from) for (const load of [before, since]) await load.isStillThere("together");
          assert.deepEqual(await domainIds(anew.all), machines);
          await unchanged();
        };
      const start = async (): Promise<Answer> => {
        const { exitCode, all, stdout } = await cluster("start");
        return { exitCode, all, stdout };
      };
      trial("from 3 to 4, by `npm start`", resized(3, 4, start));
      trial(
        "from 4 to 3, by `pulumi up`",
        resized(4, 3, () => cluster("exec", "pulumi", "up", "--yes", "--skip-preview", "--non-interactive")),
      );
    },
  );

  describeFault(
    {
      fault: "`replace` is ended by SIGKILL, then `restore` is asked for",
      recovery: "refused; `replace`, then `restore`",
    },
    (trial) => {
      const points: readonly [
        string,
        (name: string, machine: string, peer: Member, ids: ReadonlySet<string>) => Promise<boolean>,
      ][] = [
        [
          "when its new entry is listed",
          async (_, __, peer, ids) => (await listedAt(peer)).some(({ id }) => !ids.has(id)),
        ],
        ["when its machine is gone", async (name, machine) => (await domainId(name)) !== machine],
      ];
      for (const [where, when] of points)
        trial(where, async (recover) => {
          const { file, before } = await older();
          const [{ name } = assert.fail(), peer = assert.fail()] = await anew.followers();
          const [machine, ids] = [await domainId(name), new Set((await listedAt(peer)).map(({ id }) => id))];
          await endedWhen(["replace", name], "SIGKILL", () => when(name, machine, peer, ids));
          const began = performance.now();
          const { exitCode, all: said } = await cluster("restore", file, "--yes");
          console.log(
            `        ${Math.round((performance.now() - began) / 1000)} s: ${said.trim().split("\n").join("\n          ")}`,
          );
          assert.equal(exitCode, 1, said);
          assert.match(said, new RegExp(name));
          const others = anew.all.filter((one) => one.name !== name);
          assert.deepEqual(await read(others), each("new", others));
          await recover(() => npm("cluster", "replace", name));
          await becomesHealthy(anew.all, 120);
          assert.deepEqual(await read(anew.all), each("new"));
          await restored(file);
          await becomesHealthy(anew.all, 120);
          assert.deepEqual(await read(anew.all), each("old"));
          await before.isStillThere("together");
          await unchanged();
        });
    },
  );

  describeFault(
    {
      fault: "a member is taken off the members' list behind everybody's back",
      recovery: "`npm start` names it; `replace`",
    },
    (trial) => {
      trial("a follower", async (recover) => {
        await anew.under(recover, async ({ load }) => {
          const [{ name } = assert.fail(), peer = assert.fail()] = await anew.followers();
          const { id } = (await listedAt(peer)).find((one) => one.name === name) ?? assert.fail();
          const body = JSON.stringify({ ID: BigInt(`0x${id}`).toString() });
          await inside("curl", "-sSf", "-m", "20", "-d", body, `${peer.url}/v3/cluster/member/remove`);
          const began = performance.now();
          const { exitCode, all: said } = await cluster("start");
          const seconds = (performance.now() - began) / 1000;
          assert.equal(exitCode, 1, said);
          assert.match(said, new RegExp(`npm run cluster -- replace ${name} makes it anew`));
          assert.ok(seconds < 150, `said after ${seconds} s:\n${said}`);
          console.log(`        named after ${Math.round(seconds)} s`);
          await load.goesOn(20, 90);
          await recover(() => npm("cluster", "replace", name));
          return [name];
        });
      });
    },
  );

  describeFault(
    {
      fault: "`pulumi up` is killed while a member joins, then `restore`",
      recovery: "`npm start` names it; `replace`",
    },
    (trial) => {
      trial("when it is listed, and has no machine yet", async (recover) => {
        const { file, before } = await older();
        const machines = await domainIds(anew.all);
        await pulumi("config", "set", "nodes", "4");
        const up = ["exec", "pulumi", "up", "--yes", "--skip-preview", "--non-interactive"];
        await endedWhen(up, "SIGKILL", (said) => /core04-join-\w+ created/.test(said));
        assert.equal(await domainId("dev-core04"), "");
        await restored(file, "--force");
        const began = performance.now();
        const { exitCode, all: said } = await cluster("start");
        const seconds = Math.round((performance.now() - began) / 1000);
        assert.equal(exitCode, 1, said);
        assert.match(said, /dev-core04 can't become healthy/);
        assert.match(said, /npm run cluster -- replace dev-core04/);
        console.log(
          `        named after ${seconds} s: ${/dev-core04 can't become healthy.*/.exec(said)?.[0] ?? ""}`,
        );
        await recover(() => npm("cluster", "replace", "dev-core04"));
        const now = await members();
        assert.equal(now.length, 4);
        await becomesHealthy(now, 120);
        assert.deepEqual(await read(now), each("old", now));
        await before.isStillThere("together");
        assert.deepEqual(await domainIds(anew.all), machines);
        await unchanged();
        await pulumi("config", "set", "nodes", "3");
        await npm("start");
      });
    },
  );
});
