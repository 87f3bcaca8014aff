import assert from "node:assert/strict";
import { checkBeforeUp, factsFrom, stopMessage, warningOf } from "../../../commands/doctor/beforeUp.ts";

const FACTS = {
  ...{ os: "lab", arch: "x86_64", domainType: "qemu", bridge: "nosuch0" },
  pool: { name: "dev-core", path: "/var/lib/nowhere" },
  nodes: [{ name: "dev-core01", memory: 2 ** 29, diskSize: 2 ** 30, reserved: false }],
};

const unwanted = (text: string): never => {
  throw new assert.AssertionError({ message: text });
};

describe("doctor: before up", () => {
  it("knows the image's size where the image is a file, and none where nothing is uploaded", () => {
    assert.equal(factsFrom(""), undefined);
    assert.equal(factsFrom(undefined), undefined);
    assert.equal(factsFrom(JSON.stringify(FACTS))?.imageSize, 0);
    const [here, nowhere] = [import.meta.filename, `${import.meta.filename}.none`];
    assert.ok((factsFrom(JSON.stringify({ ...FACTS, image: here }))?.imageSize ?? 0) > 100);
    assert.equal(factsFrom(JSON.stringify({ ...FACTS, image: nowhere }))?.imageSize, undefined);
  });

  it("asks nothing of a host where the state tells nothing of the plan, and tells all problems together", async () => {
    const wrong = (text: string) => () => Promise.reject(new Error(text));
    const fine = (): Promise<void> => Promise.resolve();
    await checkBeforeUp("qemu:///system", undefined, [fine], unwanted);
    await assert.rejects(
      checkBeforeUp("qemu:///system", undefined, [wrong("one"), fine, wrong("two")], unwanted),
      { message: stopMessage("qemu:///system", ["one", "two"]) },
    );
    assert.match(
      stopMessage("u", ["one", "two"]),
      /^The libvirt host u .*: 2 problems; nothing .*\n {2}✖ one\n {2}✖ two$/,
    );
  });

  it("asks the host itself first: without a connection nothing else that needs one is told", async () => {
    const uri = "qemu+unix:///system?socket=/nowhere/libvirt-sock";
    await assert.rejects(
      checkBeforeUp(
        uri,
        factsFrom(JSON.stringify(FACTS)),
        [() => Promise.resolve(unwanted("asked"))],
        () => undefined,
      ),
      (error: Error) =>
        error.message.includes(": 1 problem;") &&
        /✖ qemu\+unix:.*\n {4}Everything is made through this connection/.test(error.message) &&
        // The socket is somebody's own: a bridge that is missing here may be there.
        !error.message.includes("nosuch0"),
    );
  });

  it("shows what it warns of with its reason and remedy", () => {
    const finding = {
      id: "disk",
      level: "warning",
      found: "full",
      why: "Because.",
      remedy: "do it",
    } as const;
    assert.equal(warningOf(finding), "warning: full\n    Because.\n    → do it");
  });
});
