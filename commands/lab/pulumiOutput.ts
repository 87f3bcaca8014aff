/** Reading what `pulumi` prints when nobody sits at a terminal. */

/** The part of Pulumi's output that says what went wrong. */
export function diagnostics(output: string): string {
  const lines = output.split("\n");
  const begin = lines.findIndex((line) => line.startsWith("Diagnostics:"));
  if (begin < 0) return output.trimEnd().split("\n").slice(-15).join("\n");
  const end = lines.findIndex((line, index) => index > begin && /^(Outputs|Resources|Duration):?/.test(line));
  return lines
    .slice(begin + 1, end < 0 ? undefined : end)
    .join("\n")
    .trim();
}

const AGAIN = "Run the same again: it goes on from what is there, and clears what was half made.";

/** What Pulumi says when the process behind one of its plugins is gone: gRPC's words for a socket that nobody serves any more. */
const PLUGIN_GONE =
  /connection error: desc = "transport: .*dial unix \S+plugin|error reading from server: (EOF|read unix)|transport is closing/;

/** What is said of a Pulumi that failed. @param signal what ended it from outside. */
export function failure(
  what: string,
  { signal, output }: { readonly signal: string | undefined; readonly output: string },
): string {
  const killed = "by somebody, or by the kernel where memory is short (dmesg tells)";
  if (signal !== undefined) return `${what} was ended from outside, by ${signal}: ${killed}. ${AGAIN}`;
  const told = `${what} failed:\n${diagnostics(output)}`;
  return PLUGIN_GONE.test(output)
    ? `${told}\nThe process of one of its plugins has ended in the middle: by a fault of its own, ${killed}. ${AGAIN}`
    : told;
}

/** The warnings in Pulumi's output, each with the lines that belong to it, without the word itself; none twice. */
export function warnings(output: string): string[] {
  if (!/^Diagnostics:/m.test(output)) return [];
  const found: string[] = [];
  let indent: number | undefined;
  for (const line of diagnostics(output).split("\n")) {
    const [, before = "", text = ""] = /^(\s*)(.*)$/.exec(line) ?? [];
    const begun = /^warning: (.*)$/.exec(text)?.[1];
    if (begun !== undefined) {
      indent = before.length;
      found.push(begun);
    } else if (indent !== undefined && before.length > indent && text !== "") {
      found.push(`${found.pop() ?? ""}\n  ${text}`);
    } else indent = undefined;
  }
  return [...new Set(found)];
}

/** What an update did, by Pulumi's own count, as "10 created, 2 unchanged". */
export function changes(output: string): string {
  const counts = output.matchAll(
    /^ +(?:[-+~=]+ ?)?(\d+) (created|updated|deleted|replaced|unchanged|same)\b/gm,
  );
  return [...counts].map(([, count, verb]) => `${count ?? ""} ${verb ?? ""}`).join(", ");
}

/** A resource's line: sign, type, name, what is done with it, how long already, and what it says itself. */
const resourceLine = /^[-+~=]+ +\S+:\S+:\S+ (\S+) ([a-z]+(?: [a-z]+)*)(?: \([\d.]+m?s\))? *(.*)$/;

/** The part of a line of `pulumi up` that is worth showing behind the spinner. */
export function progressOf(line: string): string | undefined {
  const text = line.trim();
  const [, name, doing, words] = resourceLine.exec(text) ?? [];
  if (name === undefined || doing === undefined) return undefined;
  return words === undefined || words === "" || words.startsWith("[diff:") ? `${doing} ${name}` : words;
}
