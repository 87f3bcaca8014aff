import assert from "node:assert/strict";
import { changes, diagnostics, failure, warnings } from "../../../commands/lab/pulumiOutput.ts";

const failed = `Updating (dev):
 +  coreos-cluster:index:CoreOSCluster dev creating (0s)
Diagnostics:
  command:local:Command (dev-readiness):
    error: dev-core02: Ignition failed

  pulumi:pulumi:Stack (coreos-cluster-dev):
    error: update failed

Resources:
    + 10 created

Duration: 3s
`;

describe("reading what pulumi prints", () => {
  it("finds the diagnostics of a failed update", () => {
    assert.equal(
      diagnostics(failed),
      "command:local:Command (dev-readiness):\n    error: dev-core02: Ignition failed\n\n" +
        "  pulumi:pulumi:Stack (coreos-cluster-dev):\n    error: update failed",
    );
  });

  it("shows the last words where there are no diagnostics", () => {
    assert.equal(diagnostics("error: no stack named 'dev' found\n"), "error: no stack named 'dev' found");
  });

  it("finds what was warned of, with the lines that belong to it, and nothing twice", () => {
    const text = `Updating (dev):
 +  command:local:Command dev-host creating (0s) warning: 2 GiB of 4 GiB free
Diagnostics:
  command:local:Command (dev-host):
    warning: 2 GiB of 4 GiB free
        3 machines take 6 GiB.
        → pulumi config set memory 512MiB
    warning: br0 is up; spanning tree is on
        Because.
    error: something else
        of its own

  pulumi:pulumi:Stack (coreos-cluster-dev):
    warning: a key is not used
    warning: a key is not used

Resources:
    + 10 created
`;
    assert.deepEqual(warnings(text), [
      "2 GiB of 4 GiB free\n  3 machines take 6 GiB.\n  → pulumi config set memory 512MiB",
      "br0 is up; spanning tree is on\n  Because.",
      "a key is not used",
    ]);
    assert.deepEqual(warnings(failed), []);
    assert.deepEqual(warnings("warning: not of a diagnosis\n"), []);
  });

  it("counts what an update did", () => {
    assert.equal(
      changes("Resources:\n    + 16 created\n    ~ 1 updated\n    +-2 replaced\n    3 unchanged\n"),
      "16 created, 1 updated, 2 replaced, 3 unchanged",
    );
  });

  it("is told of a Pulumi that failed, and not of one that was ended from outside", () => {
    const output = "@ updating....\nDiagnostics:\n  error: no room\n";
    assert.equal(failure("pulumi up", { signal: undefined, output }), "pulumi up failed:\nerror: no room");
    assert.match(
      failure("pulumi up", { signal: "SIGKILL", output }),
      /^pulumi up was ended from outside, by SIGKILL: [^\n]*Run the same again/,
    );
    for (const words of [
      'connection error: desc = "transport: error while dialing: dial unix /run/x/plugin25: connect: connection refused"',
      "rpc error: code = Unavailable desc = error reading from server: EOF",
    ])
      assert.match(
        failure("pulumi up", { signal: undefined, output: `Diagnostics:\n  error: ${words}\n` }),
        /one of its plugins has ended in the middle: [^\n]*Run the same again/,
      );
  });
});
