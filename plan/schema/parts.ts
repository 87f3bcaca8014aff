/** What the schemas of the keys are made of. */
import * as z from "zod/mini";
import { quote } from "../remedies.ts";
import { suggest } from "../suggest.ts";

/** What a custom issue carries beside its message (= what would be right). */
export interface IssueParams {
  /** The value that `pulumi config set` mends it with, as a word of the shell; the key's example where this is absent. */
  readonly word?: string;
  /** Where that value stands inside the wrong one, which goes as a whole. */
  readonly within?: readonly (string | number)[];
  /** Mended by a value for the list that the wrong one is an entry of. */
  readonly forList?: boolean;
  /** Mended by taking the value out. */
  readonly remove?: boolean;
  /** Mended by another name of the same value. */
  readonly rename?: string;
  /** Whether the message repeats what was given. */
  readonly repeats?: boolean;
  /** What is said in place of the message where the value is a secret. */
  readonly discreet?: string;
}

interface Refusable {
  issues: unknown[];
  value: unknown;
}

/** Adds an issue whose message says what would be right; where it is empty, the key's own text does. */
export function refuse(
  context: Refusable,
  expected: string,
  params: IssueParams = {},
  path: PropertyKey[] = [],
): never {
  context.issues.push({ code: "custom", message: expected, input: context.value, params, path });
  return z.NEVER;
}

/** What a check of one value says: what it is in normal form, or what would be right, with an example. */
export type Checked<T> = { readonly value: T } | ({ readonly expected: string } & IssueParams);

/** A schema of a text, with blanks around it cut off, out of a check. */
export const checkedText = <T>(check: (text: string) => Checked<T>) =>
  z.pipe(
    z.string().check(z.trim(), z.minLength(1)),
    z.transform((text, context): T => {
      const result = check(text);
      if ("value" in result) return result.value;
      const { expected, ...params } = result;
      return refuse(context, expected, params);
    }),
  );

export const text = z.string().check(z.trim(), z.minLength(1));

/** Whether a value is a map of Pulumi's config. */
export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `pulumi config set --path a.b '{}'` stores a text: what a text says as JSON, or the value itself. */
export function fromJson(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*(?:[[{]|null\s*$)/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** One schema for maps, another for all else, so that what is wrong inside either is said with its path. */
export const mapOr = <A, B>(map: z.ZodMiniType<A>, plain: z.ZodMiniType<B>) =>
  z.pipe(
    z.custom((value) => value !== undefined),
    z.transform((value, context): A | B => {
      const result = isMap(value) ? map.safeParse(value) : plain.safeParse(value);
      if (result.success) return result.data;
      forward(result.error.issues, context);
      return z.NEVER;
    }),
  );

/** Hands the issues of an inner schema on, under a path of their own. */
export function forward(
  issues: readonly z.core.$ZodIssue[],
  context: Refusable,
  path: PropertyKey[] = [],
): void {
  for (const issue of issues) {
    context.issues.push({ ...issue, input: context.value, path: [...path, ...issue.path] });
  }
}

/** Pulumi hands all plain values over as text: digits count as a number. */
export const wholeNumber = (least: number, most: number) =>
  z.pipe(
    z.pipe(z.union([z.number(), z.string().check(z.regex(/^\s*\d+\s*$/))]), z.transform(Number)),
    z.int().check(z.minimum(least), z.maximum(most)),
  );

/** true or false, also as text: top-level values are always text. */
export const yesOrNo = z.pipe(
  z.custom((value) => value !== undefined),
  z.transform((value, context): boolean => {
    const text = String(value).trim();
    if ((typeof value === "boolean" || typeof value === "string") && /^(?:true|false)$/.test(text))
      return text === "true";
    // YAML's older words, and numbers; what is none of them is mended by the key's example.
    if (/^(?:yes|y|on|1|true)$/i.test(text)) return refuse(context, "", { word: "true" });
    return refuse(context, "", /^(?:no|n|off|0|false)$/i.test(text) ? { word: "false" } : {});
  }),
);

/**
 * A list, or its entries in one text with commas between. Entries that stand there twice count once.
 * @param example an entry that is right, for entries that can't be mended otherwise.
 */
export const list = <T extends string>(
  check: (text: string) => Checked<T>,
  { example, least = 0, commas = true }: { example: string; least?: number; commas?: boolean },
) =>
  z.pipe(
    z.union([z.string(), z.array(z.unknown())]),
    z.transform((given, context): readonly T[] => {
      const value = fromJson(given);
      const inOne = typeof value === "string";
      const entries: unknown[] = inOne
        ? (commas ? value.split(",") : [value]).map((part) => part.trim()).filter((part) => part !== "")
        : (value as unknown[]);
      const results = entries.map((entry): Checked<T> =>
        typeof entry === "string" && entry.trim() !== "" ? check(entry.trim()) : { expected: "a text" },
      );
      const right = results.flatMap((result) => ("value" in result ? [result.value] : []));
      const wrong = results.flatMap((result, index) => ("value" in result ? [] : [{ ...result, index }]));
      if (wrong.length === 0) {
        return right.length < least ? refuse(context, "", { word: example }) : [...new Set(right)];
      }
      // One command for the whole list: what can't be guessed is left out.
      const mended = results.flatMap((result) => ("value" in result ? [result.value] : (result.word ?? [])));
      const word = mended.length === 0 ? example : quote([...new Set(mended)].join(","));
      if (inOne) {
        const expected = [...new Set(wrong.map((result) => result.expected))].join("; ");
        return refuse(context, expected, { word, repeats: true });
      }
      for (const { index, expected } of wrong) {
        const params = commas ? { word, forList: true } : { word: example };
        refuse(context, expected, { ...params, repeats: true }, [index]);
      }
      return z.NEVER;
    }),
  );

/**
 * One of some words, with other words that people use for them.
 * @param others what those others mean.
 */
export const choice = <T extends string>(words: readonly T[], others: Readonly<Record<string, T>> = {}) =>
  checkedText((given): Checked<T> => {
    const known = words.find((word) => word === given);
    if (known !== undefined) return { value: known };
    const plain = given.toLowerCase();
    const meant = Object.hasOwn(others, plain) ? others[plain] : suggest(given, words);
    return { expected: "", ...(meant === undefined ? {} : { word: meant }) };
  });
