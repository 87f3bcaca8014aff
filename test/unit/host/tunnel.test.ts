import { equal, match } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { reasonOf } from "../../../host/tunnel.ts";

const URI = "qemu+ssh://root@host.example/system?keyfile=/k";

describe("why a tunnel can't be made: the machine behind the host, or the host", () => {
  for (const [said, reason] of [
    [
      "channel 0: open failed: connect failed: No route to host\r\nstdio forwarding failed\r\n",
      /^No route to host$/,
    ],
    [
      "channel 0: open failed: administratively prohibited: open failed\r\n",
      /^administratively prohibited: open failed \(its sshd has to allow it/,
    ],
    [
      "mux_client_request_stdio_fwd: session request failed: Session open refused by peer\r\nStdio forwarding request failed: Session open refused by peer\r\n",
      /^host\.example gets no connection to it$/,
    ],
    [
      "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed",
      /^Connection refused$/,
    ],
    ["root@host.example: Permission denied (publickey).", /the key \/k/],
    ["", /^ssh ended/],
  ] as const)
    it(`of ${JSON.stringify(said)}`, () => {
      match(reasonOf(URI, said), reason);
    });
});

describe("a tunnel that is given up", () => {
  const folder = mkdtempSync(join(tmpdir(), "tunnel-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  // As the ssh that holds the shared connection does: it is given the pipes of the others, and keeps them until their connection fails.
  it("keeps nobody waiting, though another ssh holds its pipes", async () => {
    const ssh = join(folder, "ssh");
    writeFileSync(ssh, `#!/bin/sh\nsleep 30 &\necho $! > ${folder}/pid\nexec sleep 30\n`);
    chmodSync(ssh, 0o755);
    const script = `import { tunnelTo } from "./host/tunnel.ts";
      const tunnel = tunnelTo("${URI}", "192.0.2.1", 2379);
      setTimeout(() => tunnel.destroy(), 500);`;
    const { timedOut, stderr } = await execa(process.execPath, ["--input-type=module", "-e", script], {
      ...{ cwd: join(import.meta.dirname, "../../.."), reject: false, timeout: 10_000 },
      env: { PATH: [folder, process.env["PATH"]].join(delimiter) },
    });
    await execa("sh", ["-c", `kill "$(cat "$0")"`, join(folder, "pid")]);
    equal(timedOut, false, "it waited");
    equal(stderr, "");
  });
});
