import assert from "node:assert/strict";
import { changes, diagnostics } from "../../../commands/lab/pulumiOutput.ts";

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

  it("counts what an update did", () => {
    assert.equal(
      changes("Resources:\n    + 16 created\n    ~ 1 updated\n    +-2 replaced\n    3 unchanged\n"),
      "16 created, 1 updated, 2 replaced, 3 unchanged",
    );
  });
});
