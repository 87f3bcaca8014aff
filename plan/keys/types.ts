/** The form of the table of config keys. */

export interface KeyPart {
  /** One line. */
  readonly description: string;
  /** What would be right, for error messages. */
  readonly expected: string;
  /** A right value, as a word of the shell. */
  readonly example: string;
  /** Where the example stands inside the value, where it is a part of it. */
  readonly within?: readonly (string | number)[];
}

export interface ConfigKey extends KeyPart {
  /** What holds where it is not set, for docs (Markdown). Empty: it must be set. */
  readonly default: string;
  /** More about it, for docs (Markdown). */
  readonly details?: string;
  /** The parts of its value where that is a map. */
  readonly parts?: Readonly<Record<string, KeyPart>>;
}

export type KeyTable = Readonly<Record<string, ConfigKey>>;
