/** What is asked of every etcd cluster of real machines, as tests of a describe whose cluster is up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failsInLab, inLab, labFolder, npm, onNode } from "./support.ts";

const minutes = 60_000;

/** A node as the stack's outputs have it. */
export interface NodeOutput {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly domainId: string;
}

interface Lease {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
}

interface Outputs {
  readonly nodes: readonly NodeOutput[];
  readonly discoveryUrl: string;
}

const outputs = async (): Promise<Outputs> =>
  JSON.parse(await inLab("pulumi", "stack", "output", "--json")) as Outputs;

export const stackNodes = async (): Promise<readonly NodeOutput[]> => (await outputs()).nodes;

const address = ({ addresses }: NodeOutput): string => addresses[0] ?? "?";
export const clientUrl = (node: NodeOutput): string => `http://${address(node)}:2379`;

const json = async (...command: string[]): Promise<unknown> => JSON.parse(await inLab(...command)) as unknown;

async function leases(): Promise<readonly Lease[]> {
  const { stdout } = await npm("cluster", "lab", "status", "--json");
  return (JSON.parse(stdout) as { leases: Lease[] }).leases;
}

/** Asks until the answer is there; the last failure is the test's. */
async function eventually<T>(what: string, timeLimit: number, ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + timeLimit;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > until) throw new Error(`${what} did not come about in time`, { cause: error });
      await sleep(1000);
    }
  }
}

async function assertHealthy(url: string): Promise<void> {
  const { health } = (await json("curl", "-sS", `${url}/health`)) as { health: string };
  assert.equal(health, "true", url);
}

/** Registers the tests. @param names the cluster's nodes, all of them members. */
export function clusterChecks(names: readonly string[]): void {
  it("has one lease for each node, under its name", async () => {
    const given = await leases();
    assert.deepEqual(given.map(({ name }) => name).sort(), names);
    for (const node of await stackNodes()) {
      const lease = given.find(({ name }) => name === node.name);
      assert.deepEqual([lease?.mac, lease?.address], [node.mac, address(node)]);
    }
  });

  it("has registered each member, and nobody else, at the discovery URL", async () => {
    const { nodes, discoveryUrl } = await outputs();
    const { node } = (await json("curl", "-sS", discoveryUrl)) as { node: { nodes: { value: string }[] } };
    const registered = node.nodes.map(({ value }) => value.split(",")[0]).sort();
    assert.deepEqual(
      registered,
      nodes.map((each) => `${each.name}=http://${address(each)}:2380`),
    );
    const size = (await json("curl", "-sS", `${discoveryUrl}/_config/size`)) as { node: { value: string } };
    assert.equal(size.node.value, String(names.length));
  });

  it("is healthy by each member's own word, and each knows all the others", async () => {
    for (const url of (await stackNodes()).map(clientUrl)) {
      await assertHealthy(url);
      const said = await json("etcdctl", "--endpoints", url, "endpoint", "health", "-w", "json");
      assert.deepEqual(
        (said as { health: boolean }[]).map(({ health }) => health),
        [true],
      );
      const { members } = (await json("etcdctl", "--endpoints", url, "member", "list", "-w", "json")) as {
        members: { name: string }[];
      };
      assert.deepEqual(members.map(({ name }) => name).sort(), names);
    }
  });

  it("calls each member as its host is called", async () => {
    for (const node of await stackNodes()) {
      assert.equal(await onNode(node.name, "cat /etc/hostname; hostname"), `${node.name}\n${node.name}`);
      const self = (await json("curl", "-sS", `${clientUrl(node)}/v2/stats/self`)) as { name: string };
      assert.equal(self.name, node.name);
    }
  });

  it("reads a key on each member that was set on the first, by both APIs", async () => {
    const [first = "", ...others] = (await stackNodes()).map(clientUrl);
    const value = `written ${new Date().toISOString()}`;
    await inLab("etcdctl", "--endpoints", first, "put", "/e2e/key", value);
    await inLab(
      "curl",
      "-sSf",
      "-X",
      "PUT",
      `${first}/v2/keys/e2e/key`,
      "--data-urlencode",
      `value=${value}`,
    );
    for (const url of others) {
      const read = await inLab("etcdctl", "--endpoints", url, "get", "/e2e/key", "--print-value-only");
      assert.equal(read.trim(), value);
      const classic = (await json("curl", "-sS", `${url}/v2/keys/e2e/key?quorum=true`)) as {
        node: { value: string };
      };
      assert.equal(classic.node.value, value);
    }
  });

  it("lets core in by key only, with sudo", async () => {
    const [first] = await stackNodes();
    assert.ok(first !== undefined);
    const settings = await onNode(first.name, "sudo id -u; sudo sshd -T");
    assert.match(settings, /^0\n/);
    for (const setting of [
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "permitrootlogin (?:no|without-password)",
    ])
      assert.match(settings, new RegExp(`^${setting}$`, "m"));
    const quiet = [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "LogLevel=ERROR",
    ];
    const login = (user: string, ...options: string[]): string[] => [
      ...["ssh", "-F", "none", ...quiet, "-o", "IdentitiesOnly=yes", "-o", "NumberOfPasswordPrompts=0"],
      ...[...options, `${user}@${address(first)}`, "true"],
    ];
    const otherWays = ["-o", "PreferredAuthentications=password,keyboard-interactive"];
    assert.match(await failsInLab(...login("core", ...otherWays)), /Permission denied \(publickey\)/);
    assert.match(await failsInLab(...login("core", "-i", "/dev/null")), /Permission denied \(publickey\)/);
    // The key that lets core in: not root, and not without the key.
    const right = ["-i", join(labFolder, "ssh", "id_ed25519"), "-o", "BatchMode=yes"];
    await inLab(...login("core", ...right));
    assert.match(await failsInLab(...login("root", ...right)), /Permission denied \(publickey\)/);
    assert.match(await failsInLab(...login("nobody", ...right)), /Permission denied \(publickey\)/);
    // An empty password is what "none" asks for; what the server then offers is all that there is.
    for (const user of ["core", "root"]) {
      const said = await failsInLab(...login(user, "-v", "-o", "PreferredAuthentications=none"));
      const offered = [...said.matchAll(/Authentications that can continue: (\S+)/g)].map(([, ways]) => ways);
      assert.deepEqual([...new Set(offered)], ["publickey"], said);
    }
  });

  it("keeps a node's address, name and membership when it is rebooted", async () => {
    const before = await leases();
    const node = (await stackNodes()).at(-1);
    assert.ok(node !== undefined);
    const bootId = (): Promise<string> => onNode(node.name, "cat", "/proc/sys/kernel/random/boot_id");
    const first = await bootId();
    await npm("cluster", "ssh", node.name, "sudo", "systemctl", "reboot");
    await eventually(`the reboot of ${node.name}`, 5 * minutes, async () => {
      assert.notEqual(await bootId(), first);
      await assertHealthy(clientUrl(node));
    });
    const mine = ({ mac }: Lease): boolean => mac === node.mac;
    const plain = ({ name, mac, address: given }: Lease): Lease => ({ name, mac, address: given });
    assert.deepEqual((await leases()).filter(mine).map(plain), before.filter(mine).map(plain));
    assert.equal(await onNode(node.name, "hostname"), node.name);
  });
}
