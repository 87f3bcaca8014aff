/** `command:local:Command`: a command run when the resource is created, updated or deleted. */
import { randomBytes } from "node:crypto";
import { diffInputs } from "../plugin/diff.ts";
import type { ResourceType } from "../plugin/resourceType.ts";
import { equal, isUnknown, reveal, UNKNOWN, type PropertyMap } from "../plugin/values.ts";
import { checkInputs, INPUT_NAMES, plainInputs, type CommandInputs } from "./inputs.ts";
import { runCommand, type Outputs, type RunContext } from "./run.ts";

/** The old outputs of a state, as the next run sees them. */
const outputsOf = (state: PropertyMap): Outputs => {
  const textOf = (key: string): string => {
    const value = reveal(state[key] ?? "");
    return typeof value === "string" && !isUnknown(value) ? value : "";
  };
  return { stdout: textOf("stdout"), stderr: textOf("stderr") };
};

const unknownOutputs = { stdout: UNKNOWN, stderr: UNKNOWN };

/** Runs `line` unless there is none; then the old outputs stay. */
const outputsAfter = async (
  line: string | undefined,
  inputs: CommandInputs,
  old: Outputs,
  context: RunContext,
): Promise<Outputs> => (line === undefined ? old : await runCommand(line, inputs, old, context));

export const localCommand: ResourceType = {
  check: checkInputs,

  diff: (old, next) => {
    const changes = diffInputs(old, next);
    // Only triggers that come or go as a whole are replaced by the plugin itself; for changed elements the SDK
    // asks the engine for it (replaceOnChanges "triggers[*]").
    return { changes, replaces: new Set(changes.has("triggers") ? ["triggers"] : []) };
  },

  create: async (inputs, operation) => {
    const id = `${operation.name}${randomBytes(4).toString("hex")}`;
    if (operation.preview) return { id, state: { ...inputs, ...unknownOutputs } };
    const plain = plainInputs(inputs);
    const outputs = await outputsAfter(plain.create, plain, { stdout: "", stderr: "" }, operation);
    return { id, state: { ...inputs, ...outputs } };
  },

  update: async (state, inputs, operation) => {
    const old = outputsOf(state);
    if (operation.preview) {
      // As the official plugin judges it: an input that is new, such as a first `delete`, does not count.
      const changed = INPUT_NAMES.some((key) => {
        const [before, now] = [state[key] ?? null, inputs[key] ?? null];
        return isUnknown(now) || (before !== null && !equal(before, now));
      });
      return { ...inputs, ...(changed ? unknownOutputs : { ...old }) };
    }
    const plain = plainInputs(inputs);
    return { ...inputs, ...(await outputsAfter(plain.update ?? plain.create, plain, old, operation)) };
  },

  delete: async (state, operation) => {
    const plain = plainInputs(state);
    await outputsAfter(plain.delete, plain, outputsOf(state), operation);
  },
};
