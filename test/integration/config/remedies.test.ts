import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { labPaths } from "../../../lab/shared/context.ts";
import { run } from "../../../lab/shared/process.ts";
import { ensureToolchain } from "../../../lab/toolchain/index.ts";
import { fromJson } from "../../../plan/schema/parts.ts";
import { afterCommands } from "../../unit/plan/pulumiConfig.ts";
import { publicKey, settings } from "../../unit/plan/fixtures.ts";
import { WRONG_CONFIGS } from "../../unit/plan/wrongConfigs/index.ts";

const checkout = join(import.meta.dirname, "../../..");
const NAMESPACE = "coreos-cluster:";

/** As a program gets what `pulumi config` keeps: plain values all as text, a text that is a list or a map as one. */
const asKept = (value: unknown): unknown => {
  if (typeof value === "object" && value !== null) return value;
  return fromJson(String(value));
};

/** Remedies that do more than to set a whole key to a plain word. */
const remedies = Object.values(WRONG_CONFIGS)
  .flat()
  .filter(({ mend }) => !/^pulumi config set \w+ [\w./:-]+$/.test(mend));

/** A key as the stack's file has it; some mistakes are keys in another namespace. */
const whole = (key: string): string => (key.includes(":") ? key : `${NAMESPACE}${key}`);

/** One for each form of command. */
const forms = [...new Map(remedies.map((wrong) => [wrong.mend, wrong])).values()];

describe("remedies of config problems, pasted into a shell", function () {
  this.timeout(30 * 60_000);
  let folder: string;
  let env: Record<string, string>;
  let salt: string;
  const log = (): string => join(folder, "log");

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "remedies-"));
    const paths = { ...labPaths(checkout), lab: join(folder, "lab"), log: log() };
    for (const name of ["lab", "backend", ".ssh"]) mkdirSync(join(folder, name));
    const { bin } = await ensureToolchain({ paths, report: () => undefined });
    copyFileSync(join(checkout, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    writeFileSync(join(folder, ".ssh", "id_ed25519.pub"), `${publicKey()}\n`);
    env = {
      HOME: folder,
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_HOME: join(folder, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    await run("pulumi", ["stack", "init", "dev"], { cwd: folder, env, log: log() });
    salt = readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8");
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** The stack's config after a command line. */
  async function afterShell(values: object, line: string, file: string): Promise<Record<string, unknown>> {
    const path = join(folder, file);
    const config = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [whole(key), value as unknown]),
    );
    writeFileSync(path, `${salt}config: ${JSON.stringify(config)}\n`); // JSON is YAML
    await run("sh", ["-c", line], {
      cwd: folder,
      env: { ...env, PULUMI_OPTION_CONFIG_FILE: path },
      log: log(),
      timeout: 300,
    });
    const made = parse(readFileSync(path, "utf8")) as { config?: Record<string, unknown> };
    return Object.fromEntries(
      Object.entries(made.config ?? {}).map(([key, value]) => [key.replace(NAMESPACE, ""), value]),
    );
  }

  it("do what the tests without Pulumi take them to do", async () => {
    assert.ok(forms.length > 40);
    // Two at a time: a call of pulumi is mostly waiting.
    const queue = [...forms.entries()];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, { set, mend }] = next;
        const { values } = settings(set);
        const made = await afterShell(values, mend, `Pulumi.${index}.yaml`);
        const expected = Object.entries(afterCommands(values, mend)).map(([key, value]) => [
          key,
          asKept(value),
        ]);
        const found = Object.entries(made).map(([key, value]) => [key, asKept(value)]);
        assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected), mend);
      }
    };
    await Promise.all([work(), work()]);
  });
});
