import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { batch, virshWord } from "../../../host/batch.ts";
import { clustersOf, consoleLogOf, memoryOf, nodeOf, readClusters } from "../../../host/clusters.ts";
import { type Mark, markXml, ownerUuid } from "../../../host/mark.ts";
import { poolOf, volumeNamesOf, volumeTime } from "../../../host/pools.ts";
import { type Virsh, VirshError } from "../../../host/virsh.ts";

const owner = (letter: string): string => letter.repeat(32);
const markOf = (stack: string, letter: string): Mark => ({
  organization: "acme",
  project: "coreos-cluster",
  stack,
  owner: owner(letter),
});

const uuidOf = (name: string): string => Buffer.from(name.padEnd(16, "\0")).toString("hex");

const domainXml = (name: string, mark?: Mark): string => `<domain type='qemu' id='3'>
  <name>${name}</name><uuid>${uuidOf(name)}</uuid>
  ${mark === undefined ? "" : `<metadata>${markXml(mark)}</metadata>`}
  <memory unit='KiB'>524288</memory><currentMemory unit='KiB'>524288</currentMemory>
  <vcpu placement='static'>2</vcpu>
  <devices>
    <disk type='file'><source file='/p/${name}.qcow2'/></disk>
    <serial type='pty'><source path='/dev/pts/1'/><log file='/var/log/libvirt/qemu/${name}-console.log' append='off'/><target type='isa-serial' port='0'/></serial>
    <console type='pty'><log file='/var/log/libvirt/qemu/${name}-console.log' append='off'/></console>
  </devices>
</domain>`;

const poolXml = (name: string, uuid: string, mode = "0700"): string =>
  `<pool type='dir'><name>${name}</name><uuid>${uuid}</uuid><capacity unit='bytes'>9</capacity>
  <target><path>/var/lib/libvirt/coreos-cluster/${name}</path><permissions><mode>${mode}</mode></permissions></target></pool>`;

const volumeXml = (name: string, mtime: number, allocation: number): string =>
  `<volume type='file'><name>${name}</name><capacity unit='bytes'>${10 * allocation}</capacity>
  <allocation unit='bytes'>${allocation}</allocation><target><path>/p/${name}</path>
  <timestamps><atime>1.5</atime><mtime>${mtime}.25</mtime><ctime>9</ctime></timestamps></target></volume>`;

/** A virsh whose answers are given; what is not among them, it refuses as the real one does: nothing, and it goes on. */
function fake(answers: Readonly<Record<string, string>>): Virsh {
  return (...args) => {
    const only = args.length === 1 ? args[0] : undefined;
    if (only?.includes("; echo ")) {
      const said = only
        .split("; ")
        .map((command) =>
          command.startsWith("echo ")
            ? command.slice(5)
            : answers[command] === undefined
              ? ""
              : `${answers[command]}\n`,
        );
      return Promise.resolve(said.join(""));
    }
    const answer = answers[args.join(" ")];
    return answer === undefined
      ? Promise.reject(new VirshError(`no ${args.join(" ")}`))
      : Promise.resolve(answer);
  };
}

describe("questions to virsh in one run", () => {
  it("bring an answer each, undefined for what is refused", async () => {
    const virsh = fake({ "dumpxml a": "<a/>", "dumpxml c": "<c/>" });
    deepEqual(
      await batch(virsh, [
        ["dumpxml", "a"],
        ["dumpxml", "b"],
        ["dumpxml", "c"],
      ]),
      ["<a/>", undefined, "<c/>"],
    );
    deepEqual(await batch(virsh, []), []);
  });

  it("go in several runs where they are many", async () => {
    let runs = 0;
    const virsh = fake(
      Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`uri ${index}`, String(index)])),
    );
    const counted: Virsh = (...args) => (runs++, virsh(...args));
    const questions = Array.from({ length: 250 }, (_, index) => ["uri", String(index)]);
    deepEqual(
      await batch(counted, questions),
      questions.map(([, index]) => index),
    );
    equal(runs, 3);
  });

  it("fail as a whole when the host doesn't answer", async () => {
    await rejects(
      batch(() => Promise.reject(new VirshError("no route")), [["uri"]]),
      /no route/,
    );
  });

  it("hold each word as one word, whatever is in it", () => {
    // virsh's own rules (vshCommandStringGetArg): quotes of both kinds, a backslash outside of single quotes, ; and blanks.
    const taken = (text: string): string[] => {
      const words: string[] = [];
      let word: string | undefined;
      let [single, double] = [false, false];
      for (let at = 0; at < text.length; at++) {
        const char = text[at] ?? "";
        if (char === "'" && !double) [single, word] = [!single, word ?? ""];
        else if (char === '"' && !single) [double, word] = [!double, word ?? ""];
        else if (char === "\\" && !single) word = (word ?? "") + (text[++at] ?? "");
        else if (!single && !double && /[\s;]/.test(char)) {
          if (word !== undefined) words.push(word);
          word = char === ";" ? (words.push(";"), undefined) : undefined;
        } else word = (word ?? "") + char;
      }
      return word === undefined ? words : [...words, word];
    };
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "\\", ";", "$", "\n", "é") })),
        (words) => {
          deepEqual(taken(words.map(virshWord).join(" ")), words);
        },
      ),
    );
  });
});

