/** Boots the lab image under plain QEMU, without libvirt and without a network to anywhere, and reads its console. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labPaths } from "../../../lab/shared/context.ts";
import { run } from "../../../lab/shared/process.ts";
import { ensureImage } from "../../../lab/image/index.ts";

/** The image of this checkout's recipe, from the cache or built now. */
export const labImage = async (): Promise<string> =>
  (await ensureImage({ paths: labPaths(join(import.meta.dirname, "../../..")), report: () => undefined }))
    .path;

/** A disk of its own over the image, and the guests that boot from it, one after another. */
export class TestGuest {
  readonly #folder = mkdtempSync(join(tmpdir(), "lab-image-"));
  readonly #disk = join(this.#folder, "disk.qcow2");
  readonly #report = join(this.#folder, "report");
  #qemu: ChildProcess | undefined;
  /** Everything that the serial console printed since the last start. */
  console = "";

  async makeDisk(image: string, size: string): Promise<void> {
    await run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image, "-F", "qcow2", this.#disk, size]);
  }

  /** Starts QEMU: emulated, one processor, 512 MiB, as the smallest lab node. */
  start(ignition?: object | string, memory = 512): void {
    const config = join(this.#folder, "config.ign");
    const text = typeof ignition === "string" ? ignition : JSON.stringify(ignition ?? {});
    writeFileSync(config, text);
    const firmware = ignition === undefined ? [] : ["-fw_cfg", `name=opt/com.coreos/config,file=${config}`];
    this.console = "";
    const machine = ["-accel", "tcg,tb-size=128", "-cpu", "qemu64", "-smp", "1", "-m", String(memory)];
    const devices = ["-nic", "user,model=virtio-net-pci,restrict=on", "-display", "none"];
    const serial = ["-serial", "stdio", "-serial", `file:${this.#report}`];
    const disk = ["-drive", `file=${this.#disk},if=virtio,format=qcow2,cache=unsafe`];
    const args = ["-nodefaults", "-no-reboot", ...machine, ...devices, ...serial, ...disk, ...firmware];
    this.#qemu = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "pipe", "pipe"] });
    const note = (chunk: Buffer): void => void (this.console += chunk.toString().replaceAll("\r", ""));
    this.#qemu.stdout?.on("data", note);
    this.#qemu.stderr?.on("data", note);
  }

  /** Waits until the console shows the pattern. @throws Error with the console's end after the given seconds. */
  async until(pattern: RegExp, seconds: number, read = (): string => this.console): Promise<RegExpExecArray> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const found = pattern.exec(read());
      if (found !== null) return found;
      const ended = this.#qemu?.exitCode != null;
      if (ended || Date.now() > deadline) {
        const how = ended ? "QEMU ended" : `${seconds} s went by`;
        throw new Error(`${how} without ${String(pattern)} on the console:\n${this.console.slice(-3000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Waits for what {@link reporter}'s unit has to say: values by name. */
  async reported(seconds: number): Promise<Record<string, string>> {
    const read = (): string => readFileSync(this.#report, "utf8").replaceAll("\r", "");
    const [text] = await this.until(/^[^]*^END$/m, seconds, read);
    return Object.fromEntries(
      [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name ?? "", (value ?? "").trim()]),
    );
  }

  /** Waits until the guest has switched itself off. */
  async off(seconds: number): Promise<void> {
    await this.until(/reboot: Power down/, seconds);
    if (this.#qemu?.exitCode === null) await once(this.#qemu, "exit");
  }

  /** Takes the power away. */
  async kill(): Promise<void> {
    if (this.#qemu?.exitCode !== null || this.#qemu.signalCode !== null) return;
    this.#qemu.kill("SIGKILL");
    await once(this.#qemu, "exit");
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A file of an Ignition 3 configuration. */
export const file = (path: string, text: string, mode = 0o644): object => ({
  path,
  mode,
  overwrite: true,
  contents: { source: `data:,${encodeURIComponent(text)}` },
});

/**
 * A unit that runs shell commands, prints what they say on the second serial port, each as `name=output` on one line,
 * and switches the machine off. (On the first one, the login prompt drops what it finds in the port's buffer.)
 */
export function reporter(
  after: string,
  commands: Readonly<Record<string, string>>,
): { files: object[]; unit: object } {
  const lines = Object.entries(commands).map(
    ([name, command]) => `echo "${name}=$({ ${command}; } 2>&1 | tr '\\n' ' ')"`,
  );
  const script = ["#!/bin/bash", "exec >/dev/ttyS1", ...lines, "echo END", ""].join("\n");
  const unit = `[Unit]
Wants=${after}
After=${after}
[Service]
Type=oneshot
ExecStart=/opt/bin/report
ExecStartPost=systemctl --no-block poweroff
[Install]
WantedBy=multi-user.target
`;
  return {
    files: [file("/opt/bin/report", script, 0o755)],
    unit: { name: "report.service", enabled: true, contents: unit },
  };
}
