import { deepEqual } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../../commands/main.ts");

describe("a verb whose reader goes early", function () {
  this.timeout(60_000);

  it("ends as it would have ended, without a word about it", async () => {
    const child = spawn(process.execPath, ["--no-warnings", main, "lab", "status", "--json"], {
      env: { ...process.env, CLUSTER_LAB_DIR: "/nowhere" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy(); // long before it has anything to say
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    deepEqual([code, said], [0, ""]);
  });
});
