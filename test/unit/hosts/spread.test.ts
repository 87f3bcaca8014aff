import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { domainStates, hostsOf, offNow, remarkOn } from "../../../commands/hosts/spread.ts";
import { parseState } from "../../../commands/hosts/stackState.ts";
import { renderStatus, statusJson, statusOf } from "../../../commands/hosts/statusTable.ts";
import { viewOf } from "../../../commands/lab/clusterView.ts";
import type { HostAccess } from "../../../host/access.ts";
import { markXml } from "../../../host/mark.ts";
import { VirshError } from "../../../host/virsh.ts";

const OWNER = "0123456789abcdef0123456789abcdef";
const SECOND = "qemu+ssh://root@second.example/system";
const node = (name: string, host: string) => ({
  ...{ name, host, mac: "52:54:00:00:00:01", domainId: `id of ${name}`, addresses: [] },
});
const outputs = { nodes: [node("n1", "first"), node("n2", "second")], etcdEndpoints: [] };

const urn = (type: string, name: string) => `urn:pulumi:dev::coreos-cluster::${type}::${name}`;
const provider = (name: string, uri: unknown) => ({
  urn: urn("pulumi:providers:libvirt", name),
  type: "pulumi:providers:libvirt",
  inputs: { uri },
});
const state = (...providers: object[]) =>
  parseState(
    JSON.stringify({
      deployment: {
        resources: [
          { type: "pulumi:pulumi:Stack", outputs },
          { type: "random:index/randomId:RandomId", urn: urn("x", "cluster-owner"), outputs: { hex: OWNER } },
          ...providers,
        ],
      },
    }),
  );
const two = state(
  provider("default", "qemu:///system"),
  provider("cluster-provider@first", "qemu:///system"),
  provider("cluster-provider@second", SECOND),
);

const access = (uri: string, virsh: HostAccess["virsh"]): HostAccess => ({
  ...{ title: uri, uri, virsh },
  commandLine: (command) => [...command],
});
const silent = access(SECOND, () => Promise.reject(new VirshError("no route to host")));
const domain =
  `<domain><name>n1</name><uuid>u1</uuid>` +
  `<metadata>${markXml({ organization: "o", project: "p", stack: "dev", owner: OWNER })}</metadata></domain>`;
/** A host with one machine: answers `list`, and scripts of `dumpxml` and `domstate` with their marks between. */
const answering = access("qemu:///system", (...words) => {
  if (words.includes("--uuid")) return Promise.resolve("u1\n");
  const [, mark = ""] = /echo (end-[0-9a-f]+)/.exec(words.join(" ")) ?? [];
  return Promise.resolve(`${domain}\n${mark}\nrunning\n${mark}\n`);
});
const reached = { access: answering, lab: undefined };

describe("a stack on several hosts", () => {
  it("is known by its providers in the state, as the program calls them", () => {
    deepEqual(two.hosts, [
      { name: "first", uri: "qemu:///system" },
      { name: "second", uri: SECOND },
    ]);
    deepEqual(state(provider("mine", SECOND)).hosts, []);
  });

  it("is looked at on all of them, or on the one that the user names, and then that is said", () => {
    deepEqual(
      hostsOf(reached, two, undefined).map(({ name, access: { uri } }) => [name, uri]),
      [
        ["first", "qemu:///system"],
        ["second", SECOND],
      ],
    );
    deepEqual(hostsOf(reached, two, SECOND), [{ name: undefined, access: answering }]);
    match(remarkOn(two, SECOND) ?? "", /on 2 hosts: first \(qemu:\/\/\/system\), second .* Only qemu\+ssh/);
    deepEqual([remarkOn(two, undefined), remarkOn(state(), SECOND)], [undefined, undefined]);
    deepEqual(hostsOf(reached, state(), undefined), [{ name: undefined, access: answering }]);
  });

  it("is not looked at by a connection that is secret", () => {
    const hidden = state(provider("cluster-provider@first", { ciphertext: "v1:x" }));
    throws(() => hostsOf(reached, hidden, undefined), /host first is secret .*--connect URI/);
  });

  it("has its machines' states by host, and those of a host that is silent", async () => {
    const hosts = [
      { name: "first", access: answering },
      { name: "second", access: silent },
    ];
    deepEqual(
      await domainStates(hosts, two),
      new Map([
        ["n1", "running"],
        ["n2", "host silent"],
      ]),
    );
    await rejects(domainStates([{ name: undefined, access: silent }], two), VirshError);
  });

  it("shows the hosts in the table and in the document, and says nothing of machines that were not asked for", () => {
    const status = statusOf("dev", viewOf(outputs, []), new Map([["n1", "running"]]), [], "not asked");
    match(renderStatus(status), /NODE +ROLE +HOST +DOMAIN/);
    match(renderStatus(status), /n2 +member +second +not asked/);
    const { nodes } = statusJson(status) as { nodes: { host?: string }[] };
    deepEqual(
      nodes.map(({ host }) => host),
      ["first", "second"],
    );
    const alone = {
      ...outputs,
      nodes: outputs.nodes.map(({ name, mac, domainId, addresses }) => ({ name, mac, domainId, addresses })),
    };
    equal(renderStatus(statusOf("dev", viewOf(alone, []), new Map(), [])).includes("HOST"), false);
  });

  it("says who is off and should answer, and how they are started", () => {
    const states = new Map([
      ["n1", "running"],
      ["n2", "shut off"],
      ["n3", "paused"],
      ["n4", "host silent"],
    ]);
    equal(offNow(["n1", "n4", "elsewhere"], states), undefined);
    equal(offNow(["n1", "n2"], states), "n2 (shut off) does not run. Next: npm run cluster -- resume");
    equal(
      offNow(["n2", "n3"], states, ["--stack", "a b"]),
      "n2 (shut off), n3 (paused) do not run. Next: npm run cluster -- resume --stack 'a b'",
    );
  });
});
