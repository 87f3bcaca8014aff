/** Which commands of a user's come upon what is missing on a host. */
import { deepEqual, equal } from "node:assert/strict";
import { refreshes, stackNamed, stackWords } from "../../../commands/hosts/beforeRefresh.ts";

describe("a command that refreshes", () => {
  for (const [command, expected] of [
    ["pulumi refresh", true],
    ["/opt/bin/pulumi --stack alice refresh --yes", true],
    ["pulumi up --refresh --yes", true],
    ["pulumi up -r", true],
    ["pulumi update --refresh=true", true],
    ["pulumi destroy --refresh", true],
    ["pulumi up", false],
    ["pulumi up --refresh=false", false],
    ["pulumi preview --refresh", false],
    ["pulumi refresh --preview-only", false],
    ["pulumi refresh --help", false],
    ["pulumi refresh --preview-only=true", false],
    ["pulumi config get refresh", false],
    ["pulumi config set refresh x", false],
    ["pulumi stack select refresh", false],
    ["pulumi up --stack refresh", false],
    ["pulumi -s refresh preview", false],
    ["pulumi -C up refresh", true],
    ["pulumi down --refresh", true],
    ["virsh pool-refresh x", false],
    ["refresh", false],
  ] as const)
    it(`${command}: ${expected ? "yes" : "no"}`, () => {
      equal(refreshes(command.split(" ")), expected);
    });

  it("is asked for the stack that it names", () => {
    deepEqual(stackWords(["up", "--stack", "alice", "--yes"]), ["--stack", "alice"]);
    deepEqual(stackWords(["up", "-s", "alice"]), ["-s", "alice"]);
    deepEqual(stackWords(["up", "--stack=alice"]), ["--stack=alice"]);
    equal(stackNamed(["pulumi", "up", "--stack=alice"]), "alice");
    equal(stackNamed(["pulumi", "-s", "bob", "up"]), "bob");
    equal(stackNamed(["pulumi", "up"]), undefined);
    deepEqual(stackWords(["up", "--secrets-provider", "x"]), []);
  });
});
