/** A config with one mistake, and what is said of it. */
export interface WrongConfig {
  /** What is changed in settings that are right (test/unit/plan/fixtures.ts); `undefined` takes a key out. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly says: string;
  readonly right: string;
  readonly mend: string;
}
