/** A user's own /etc/docker/daemon.json beside docker-remote with TLS, where it would let in everybody: it is refused by its file and line. */
import assert from "node:assert/strict";
import { renderIgnition } from "../../../ignition/index.ts";
import { plan } from "../../unit/plan/fixtures.ts";

const server = { authority: "a\n", certificate: "c\n", key: "k\n" };
const PATH = "/etc/docker/daemon.json";

const SNIPPETS = {
  "a Container Linux Config": [
    "flatcar",
    `storage:\n  files:\n    - path: ${PATH}\n      filesystem: root\n      overwrite: true\n      mode: 0644\n      contents:\n        inline: '{}'\n`,
  ],
  Butane: [
    "fedora-coreos",
    `variant: fcos\nversion: 1.1.0\nstorage:\n  files:\n    - path: ${PATH}\n      overwrite: true\n      contents:\n        inline: '{}'\n`,
  ],
  "Ignition 3": [
    "fedora-coreos",
    JSON.stringify({
      ignition: { version: "3.1.0" },
      storage: { files: [{ path: PATH, overwrite: true, contents: { source: "data:,%7B%7D" } }] },
    }),
  ],
} as const;

describe("a daemon.json of the user's own, beside docker-remote with TLS", () => {
  for (const [language, [os, text]] of Object.entries(SNIPPETS))
    it(`is refused in ${language}`, () => {
      const made = plan({ os, tls: "true", profiles: "base,metadata-local,etcd,docker,docker-remote" });
      const [node] = made.nodes;
      assert.ok(node);
      const render = (snippets: (typeof node)["snippets"]): string =>
        renderIgnition(
          { ...made, discovery: { mode: "static" } },
          { ...node, snippets },
          { discoveryUrl: "", tls: { ...server, docker: server } },
        );
      assert.match(render([]), /tlsverify/);
      assert.throws(
        () => render([{ source: "./mine.yaml", path: "/mine.yaml", text }]),
        /daemon\.json is given by .*docker-remote-tls\.yaml .* and by \.\/mine\.yaml.*take it out of \.\/mine\.yaml, or leave the profile docker-remote out/,
      );
    });
});
