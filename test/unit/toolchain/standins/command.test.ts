import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localCommand } from "../../../../lab/toolchain/standins/command/command.ts";
import { commandEnvironment } from "../../../../lab/toolchain/standins/command/run.ts";
import type { Operation } from "../../../../lab/toolchain/standins/plugin/resourceType.ts";
import { secret, UNKNOWN, type PropertyMap } from "../../../../lab/toolchain/standins/plugin/values.ts";

const operation = (given: Partial<Operation> = {}): Operation => ({
  name: "cmd",
  preview: false,
  signal: new AbortController().signal,
  status: () => undefined,
  ...given,
});
const create = (
  inputs: PropertyMap,
  given?: Partial<Operation>,
): Promise<{ id: string; state: PropertyMap }> => localCommand.create(inputs, operation(given));
const outputs = async (inputs: PropertyMap): Promise<unknown[]> => {
  const { state } = await create(inputs);
  return [state["stdout"], state["stderr"]];
};
const failures = (inputs: PropertyMap): string[] =>
  localCommand.check(inputs).failures.map(({ property, reason }) => `${property} ${reason}`);

describe("The command stand-in checks", () => {
  it("every input's type, all at once, and adds no defaults", () => {
    const right = {
      create: "x",
      environment: { A: "b" },
      triggers: [1, { b: [true] }],
      interpreter: ["a"],
      logging: "none",
    };
    deepEqual(localCommand.check(right), { inputs: right, failures: [] });
    deepEqual(localCommand.check({}), { inputs: {}, failures: [] });
    const wrong = {
      create: 5,
      environment: { A: 1 },
      interpreter: "x",
      logging: "loud",
      triggers: "t",
      dir: [],
    };
    equal(failures(wrong).length, 6);
    ok(failures(wrong).includes("create must be a string, found 5"));
  });
  it("secret values too, and leaves unknown ones to the real run", () => {
    deepEqual(failures({ create: secret("x"), environment: secret({ A: secret("b") }) }), []);
    deepEqual(failures({ create: UNKNOWN, environment: { A: UNKNOWN }, triggers: UNKNOWN }), []);
    equal(failures({ create: secret(5) }).length, 1);
  });
  it("for inputs that it has not", () => {
    match(
      failures({ assetPaths: ["*"] })[0] ?? "",
      /^assetPaths not supported by the offline stand-in.*official plugin/,
    );
    deepEqual(failures({ bogus: "x" }), ["bogus a Command has no such input"]);
  });
});

describe("The command stand-in's diff", () => {
  it("replaces by itself only when triggers come or go as a whole", () => {
    const replaces = (old: PropertyMap, next: PropertyMap): string[] => [
      ...localCommand.diff(old, next).replaces,
    ];
    deepEqual(replaces({ triggers: ["a"] }, { triggers: ["b"] }), []);
    deepEqual(replaces({ create: "a" }, { create: "b", update: "u" }), []);
    deepEqual(replaces({}, { triggers: ["a"] }), ["triggers"]);
    deepEqual(replaces({ triggers: ["a"] }, {}), ["triggers"]);
  });
});

describe("A command", () => {
  it("is created with its inputs and outputs as state, one last line feed taken off", async () => {
    const inputs = {
      create: "printf 'a\\n\\n'; echo e >&2",
      environment: { A: "b" },
      triggers: [secret("t")],
    };
    const { id, state } = await create(inputs);
    match(id, /^cmd[0-9a-f]{8}$/);
    deepEqual(state, { ...inputs, stdout: "a\n", stderr: "e" });
  });
  it("without a command line has empty outputs", async () => {
    deepEqual(await outputs({ delete: "x" }), ["", ""]);
  });
  it("gets its environment, folder, input and interpreter, secrets included", async () => {
    deepEqual(await outputs({ create: "echo $A", environment: { A: secret("b c") } }), ["b c", ""]);
    deepEqual(await outputs({ create: "pwd", dir: "/usr" }), ["/usr", ""]);
    deepEqual(await outputs({ create: "cat", stdin: "abc" }), ["abc", ""]);
    deepEqual(await outputs({ create: "a b;c", interpreter: ["/bin/echo", "-n", "x"] }), ["x a b;c", ""]);
    deepEqual(await outputs({ create: "echo $0", interpreter: [] }), ["/bin/sh", ""]);
  });
  it("shows its lines as they come, as far as they are to be logged", async () => {
    const shown = async (logging?: string): Promise<string[]> => {
      const lines: string[] = [];
      const inputs = {
        create: "echo out; sleep 0.05; echo err >&2; printf part",
        ...(logging === undefined ? {} : { logging }),
      };
      await create(inputs, { status: (line) => lines.push(line) });
      return lines;
    };
    deepEqual(await shown(), ["out", "err", "part"]);
    deepEqual(await shown("stdout"), ["out", "part"]);
    deepEqual(await shown("stderr"), ["err"]);
    deepEqual(await shown("none"), []);
  });
  it("that fails says how, with the command and all its output", async () => {
    await rejects(create({ create: "echo a; sleep 0.05; echo b >&2; exit 3" }), {
      message: 'exit status 3: running "echo a; sleep 0.05; echo b >&2; exit 3":\na\nb\n',
    });
    await rejects(
      create({ create: "x", dir: "/nonexistent" }),
      /^Error: chdir \/nonexistent: no such folder/,
    );
    await rejects(create({ create: "x", interpreter: ["/nonexistent/sh"] }), /\/nonexistent\/sh ENOENT/);
  });
  it("in a preview runs nothing, and its outputs are unknown", async () => {
    const file = join(tmpdir(), `preview-${process.pid}`);
    const { state } = await create({ create: `touch ${file}` }, { preview: true });
    deepEqual(state, { create: `touch ${file}`, stdout: UNKNOWN, stderr: UNKNOWN });
    ok(!existsSync(file));
  });
});

