/** Property values as they travel between engine and plugins: JSON with two kinds of marked values. */

export type PropertyValue = null | boolean | number | string | readonly PropertyValue[] | PropertyMap;
export interface PropertyMap {
  readonly [key: string]: PropertyValue;
}

/** Stands for a value that is not known before the real run (Pulumi's wire format). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The key and the value that mark an object as something else than an object, here: a secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
/** Other kinds of unknown values, of numbers, booleans and so on. */
const UNKNOWNS: ReadonlySet<PropertyValue> = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export const isList = (value: PropertyValue | undefined): value is readonly PropertyValue[] =>
  Array.isArray(value);
export const isObject = (value: PropertyValue | undefined): value is PropertyMap =>
  typeof value === "object" && value !== null && !isList(value);
export const isUnknown = (value: PropertyValue | undefined): boolean =>
  value !== undefined && UNKNOWNS.has(value);
export const isSecret = (value: PropertyValue | undefined): value is PropertyMap =>
  isObject(value) && value[SIGNATURE] === SECRET;

/** Marks a value as a secret: the engine encrypts it in the state and hides it in its output. */
export const secret = (value: PropertyValue): PropertyMap => ({ [SIGNATURE]: SECRET, value });

/** What a map itself has at a key: "valueOf" is a key as any other. */
export const entryOf = (map: PropertyMap, key: string): PropertyValue | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;

/** The value with the marks of secrets taken off, at any depth. */
export function reveal(value: PropertyValue): PropertyValue {
  if (isList(value)) return value.map(reveal);
  if (isSecret(value)) return reveal(value["value"] ?? null);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
  return value;
}

/** Whether the value or anything in it satisfies `test`. */
function some(value: PropertyValue, test: (value: PropertyValue) => boolean): boolean {
  if (test(value)) return true;
  if (isList(value)) return value.some((inner) => some(inner, test));
  return isObject(value) && Object.values(value).some((inner) => some(inner, test));
}

export const containsUnknown = (value: PropertyValue): boolean => some(value, isUnknown);
export const containsSecret = (value: PropertyValue): boolean => some(value, isSecret);

/** Without null entries of maps, at any depth: they stand for absent ones. Elements of lists keep their places. */
export const withoutNulls = (map: PropertyMap): PropertyMap =>
  Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) => (value === null ? [] : [[key, withoutInnerNulls(value)]])),
  );

const withoutInnerNulls = (value: PropertyValue): PropertyValue => {
  if (isList(value)) return value.map(withoutInnerNulls);
  return isObject(value) ? withoutNulls(value) : value;
};

/** Deep equality; an absent key and a null one are the same. */
export function equal(left: PropertyValue | undefined, right: PropertyValue | undefined): boolean {
  if (left === undefined || left === null) return right === undefined || right === null;
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((value, index) => equal(value, right[index]))
    );
  }
  if (isObject(left)) {
    if (!isObject(right)) return false;
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) =>
      equal(entryOf(left, key), entryOf(right, key)),
    );
  }
  return left === right;
}
