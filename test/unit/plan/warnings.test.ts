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

  it("lets Docker have etcd's ports where no etcd is, and those of ssh where nothing reads them", () => {
    const nodes = { a: {}, b: { role: "client", profiles: "base,docker,docker-remote" } };
    plan({ os: "flatcar", nodes, dockerListen: "127.0.0.1:2379" });
    plan({ dockerListen: "127.0.0.1:22" });
    plan({ ...docker, ignition: "./i.yml", profiles: undefined, dockerListen: "127.0.0.1:2379" });
  });

  it("does not warn of Docker anywhere where clients need certificates", () => {
    assert.deepEqual(plan({ ...docker, tls: "true", dockerListen: "0.0.0.0:2376" }).warnings, []);
  });

  it("warns of TLS that has no effect", () => {
    assert.deepEqual(plan({ tlsRotation: 2 }).warnings, [
      "tlsRotation is set, but tls is not: it has no effect.",
    ]);
    assert.match(plan({ tls: "true", ignition: "./i.yml" }).warnings.join(), /\{\{tlsKey\}\}/);
    assert.deepEqual(plan({ tls: "true", tlsRotation: 2 }).warnings, []);
  });

  it("warns of plain numbers that are likely meant in a smaller unit", () => {
    const nodes = { a: { memory: 2097152 }, b: { diskSize: "20480" }, c: {} };
    assert.deepEqual(plan({ memory: "1048576", diskSize: 8192, nodes }).warnings, [
      "memory is 1048576: a plain number counts in MiB, so this is 1024GiB. Write it with its unit if that is meant.",
      "diskSize is 8192: a plain number counts in GiB, so this is 8192GiB. Write it with its unit if that is meant.",
      "nodes.a.memory is 2097152: a plain number counts in MiB, so this is 2048GiB. Write it with its unit if that is meant.",
      "nodes.b.diskSize is 20480: a plain number counts in GiB, so this is 20480GiB. Write it with its unit if that is meant.",
    ]);
    assert.deepEqual(plan({ memory: 65536, diskSize: 1000 }).warnings, []);
    assert.deepEqual(plan({ memory: "1TiB", diskSize: "8192GiB" }).warnings, []);
    assert.deepEqual(plan({ diskSize: "8192" }, { secretKeys: ["diskSize"] }).warnings, []);
  });

  it("warns of what was found out about the image", () => {
    assert.deepEqual(plan({}, { image: { image, warnings: ["It is not verified."] } }).warnings, [
      "It is not verified.",
    ]);
  });
});
