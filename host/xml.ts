/** The little XML that is written and read by hand: escaped text out, single values in. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** What XML 1.0 can't hold: control characters, two non-characters and halves of surrogate pairs. */

const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** `text` as XML character data that also fits into a quoted attribute. Characters that XML can't hold become U+FFFD. */
export const escapeXml = (text: string): string =>
  text.replace(UNFIT, "\ufffd").replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** The reverse of {@link escapeXml}, numeric references included. */
export const unescapeXml = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-f]+)|#([0-9]+)|(amp|lt|gt|quot|apos));/gi,
    (whole, hex?: string, dec?: string) => {
      const code = hex !== undefined ? parseInt(hex, 16) : dec !== undefined ? parseInt(dec, 10) : undefined;
      if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      return Object.keys(ENTITIES).find((char) => ENTITIES[char] === whole.toLowerCase()) ?? whole;
    },
  );

/** The text of the first element called `name` (its prefix, if it has one, included). */
export function elementText(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml);
  return found?.[1] === undefined ? undefined : unescapeXml(found[1]);
}

/** All values of the attribute `name`, wherever it stands. */
export const attributeValues = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`\\s${name}=(?:'([^']*)'|"([^"]*)")`, "g"))].map((found) =>
    unescapeXml(found[1] ?? found[2] ?? ""),
  );
