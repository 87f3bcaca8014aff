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

function lookUp(name: string, variables: Variables, profile: Profile, path: Path): Variable {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value !== undefined) return value;
  const known = Object.keys(variables).sort().join(", ");
  throw new RenderError(
    `${profile.source} line ${profile.lineOf(path)}: no variable is called "${name}" (there are ${known})`,
  );
}

function replaceText(text: string, variables: Variables, profile: Profile, path: Path): Value {
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) {
    const value = lookUp(whole, variables, profile, path);
    return typeof value === "object" ? [...value] : value;
  }
  return text.replace(REFERENCE, (_, name: string) => {
    const value = lookUp(name, variables, profile, path);
    if (typeof value !== "object") return String(value);
    throw new RenderError(
      `${profile.source} line ${profile.lineOf(path)}: "${name}" is a list and can't stand inside a text`,
    );
  });
}

/**
 * The profile's value with all variables filled in. A text that is one reference and nothing else takes the variable's
 * own type (a list, a number); inside a longer text it becomes text. Keys are left alone.
 * @throws RenderError for a variable that does not exist.
 */
export function substitute(profile: Profile, variables: Variables): ValueMap {
  const walk = (value: Value, path: Path): Value => {
    if (typeof value === "string") return replaceText(value, variables, profile, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (isMap(value)) return walkMap(value, path);
    return value;
  };
  const walkMap = (map: ValueMap, path: Path): ValueMap =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [key, walk(value, [...path, key])]));
  return walkMap(profile.value, []);
}
