import assert from "node:assert/strict";
import { image, plan } from "./fixtures.ts";

describe("the plan's warnings", () => {
  for (const nodes of [2, 4, 98]) {
    it(`warns of ${nodes} nodes, saying why`, () => {
      const [warning, ...others] = plan({ nodes }).warnings;
      assert.deepEqual(others, []);
      assert.match(
        warning ?? "",
        new RegExp(
          `The cluster has ${nodes} members, an even number: .* loss of ${nodes / 2 - 1} of its members`,
        ),
      );
    });
  }

  for (const nodes of [1, 3, 99]) {
    it(`warns of nothing with ${nodes} nodes`, () => {
      assert.deepEqual(plan({ nodes }).warnings, []);
      assert.equal(plan({ nodes }).nodes.length, nodes);
    });
  }

  it("warns of a cluster that nobody can log in to", () => {
    assert.match(plan({ sshAuthorizedKeys: [] }).warnings.join(), /sshAuthorizedKeys is empty/);
  });

  const unused = { ntpServers: "ntp", dockerListen: "0.0.0.0:2375", metadataUrl: "http://m" };
  it("warns of settings that nothing reads", () => {
    assert.deepEqual(plan(unused).warnings, [
      "ntpServers is set, but no node has the profile ntp, which reads it: it has no effect.",
      "dockerListen is set, but no node has the profile docker-remote, which reads it: it has no effect.",
      "metadataUrl is set, but no node has the profile metadata-remote, which reads it: it has no effect.",
    ]);
    assert.match(
      plan({ ntpServers: "ntp", ignition: "./i.yml" }).warnings.join(),
      /ignition stands in place of all profiles/,
    );
    const one = { a: {}, b: { role: "client", profiles: "base,ntp" } };
    assert.deepEqual(plan({ ntpServers: "ntp", nodes: one }).warnings, []);
  });

  const docker = { os: "flatcar", profiles: "base,metadata-local,etcd,docker,docker-remote" };
  for (const listen of ["0.0.0.0:2375", "10.0.0.1:2375", "[::]:2375"])
    it(`warns of Docker on ${listen}, saying why`, () => {
      assert.deepEqual(plan({ ...docker, dockerListen: listen }).warnings, [
        `dockerListen is ${listen}: Docker's API asks for no password there, so whoever reaches that port rules the machine as root.`,
      ]);
    });
  for (const dockerListen of ["127.0.0.1:2375", "127.0.1.1:99", "[::1]:2375", undefined])
    it(`does not warn of Docker on ${dockerListen ?? "its default"}`, () => {
      assert.deepEqual(plan({ ...docker, dockerListen }).warnings, []);
    });

  it("warns of what was found out about the image", () => {
    assert.deepEqual(plan({}, { image: { image, warnings: ["It is not verified."] } }).warnings, [
      "It is not verified.",
    ]);
  });
});
