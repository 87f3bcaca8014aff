import { equal, ok, rejects } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../lab/shared/process.ts";
import { placeStandIn } from "../../../lab/toolchain/standIn.ts";
import { pluginVersion } from "../../../lab/toolchain/standins/plugin/client.ts";
import { tools } from "../../../lab/toolchain/table.ts";
import { scratch, type Scratch } from "./support.ts";

describe("A plugin that is asked for its version over gRPC", function () {
  this.timeout(20_000);
  let place: Scratch;
  before(() => (place = scratch()));
  after(() => {
    place.remove();
  });

  for (const { standIn, ...tool } of tools) {
    if (standIn === undefined) continue;
    it(`answers, as the stand-in for ${tool.name} does`, async () => {
      const file = await placeStandIn(place.context.paths, { ...tool, standIn });
      equal(await pluginVersion(file, 10), tool.version);
    });
  }

  it("has failed when it ends, says nonsense, or says nothing in time", async () => {
    const fake = async (script: string): Promise<string> => {
      const file = join(place.folder, "pulumi-resource-fake");
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      await run("chmod", ["+x", file]);
      return file;
    };
    await rejects(pluginVersion(await fake("exit 1"), 5), /without naming a port/);
    await rejects(pluginVersion(await fake("echo hello; sleep 60"), 1));
    const began = performance.now();
    await rejects(pluginVersion(await fake("exec sleep 60"), 1));
    ok(performance.now() - began < 5000);
    await rejects(pluginVersion(join(place.folder, "absent"), 5), /ENOENT/);
  });
});