describe("clusters on a host", () => {
  it("have nodes with state, memory, processors and console log", () => {
    const { mark, node } = nodeOf(domainXml("dev-core01", markOf("dev", "a")), "running\n");
    deepEqual(mark, markOf("dev", "a"));
    deepEqual(node, {
      name: "dev-core01",
      uuid: uuidOf("dev-core01"),
      state: "running",
      memory: 512 * 2 ** 20,
      vcpus: 2,
      consoleLog: "/var/log/libvirt/qemu/dev-core01-console.log",
    });
  });

  const memories: readonly (readonly [string, number])[] = [
    ["<memory unit='KiB'>1024</memory>", 2 ** 20],
    ["<memory>1024</memory>", 2 ** 20],
    ["<memory unit='GiB'>2</memory>", 2 ** 31],
    ["<memory unit='MB' dumpCore='off'>2</memory>", 2e6],
    ["<currentMemory unit='KiB'>1</currentMemory>", 0],
  ];
  for (const [xml, bytes] of memories)
    it(`${xml} is ${bytes} bytes`, () => {
      equal(memoryOf(xml), bytes);
    });

  it("have no console log where the serial port has none", () => {
    equal(
      consoleLogOf("<devices><serial type='pty'/><log file='/x'/><serial type='pty'></serial></devices>"),
      undefined,
    );
    equal(consoleLogOf(`<console type="pty"><log file="/a&amp;b"/></console>`), "/a&b");
  });

  it("are told apart by owner, not by name", () => {
    const at = (name: string, mark: Mark) => nodeOf(domainXml(name, mark), "running") as never;
    const { clusters } = clustersOf(
      [
        at("dev-core02", markOf("dev", "b")),
        at("dev-core01", markOf("dev", "b")),
        at("x01", markOf("dev", "a")),
      ],
      [],
    );
    deepEqual(
      clusters.map(({ mark, nodes }) => [mark.owner[0], nodes.map(({ name }) => name)]),
      [
        ["a", ["x01"]],
        ["b", ["dev-core01", "dev-core02"]],
      ],
    );
  });

  it("are read with pools, sizes and ages; pools without machines are left over", async () => {
    const [mine, lost, other] = [
      ownerUuid(owner("a")),
      ownerUuid(owner("c")),
      "11111111-2222-4333-8444-555555555555",
    ];
    const [one, two] = [uuidOf("dev-core01"), uuidOf("somebody's")];
    const found = await readClusters(
      fake({
        "list --all --uuid": `${one}\n${two}\n`,
        [`dumpxml ${one}`]: domainXml("dev-core01", markOf("dev", "a")),
        [`domstate ${one}`]: "shut off\n",
        [`dumpxml ${two}`]: domainXml("somebody's"),
        [`domstate ${two}`]: "running\n",
        "pool-list --all --uuid": `${mine}\n${lost}\n${other}\n`,
        [`pool-dumpxml ${mine}`]: poolXml("dev-core", mine),
        [`pool-dumpxml ${lost}`]: poolXml("alice-core", lost),
        [`pool-dumpxml ${other}`]: poolXml("default", other, "0711"),
        [`vol-list ${mine}`]:
          " base-0123456789abcdef.qcow2   /p/base-0123456789abcdef.qcow2\n my disk.qcow2   /p/my disk.qcow2\n",
        [`vol-list ${other}`]: "",
        [`vol-dumpxml --pool ${mine} --vol base-0123456789abcdef.qcow2`]: volumeXml(
          "base-0123456789abcdef.qcow2",
          1_700_000_000,
          7,
        ),
        [`vol-dumpxml --pool ${mine} --vol 'my disk.qcow2'`]: volumeXml("my disk.qcow2", 1_800_000_000, 5),
      }),
    );
    equal(found.clusters.length, 1);
    const [cluster] = found.clusters;
    deepEqual(
      [cluster?.created, cluster?.pool?.allocation, cluster?.pool?.capacity, cluster?.nodes[0]?.state],
      [new Date(1_700_000_000_250), 12, 120, "shut off"],
    );
    deepEqual(
      found.leftovers.map(({ name }) => name),
      ["alice-core"],
    );
  });
});

describe("pools on a host", () => {
  const elsewhere = (xml: string): string => xml.replace("/libvirt/coreos-cluster/", "/");
  const looks: readonly (readonly [string, string, readonly string[], boolean])[] = [
    ["in the usual folder", poolXml("p", "u"), [], true],
    ["open to all", poolXml("p", "u", "0755"), ["a-0123456789ab.ign"], false],
    ["elsewhere with a node's volumes", elsewhere(poolXml("p", "u")), ["a-0123456789ab.ign"], true],
    ["elsewhere with a base volume", elsewhere(poolXml("p", "u")), ["base-0123456789abcdef.raw"], true],
    [
      "elsewhere with something else",
      elsewhere(poolXml("p", "u")),
      ["debian-12.qcow2", "win-x.qcow2"],
      false,
    ],
    ["elsewhere and empty", elsewhere(poolXml("p", "u")), [], false],
  ];
  for (const [where, xml, volumes, ours] of looks)
    it(`${where}: ${ours ? "a cluster's" : "somebody's"}`, () => {
      equal(
        poolOf(
          xml,
          volumes.map((name) => volumeXml(name, 5, 1)),
        ).looksOurs,
        ours,
      );
    });

  it("are as old as the birth of their oldest volume, where the file system tells", () => {
    deepEqual(
      volumeTime("<btime>1700000000.5</btime><mtime>1800000000</mtime>"),
      new Date(1_700_000_000_500),
    );
    deepEqual(volumeTime("<mtime>1800000000</mtime>"), new Date(1_800_000_000_000));
    equal(volumeTime("<volume/>"), undefined);
  });

  it("have volumes with blanks in their names", () => {
    deepEqual(volumeNamesOf(" a b   /p/a b\n c   /p/c\n"), ["a b", "c"]);
    ok(volumeNamesOf("").length === 0);
  });
});
