/** Hostile values, and the programs that read them in the end: what goes in as a value comes out as that value. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { issue, makeAuthority } from "../../../commands/certificates/x509.ts";
import { domainStylesheet, poolStylesheet } from "../../../components/stylesheets.ts";
import { virshWord } from "../../../host/batch.ts";
import { shellCommand } from "../../../host/shell.ts";
import { elementText, escapeXml } from "../../../host/xml.ts";
import { RenderError, renderIgnition } from "../../../ignition/index.ts";
import { dataText } from "../../../ignition/sources/dataUrl.ts";
import { ConfigError, makePlan } from "../../../plan/index.ts";
import { quote } from "../../../plan/remedies.ts";
import type { OsFamily } from "../../../plan/types.ts";
import { argument, breakOut, hostile, shellWords } from "../../support/hostile.ts";
import { publicKey, settings } from "../../unit/plan/fixtures.ts";

/** What a run of a program costs allows. */
const SOME = { numRuns: 25 };
const run = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: "utf8" });

describe("hostile values, read by the real programs", function () {
  this.timeout(180_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "hostile-"))));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("stay words in a shell", () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 30 }), (words) => {
        deepEqual(shellWords(shellCommand(words)), words);
        const shown = words.map((word) => word.replace(/[\0-\x1f\x7f]/g, ""));
        deepEqual(shellWords(shown.map(quote).join(" ")), shown);
      }),
      SOME,
    );
  });

  it("stay words in virsh's own command lines", () => {
    const word = argument.filter((text) => text !== "" && !/[\x01-\x1f\x7f]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const line = `echo --shell -- ${words.map(virshWord).join(" ")}; echo the-next`;
        const [said = "", next] = run("virsh", "--quiet", "--connect", "test:///default", line).split(
          "the-next",
        );
        ok(next !== undefined, "the next command was one of its own");
        // virsh writes its words for a shell.
        deepEqual(shellWords(said.replace(/\n$/, "")), words);
      }),
      SOME,
    );
  });

  it("stay texts in XML that xsltproc has made, as libvirt reads it", () => {
    const domain =
      '<domain type="test"><name>hostile</name><memory unit="MiB">8</memory><os><type arch="x86_64">hvm</type></os>' +
      "<devices><graphics type='vnc'/><console type='pty'/></devices></domain>";
    const [input, sheet, made] = ["in.xml", "sheet.xsl", "out.xml"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(input, domain);
    // A bare carriage return is a line's end to every XML parser.
    const text = hostile.map((value) => value.replace(/\r/g, ""));
    fc.assert(
      fc.property(text, text, text, (organization, stack, path) => {
        const mark = { organization, project: "p", stack, owner: "w" };
        writeFileSync(sheet, domainStylesheet(mark, path, "x86_64"));
        run("xsltproc", "--nonet", "--output", made, sheet, input);
        const said = run(
          ...(["virsh", "--quiet", "--connect", "test:///default"] as const),
          `define ${made}; metadata hostile urn:x-coreos-cluster:mark; dumpxml hostile`,
        );
        // What is no letter of XML is replaced; all else is as it was.
        const plain = (value: string): string => elementText(`<a>${escapeXml(value)}</a>`, "a") ?? "";
        equal(elementText(said, "organization") ?? "", plain(organization));
        equal(elementText(said, "stack") ?? "", plain(stack));
        equal(said.match(/<(?:cluster:)?owner>/g)?.length, 2, "one mark in each of the two answers");
        equal(/<graphics/.test(said), false);
        equal(said.match(/<name>/g)?.length, 1);
      }),
      SOME,
    );
    fc.assert(
      fc.property(text, (mode) => {
        writeFileSync(sheet, poolStylesheet("77".repeat(16), { mode, uid: 1, gid: 1 }));
        writeFileSync(input, "<pool type='dir'><name>p</name><target><path>/p</path></target></pool>");
        run("xsltproc", "--nonet", "--output", made, sheet, input);
      }),
      SOME,
    );
  });

  it("stay one name in a certificate, whatever it says", async () => {
    const authority = await makeAuthority("authority");
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const { cert } = await issue(authority, { name: `n${text}`, hosts: [] });
        const { subject, subjectAltName, ca } = new X509Certificate(cert);
        // Node writes a line for each part of a name.
        equal(subject.split("\n").length, 1, subject);
        match(subject, /^CN=/);
        deepEqual([subjectAltName, ca], [undefined, false]);
      }),
      SOME,
    );
  });
});

