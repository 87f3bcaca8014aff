/**
 * Variables in profiles: `{{name}}`, replaced in the values of the parsed document. A value can hold anything, quotes and
 * braces too, since it never passes through YAML's or JSON's syntax, and it is not looked at again.
 */
import { RenderError } from "../errors.ts";
import type { Profile } from "./profile.ts";
import { isMap, type Path, type Value, type ValueMap } from "./values.ts";

export type Variable = string | number | boolean | readonly string[];
export type Variables = Readonly<Record<string, Variable>>;

const REFERENCE = /\{\{\s*([A-Za-z]\w*)\s*\}\}/g;
const WHOLE = /^\{\{\s*([A-Za-z]\w*)\s*\}\}$/;

/** What happens to a name that is no variable: an error, another value, or undefined to leave the text as it is. */
export type Unknown = (name: string, path: Path) => Variable | undefined;

const refuse =
  (profile: Profile, variables: Variables): Unknown =>
  (name, path) => {
    const known = Object.keys(variables).sort().join(", ");
    throw new RenderError(
      `${profile.source} line ${profile.lineOf(path)}: no variable is called "${name}" (there are ${known})`,
    );
  };

/** Fills in the variables of one text. */
type Fill = (text: string, path: Path) => Value;

function filling(profile: Profile, variables: Variables, unknown: Unknown): Fill {
  const lookUp = (name: string, path: Path): Variable | undefined =>
    (Object.hasOwn(variables, name) ? variables[name] : undefined) ?? unknown(name, path);
  return (text, path) => {
    const whole = WHOLE.exec(text)?.[1];
    if (whole !== undefined) {
      const value = lookUp(whole, path) ?? text;
      return typeof value === "object" ? [...value] : value;
    }
    return text.replace(REFERENCE, (reference, name: string) => {
      const value = lookUp(name, path) ?? reference;
      if (typeof value !== "object") return String(value);
      throw new RenderError(
        `${profile.source} line ${profile.lineOf(path)}: "${name}" is a list and can't stand inside a text`,
      );
    });
  };
}

/** A value with each of its texts replaced; keys are left alone. */
export function mapTexts(map: ValueMap, replace: Fill): ValueMap {
  const walk = (value: Value, path: Path): Value => {
    if (typeof value === "string") return replace(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    return isMap(value) ? walkMap(value, path) : value;
  };
  const walkMap = (inner: ValueMap, path: Path): ValueMap =>
    Object.fromEntries(Object.entries(inner).map(([key, value]) => [key, walk(value, [...path, key])]));
  return walkMap(map, []);
}

/**
 * The profile's value with all variables filled in. A text that is one reference and nothing else takes the variable's
 * own type (a list, a number); inside a longer text it becomes text. Keys are left alone.
 * @param unknown what happens to a name that is no variable; by default it is an error
 * @throws RenderError for a variable that does not exist.
 */
export const substitute = (
  profile: Profile,
  variables: Variables,
  unknown: Unknown = refuse(profile, variables),
): ValueMap => mapTexts(profile.value, filling(profile, variables, unknown));
