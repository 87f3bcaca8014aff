/** What a stand-in says about one kind of resource. */
import type { Changes } from "./diff.ts";
import type { PropertyMap } from "./values.ts";

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/** What a create, update or delete is given beside its values. */
export interface Operation {
  readonly name: string;
  /** Only say what would come out; unknown values are marked so. */
  readonly preview: boolean;
  /** Aborted when the user cancels. */
  readonly signal: AbortSignal;
  readonly status: (line: string) => void;
}

/** One kind of resource. Inputs are given as checked; states are what create or update returned. */
export interface ResourceType {
  readonly check: (inputs: PropertyMap) => { inputs: PropertyMap; failures: readonly CheckFailure[] };
  /** The changed properties and, of those, the ones that need a new resource. */
  readonly diff: (old: PropertyMap, next: PropertyMap) => { changes: Changes; replaces: ReadonlySet<string> };
  readonly create: (inputs: PropertyMap, operation: Operation) => Promise<{ id: string; state: PropertyMap }>;
  readonly update: (state: PropertyMap, inputs: PropertyMap, operation: Operation) => Promise<PropertyMap>;
  readonly delete: (state: PropertyMap, operation: Operation) => Promise<void>;
}
