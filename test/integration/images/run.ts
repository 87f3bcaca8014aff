/** A program of its own that resolves an image, for tests of several runs: request as JSON, lines, then the finding. */
import { resolveImage } from "../../../images/resolve.ts";
import type { ImageRequest } from "../../../plan/types.ts";

const finding = await resolveImage(JSON.parse(process.argv[2] ?? "") as ImageRequest, "lab", (line) => {
  process.stdout.write(`${line}\n`);
});
process.stdout.write(`${JSON.stringify(finding)}\n`);