describe("An updated command", () => {
  const old = { create: "c", stdout: "old out", stderr: "old err" };
  const update = (state: PropertyMap, inputs: PropertyMap, preview = false): Promise<PropertyMap> =>
    localCommand.update(state, inputs, operation({ preview }));

  it("runs `update`, else `create`, and sees what the last run printed", async () => {
    const line = "echo $PULUMI_COMMAND_STDOUT:$PULUMI_COMMAND_STDERR";
    equal((await update(old, { create: line }))["stdout"], "old out:old err");
    equal((await update(old, { create: "exit 1", update: line }))["stdout"], "old out:old err");
    equal((await update({ ...old, stdout: secret("s") }, { create: line }))["stdout"], "s:old err");
  });
  it("keeps its outputs when there is nothing to run", async () => {
    deepEqual(await update(old, { delete: "d" }), { delete: "d", stdout: "old out", stderr: "old err" });
  });
  it("is previewed as unknown only if one of its inputs changes", async () => {
    equal((await update(old, { create: "c" }, true))["stdout"], "old out");
    equal((await update(old, { create: "d" }, true))["stdout"], UNKNOWN);
    equal((await update(old, { create: UNKNOWN }, true))["stdout"], UNKNOWN);
    equal((await update(old, { create: "c", delete: "new" }, true))["stdout"], "old out");
  });
});

describe("A deleted command", () => {
  it("runs `delete` with the outputs of the last run, and fails as it fails", async () => {
    const gone = (line: string): Promise<void> =>
      localCommand.delete({ delete: line, stdout: "o", stderr: "" }, operation());
    await gone('test "$PULUMI_COMMAND_STDOUT" = o && test -z "${PULUMI_COMMAND_STDERR+set}"');
    await rejects(gone("echo no; exit 2"), /^Error: exit status 2: running "echo no; exit 2":\nno\n$/);
    await localCommand.delete({ stdout: "", stderr: "" }, operation());
  });
});

describe("The environment of a command", () => {
  it("is ours, then the resource's, then what was printed, unless that is not wanted", () => {
    const own = { PATH: "/bin", A: "own" };
    deepEqual(commandEnvironment({ environment: { A: "its" } }, { stdout: "o", stderr: "" }, own), {
      PATH: "/bin",
      A: "its",
      PULUMI_COMMAND_STDOUT: "o",
    });
    deepEqual(commandEnvironment({ addPreviousOutputInEnv: false }, { stdout: "o", stderr: "e" }, own), own);
  });
});

describe("A cancelled command", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "cancel-"))));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("can clean up, and takes what it started with it", async () => {
    const cancelled = new AbortController();
    const line = `trap 'echo cleaned > ${folder}/trap; exit 1' TERM; echo started; sleep 60 & echo $! > ${folder}/pid; wait`;
    await rejects(
      create(
        { create: line },
        {
          signal: cancelled.signal,
          status: () => {
            setTimeout(() => {
              cancelled.abort();
            }, 50);
          },
        },
      ),
      /exit status 1/,
    );
    equal(readFileSync(join(folder, "trap"), "utf8"), "cleaned\n");
    const child = Number(readFileSync(join(folder, "pid"), "utf8"));
    ok(!existsSync(`/proc/${child}`) || readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z "));
  });
  it("is not started once all is cancelled", async () => {
    await rejects(create({ create: `touch ${folder}/late` }, { signal: AbortSignal.abort() }), /cancelled/);
    ok(!existsSync(join(folder, "late")));
  });
});