/** What a value of the config could break out of, by the key that has it. */
const CONFIGS: Readonly<Record<string, (text: string) => Readonly<Record<string, unknown>>>> = {
  "a metadata URL's path": (text) => ({ metadataUrl: `http://m.example/${text}` }),
  "a metadata URL's query and login": (text) => ({ metadataUrl: `http://u:${text}@m.example/?a=${text}` }),
  "a time server": (text) => ({ ntpServers: [`time${text}`] }),
  "Docker's socket": (text) => ({ dockerListen: `127.0.0.1:2375${text}` }),
  "a discovery URL": (text) => ({
    discovery: { mode: "url", url: `http://r.example/v2/keys/${text}/token` },
  }),
  "a registry's address": (text) => ({
    discovery: { mode: "etcd", endpoint: `http://u:${text}@r.example:2379` },
  }),
  "v3 discovery": (text) => ({
    discovery: { mode: "v3", endpoints: [`http://r.example/${text}`], token: text },
    etcdVersion: "3.6.1",
  }),
  "a key's comment": (text) => ({ sshAuthorizedKeys: [publicKey(7, `alice${text}`)] }),
  "a key": (text) => ({ sshAuthorizedKeys: [`${publicKey()}${text}`] }),
  names: (text) => ({ prefix: `dev${text}` }),
  "an address": (text) => ({ nodes: { [`a${text}`]: { address: `10.0.0.5${text}` } } }),
  "etcd's version": (text) => ({ etcdVersion: `3.6.1${text}` }),
};

/** What there is, without what it says: paths, units, their lines' options, and how many lines and keys there are. */
function shapeOf(json: string): unknown {
  interface Unit {
    readonly name: string;
    readonly contents?: string;
    readonly dropins?: readonly Unit[];
  }
  const config = JSON.parse(json) as {
    readonly storage: {
      readonly files: readonly { path: string; mode?: number; contents?: { source?: string } }[];
    };
    readonly systemd: { readonly units: readonly Unit[] };
    readonly passwd: { readonly users: readonly { name: string; sshAuthorizedKeys?: readonly string[] }[] };
  };
  // What ends a line for systemd: a line's end alone; a backslash before it goes on.
  const options = (text = ""): string[] =>
    text.split("\n").map((line) => `${line.replace(/[=].*/, "")}${line.endsWith("\\") ? " goes on" : ""}`);
  const unit = ({ name, contents, dropins = [] }: Unit): unknown => [
    name,
    options(contents),
    dropins.map(unit),
  ];
  return {
    keys: Object.entries(config).map(([name, part]) => [name, Object.keys(part as object)]),
    files: config.storage.files.map(({ path, mode, contents }) => [
      ...[path, mode],
      (dataText(contents?.source ?? "") ?? "").split("\n").length,
    ]),
    units: config.systemd.units.map(unit),
    users: config.passwd.users.map(({ name, sshAuthorizedKeys = [] }) => [
      name,
      sshAuthorizedKeys.map((key) => key.split("\n").length),
    ]),
  };
}

const PROFILES = "base,metadata-remote,etcd,docker,docker-remote,ntp";

function rendered(os: OsFamily, changes: Readonly<Record<string, unknown>>): string | undefined {
  const common = {
    ...{ os, metadataUrl: "http://m.example/", ntpServers: ["time.example"], nodes: { a: {} } },
    profiles: os === "lab" ? "base,metadata-remote,etcd,ntp" : PROFILES,
    ...(os === "lab" ? {} : { dockerListen: "127.0.0.1:2375" }),
  };
  try {
    const plan = makePlan(settings({ ...common, ...changes }));
    const [node] = plan.nodes;
    ok(node);
    const { discovery } = plan;
    const discoveryUrl =
      discovery.mode === "url"
        ? discovery.url
        : discovery.mode === "v3"
          ? `http://r.example/_etcd/registry/${discovery.token ?? "t"}`
          : "http://r.example/t";
    return renderIgnition(plan, node, { discoveryUrl });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    // Rather refused than rendered: with a message, not with a trace.
    if (error instanceof RenderError && /discovery URL/.test(error.message)) return undefined;
    throw error;
  }
}

describe("hostile values of a config, on their way through YAML, ct, butane and their validator", function () {
  this.timeout(240_000);

  for (const [what, changes] of Object.entries(CONFIGS))
    it(`bring nothing of their own in ${what}`, () => {
      let accepted = 0;
      fc.assert(
        fc.property(fc.constantFrom<OsFamily>("flatcar", "fedora-coreos", "lab"), breakOut, (os, text) => {
          if (os === "lab" && /docker|v3|etcdVersion/i.test(JSON.stringify(changes("")))) return;
          const json = rendered(os, changes(text));
          if (json === undefined) return;
          accepted++;
          const plain = rendered(os, changes(""));
          ok(plain !== undefined);
          deepEqual(shapeOf(json), shapeOf(plain), JSON.stringify(text));
        }),
        { numRuns: 15 },
      );
      // What is narrow lets nothing through; what takes any text has been looked at.
      if (/URL|comment/.test(what)) ok(accepted > 0, `${accepted} accepted`);
    });
});
