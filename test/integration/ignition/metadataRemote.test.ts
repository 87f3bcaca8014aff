import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

interface Config {
  readonly storage: { readonly files: readonly { readonly contents: { readonly inline: string } }[] };
}

const file = join(import.meta.dirname, "../../../ignition/profiles/metadata-remote.yaml");
const raw = (parse(readFileSync(file, "utf8")) as Config).storage.files[0]?.contents.inline ?? "";
const script = raw.replace("{{metadataPrefixes}}", "COREOS_CUSTOM COREOS AFTERBURN");

describe("the remote metadata provider", function () {
  this.timeout(40_000);
  let folder: string;
  let server: Server | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "metadata-"));
    writeFileSync(join(folder, "provider"), script, { mode: 0o755 });
  });

  afterEach(() => {
    server?.close();
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  async function serve(listener: RequestListener): Promise<string> {
    const started = createServer(listener);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  }

  /** Runs the provider to its end; what it said on the way. */
  const run = (url: string, shell = "sh"): Promise<{ status: number | null; stderr: string }> =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, METADATA_WAIT: "0.1", no_proxy: "127.0.0.1" };
      const child = spawn(shell, ["./provider", url, "run/metadata"], { cwd: folder, env, timeout: 20_000 });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (status) => {
        resolve({ status, stderr });
      });
    });

  const read = (): Record<string, string> =>
    Object.fromEntries(
      readFileSync(join(folder, "run/metadata"), "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split("=") as [string, string]),
    );

  const document =
    "# one\nHOSTNAME=one\nPRIVATE_IPV4=10.0.0.7\nPUBLIC_IPV4=192.0.2.7\nPUBLIC_IPV6=2001:db8::7\nREGION=x y z\n";

  it("writes what the server answers under all names, and nothing that nobody asked for", async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end(document);
    });
    const { status, stderr } = await run(`${url}/nodes?name=one&mac=52%3A54`);
    assert.equal(status, 0, stderr);
    assert.deepEqual(asked, ["/nodes?name=one&mac=52%3A54"]);
    const values = read();
    for (const kind of ["COREOS_CUSTOM", "COREOS", "AFTERBURN"]) {
      assert.equal(values[`${kind}_HOSTNAME`], "one");
      assert.equal(values[`${kind}_PUBLIC_IPV4`], "192.0.2.7");
      assert.equal(values[`${kind}_PRIVATE_IPV4`], "10.0.0.7");
      assert.equal(values[`${kind}_PUBLIC_IPV6`], "2001:db8::7");
      assert.equal(values[`${kind}_PRIVATE_IPV6`], "2001:db8::7");
    }
    assert.equal(Object.keys(values).length, 15);
    assert.deepEqual(readdirSync(join(folder, "run")), ["metadata"]);
  });

  it("takes its own file as an answer, in any shell, with any line ends", async () => {
    const lines = [
      "COREOS_CUSTOM_PRIVATE_IPV4=10.0.0.7",
      "COREOS_PRIVATE_IPV4=10.0.0.7",
      "AFTERBURN_PUBLIC_IPV6=",
    ];
    const url = await serve((_, response) => response.end(lines.join("\r\n")));
    for (const shell of ["sh", "bash"]) {
      const { status, stderr } = await run(url, shell);
      assert.equal(status, 0, stderr);
      const values = read();
      assert.equal(values["COREOS_CUSTOM_PUBLIC_IPV4"], "10.0.0.7");
      assert.equal(values["COREOS_CUSTOM_PUBLIC_IPV6"], "");
      assert.equal(values["COREOS_CUSTOM_HOSTNAME"], hostname());
    }
  });

  const bad: [string, string, RegExp][] = [
    ["an error page", "<html>\nnot found\n</html>", /a line is not KEY=value/],
    ["no address", "HOSTNAME=one\n", /neither PRIVATE_IPV4 nor PUBLIC_IPV4/],
    ["nothing", "", /neither PRIVATE_IPV4 nor PUBLIC_IPV4/],
    ["an address out of range", "PRIVATE_IPV4=10.0.0.256\n", /PRIVATE_IPV4 is malformed/],
    [
      "an address with more behind it",
      "PRIVATE_IPV4=10.0.0.7 --force-new-cluster\n",
      /PRIVATE_IPV4 is malformed/,
    ],
    ["a command", "PRIVATE_IPV4=$(touch owned)\n", /PRIVATE_IPV4 is malformed/],
    ["a name that is none", "PRIVATE_IPV4=10.0.0.7\nHOSTNAME=a;b\n", /HOSTNAME is malformed/],
    [
      "an IPv6 address that is none",
      "PRIVATE_IPV4=10.0.0.7\nPUBLIC_IPV6=10.0.0.7\n",
      /PUBLIC_IPV6 is malformed/,
    ],
    ["two addresses", "PRIVATE_IPV4=10.0.0.7\nCOREOS_PRIVATE_IPV4=10.0.0.8\n", /PRIVATE_IPV4 has two values/],
    ["too much", `# ${"x".repeat(70_000)}\nPRIVATE_IPV4=10.0.0.7\n`, /[Mm]aximum file size/],
  ];
  for (const [what, answer, message] of bad) {
    it(`does not take ${what}, says why, and waits for better`, async () => {
      let times = 0;
      const url = await serve((_, response) => response.end(times++ < 2 ? answer : document));
      const { status, stderr } = await run(url);
      assert.equal(status, 0, stderr);
      assert.match(stderr, message);
      assert.equal(times, 3);
      assert.equal(read()["COREOS_PRIVATE_IPV4"], "10.0.0.7");
      assert.deepEqual(readdirSync(folder).sort(), ["provider", "run"]);
    });
  }

  it("waits for a server that is not there, or does not know the node, without telling its URL", async () => {
    let times = 0;
    const url = await serve((_, response) => {
      if (times++ < 2) response.writeHead(404).end("unknown");
      else response.end(document);
    });
    const { status, stderr } = await run(url.replace("http://", "http://user:s3cret@"));
    assert.equal(status, 0, stderr);
    assert.match(stderr, /waiting for addresses from the metadata server: .*404/);
    assert.doesNotMatch(stderr, /s3cret/);
  });

  it("takes the answer that the docs show", async () => {
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/profiles.md"), "utf8");
    const answer = /```sh\n(# a comment\n[^`]*)```/.exec(docs)?.[1] ?? "";
    const url = await serve((_, response) => response.end(answer));
    const { status, stderr } = await run(url);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
    assert.equal(read()["COREOS_CUSTOM_PUBLIC_IPV4"], "192.0.2.7");
  });

  it("is plain POSIX shell", () => {
    const { status, stderr } = spawnSync("sh", ["-n", join(folder, "provider")], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });
});
