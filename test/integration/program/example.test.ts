import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { makePlace, type Place } from "./support.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhO4Q5YzN2V1u8sP8uJb7kJ6c3YbX1l6o2pQwQf0n3A somebody";

interface Preview {
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
}

describe("examples/two-clusters", function () {
  this.timeout(120_000);
  let place: Place;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
  });
  after(() => place.remove());

  it("makes two clusters in one stack, that share no name", async () => {
    const stack = await place.program("pair", join(import.meta.dirname, "../../../examples/two-clusters"), {
      "two-clusters:image": JSON.stringify({ source: place.image, insecure: true }),
      "two-clusters:key": KEY,
    });
    const { stdout } = await stack.pulumi("preview", "--json");
    const { steps } = JSON.parse(stdout) as Preview;
    const names = steps.map(({ urn }) => urn.split("::").at(-1) ?? "");
    equal(new Set(names).size, names.length);
    for (const name of ["red01-domain", "red02-disk", "red03-ignition", "red-pool", "red-readiness"])
      ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
    for (const name of ["blue-etcd-domain", "blue-load-domain", "blue-pool", "blue-readiness"])
      ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
    ok(steps.every(({ op }) => op === "create"));
  });

  it("says what is wrong in words of arguments", async () => {
    const stack = await place.program("wrong", join(import.meta.dirname, "../../../examples/two-clusters"), {
      "two-clusters:image": "./nowhere.qcow2",
      "two-clusters:key": "no key",
    });
    const error = await stack.pulumi("preview").then(
      () => "",
      (failure: unknown) => String(failure),
    );
    match(error, /2 problems in the settings of clusterPlan:[\s\S]*sshAuthorizedKeys[\s\S]*image/);
    ok(!error.includes("    at "), error);
  });
});
