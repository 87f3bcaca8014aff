/** A cluster whose libvirt host goes away: a host of one's own, as the verb `destroy` sees it. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Picture, pictureOfLab } from "../support/leaks.ts";
import { type Answer, cluster, context, describeLong, endLab, inside, npm, removeLab } from "./guests.ts";

const { lab } = context.paths;
const STACK = "gone";

/** A command in the lab for the stack, however it ends. */
const exec = (...words: string[]): Promise<Answer> => cluster("exec", "--stack", STACK, ...words);

/**
 * Run inside the lab, with its Pulumi and nothing that tells of a lab. libvirt's socket is put away and back: what asks for the host in
 * between finds none.
 */
const SCRIPT = `destroy() {
  echo "== $*"
  CLUSTER_LAB_DIR=/nowhere "$node" --no-warnings commands/main.ts destroy "$@" 2>&1
  echo "exit code $?"
}
socket=/run/libvirt/libvirt-sock
mv "$socket" "$socket.away"
destroy --stack ${STACK}
destroy --stack ${STACK} --force >"$folder/forced"
cat "$folder/forced"
destroy --stack ${STACK} --force
destroy --stack ${STACK}
mv "$socket.away" "$socket"
eval "destroy $(sed -n 's/^ *npm run cluster -- destroy \\(--owner .*\\)$/\\1/p' "$folder/forced" | head -n 1)"
eval "destroy $(sed -n 's/^ *npm run cluster -- destroy \\(--owner .*\\)$/\\1/p' "$folder/forced" | head -n 1)"
`;

/** The same with the connection secret in the state, and a default host that answers and has nothing. */
const HIDDEN = `export LIBVIRT_DEFAULT_URI=test:///default
destroy() {
  echo "== $*"
  CLUSTER_LAB_DIR=/nowhere "$node" --no-warnings commands/main.ts destroy "$@" 2>&1
  echo "exit code $?"
}
socket=/run/libvirt/libvirt-sock
mv "$socket" "$socket.away"
destroy --stack hidden
PULUMI_CONFIG_PASSPHRASE=wrong destroy --stack hidden
destroy --stack hidden --force >"$folder/forced"
cat "$folder/forced"
mv "$socket.away" "$socket"
eval "destroy $(sed -n 's/^ *npm run cluster -- destroy \\(--owner .*\\)$/\\1/p' "$folder/forced" | head -n 1)"
`;

describeLong("a libvirt host that is gone", function () {
  this.timeout(20 * 60_000);
  const script = join(lab, "gone.sh");
  let asItWas: Picture;
  before(async () => {
    await removeLab();
    await npm("cluster", "lab", "up");
    asItWas = await pictureOfLab(context);
  });
  after(async () => {
    rmSync(script, { force: true });
    await endLab(asItWas);
  });

  it("destroy says so; with --force it forgets, tells what stays, and how to remove that later", async () => {
    const things = async (): Promise<string[]> => {
      const lists = [
        await inside("virsh", "--quiet", "list", "--all", "--name"),
        await inside("virsh", "--quiet", "pool-list", "--all", "--name"),
      ];
      return lists
        .join("\n")
        .split(/\s+/)
        .filter((name) => name !== "")
        .toSorted();
    };
    for (const [key, value] of [
      ["nodes", "2"],
      ["readinessTimeout", "10"],
    ] as const)
      assert.equal((await exec("pulumi", "config", "set", key, value)).exitCode, 0);
    // Half made: the machines run, and `up` did not wait for them.
    const up = await exec("pulumi", "up", "--yes", "--skip-preview", "--non-interactive");
    assert.notEqual(up.exitCode, 0, "two machines were healthy within ten seconds");
    assert.deepEqual(await things(), ["gone-core", "gone-core01", "gone-core02"], up.all);

    writeFileSync(script, SCRIPT);
    const { all } = await exec("env", `node=${process.execPath}`, `folder=${lab}`, "sh", script);
    const [plain = "", forced = "", again = "", empty = "", swept = "", sweptAgain = ""] = all
      .split(/^== .*$/m)
      .slice(1);
    assert.match(plain, /the libvirt host qemu:\/\/\/system does not answer: [^]*libvirt-sock/);
    assert.match(
      plain,
      /Nothing has been destroyed.*\n\s+npm run cluster -- destroy --stack gone --force\nexit code 1/,
    );
    assert.match(
      forced,
      /machines: gone-core01, gone-core02\n\s+pool: +gone-core\n\s+volumes: +.*base-[0-9a-f]{16}\.qcow2/,
    );
    assert.match(forced, /virsh --connect qemu:\/\/\/system undefine --nvram gone-core02\n/);
    assert.match(forced, /npm run cluster -- destroy --owner [0-9a-f]{32} --connect qemu:\/\/\/system\n/);
    assert.match(forced, /exit code 0\s*$/);
    assert.match(again, /exit code 0/); // there is nothing to forget any more
    assert.match(empty, /exit code 0/);
    assert.match(swept, /machines gone-core0[12], gone-core0[12]; pool gone-core\.\nexit code 0/);
    assert.match(sweptAgain, /There is nothing of that owner on qemu:\/\/\/system\.\nexit code 0/);
    assert.deepEqual(await things(), []);
  });

  it("is asked itself where the state keeps its connection secret", async () => {
    const on = (...words: string[]): Promise<Answer> => cluster("exec", "--stack", "hidden", ...words);
    const uri = "qemu:///system?socket=/run/libvirt/libvirt-sock";
    for (const words of [
      ["--secret", "hosts", JSON.stringify([{ name: "one", uri }])],
      ["nodes", "1"],
      ["readinessTimeout", "10"],
    ])
      assert.equal((await on("pulumi", "config", "set", ...words)).exitCode, 0);
    const up = await on("pulumi", "up", "--yes", "--skip-preview", "--non-interactive");
    assert.match(await inside("virsh", "--quiet", "list", "--name"), /^hidden-core01$/m, up.all);

    writeFileSync(script, HIDDEN);
    const { all } = await on("env", `node=${process.execPath}`, `folder=${lab}`, "sh", script);
    const [plain = "", unread = "", forced = "", swept = ""] = all.split(/^== .*$/m).slice(1);
    assert.match(plain, /the libvirt host qemu:\/\/\/system\?socket=\S+ does not answer: /);
    assert.match(plain, /Nothing has been destroyed[^]*exit code 1/);
    assert.match(unread, /the host one, whose connection is secret, can't be asked: [^]*passphrase/);
    assert.match(unread, /Nothing has been destroyed[^]*exit code 1/);
    assert.match(forced, /machines: hidden-core01\n\s+pool: +hidden-core\n/);
    assert.match(
      forced,
      /npm run cluster -- destroy --owner [0-9a-f]{32} --connect '?qemu:\/\/\/system\?socket=/,
    );
    assert.doesNotMatch(forced, /Nothing of it is left/);
    assert.match(swept, /machines hidden-core01; pool hidden-core\.\nexit code 0/);
    assert.equal((await inside("virsh", "--quiet", "list", "--all", "--name")).trim(), "");
  });
});
