import { deepEqual, equal, match, ok } from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePlace, type Place, type Stack } from "./support.ts";

const checkout = join(import.meta.dirname, "../../..");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhO4Q5YzN2V1u8sP8uJb7kJ6c3YbX1l6o2pQwQf0n3A somebody";

/** A user's program: two clusters, one with a secret registry, changed on their way to the engine. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import { clusterPlan, CoreOSCluster, outputs } from "${checkout}/library.ts";

const config = new pulumi.Config();
const common = {
  os: "lab" as const,
  image: { source: config.require("image"), insecure: true },
  bridge: config.require("bridge"),
  domainType: "qemu" as const,
  memory: 512,
  snippets: config.getObject<string[]>("snippets") ?? [],
  sshAuthorizedKeys: ["${KEY}"],
};
const options = {
  transforms: [
    ({ type, props, opts }: pulumi.ResourceTransformArgs) =>
      type === "libvirt:index/domain:Domain"
        ? { props: { ...props, description: config.require("description") }, opts }
        : undefined,
  ],
};
const red = new CoreOSCluster(
  "red",
  {
    plan: await clusterPlan(
      { ...common, prefix: "red", nodes: 1, discovery: { mode: "etcd", endpoint: config.require("registry") } },
      { secrets: ["discovery"] },
    ),
    waitUntilHealthy: false,
  },
  options,
);
const blue = new CoreOSCluster(
  "blue",
  {
    plan: await clusterPlan({
      ...common,
      prefix: "blue",
      nodes: { "blue-a": { address: "10.77.0.250" }, "blue-b": { role: "client" } },
      discovery: { mode: "static" },
    }),
    waitUntilHealthy: false,
  },
  options,
);
export const endpoints = { red: red.etcdEndpoints, blue: blue.etcdEndpoints };
export const hosts = blue.nodes.apply(outputs.hostsLines);
export const url = red.discoveryUrl;
`;

/** A project as a user has it: elsewhere on the disk, with an installation of Pulumi's SDK of its own. */
function makeProject(folder: string): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@pulumi"), { recursive: true });
  writeFileSync(join(folder, "index.ts"), PROGRAM);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "mine", type: "module" }));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: mine\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.ts\n" +
      "packages:\n  libvirt:\n    source: terraform-provider\n    version: 1.1.3\n    parameters: [dmacvicar/libvirt, 0.8.3]\n",
  );
  const theirs = join(checkout, "node_modules");
  for (const name of readdirSync(theirs).filter((entry) => entry !== "@pulumi" && entry !== ".bin"))
    symlinkSync(join(theirs, name), join(modules, name));
  cpSync(join(theirs, "@pulumi/pulumi"), join(modules, "@pulumi/pulumi"), { recursive: true });
}

describe("clusters in a program of a user's own", function () {
  this.timeout(240_000);
  let place: Place;
  let project: string;
  let config: Readonly<Record<string, string>>;
  let stack: Pick<Stack, "pulumi">;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    project = join(place.folder, "mine");
    makeProject(project);
    config = {
      "mine:image": place.image,
      "mine:bridge": place.host.bridge,
      "mine:registry": place.host.registry,
      "mine:description": "theirs",
    };
    stack = await place.program("mine", project, config);
  });
  after(() => place.remove());

  it("are made, stay as they are, and go again", async () => {
    await stack.pulumi("up");
    deepEqual((await place.virsh("list", "--name")).trim().split(/\s+/).toSorted(), [
      "blue-a",
      "blue-b",
      "red01",
    ]);
    await stack.pulumi("preview", "--expect-no-changes");
    await stack.pulumi("refresh", "--expect-no-changes");
  });

  it("have what the program's transforms give them", async () => {
    for (const name of ["red01", "blue-a"]) equal((await place.virsh("desc", name)).trim(), "theirs");
  });

  it("know what the plan knows, where nobody waited", async () => {
    const { stdout } = await stack.pulumi("stack", "output", "--json");
    const found = JSON.parse(stdout) as Record<string, unknown>;
    deepEqual(found["endpoints"], { red: ["http://red01:2379"], blue: ["http://10.77.0.250:2379"] });
    equal(found["hosts"], "10.77.0.250 blue-a\n");
    equal(found["url"], "[secret]");
  });

  it("keep a secret registry out of the state", async () => {
    const { stdout } = await stack.pulumi("stack", "output", "url", "--show-secrets");
    ok(stdout.startsWith(place.host.registry), stdout);
    const { stdout: state } = await stack.pulumi("stack", "export");
    ok(!state.includes(place.host.registry));
    const token = stdout.trim().split("/").at(-1) ?? "";
    match(token, /^[0-9a-f]{32}$/);
    for (const spelling of [
      token,
      ...(["base64", "base64url"] as const).map((as) => Buffer.from(token, "hex").toString(as)),
    ])
      ok(!state.includes(spelling), "the token is in the state");
  });

  it("are refused for a mistake in a file by its line, without a trace of the program", async () => {
    writeFileSync(join(project, "motd.yaml"), "storage: [\n");
    const wrong = await place.program("wrong", project, {
      ...config,
      "mine:snippets": JSON.stringify(["./motd.yaml"]),
    });
    const error = await wrong.pulumi("preview").then(
      () => "",
      (failure: unknown) => String(failure),
    );
    match(error, /node red01 could not be made\. \.\/motd\.yaml line 2: /);
    ok(!error.includes("    at "), error);
  });

  it("leave nothing behind", async () => {
    await stack.pulumi("destroy");
    deepEqual(await place.things(), []);
  });
});
