/** The contents of files in Ignition configs: `data:` URLs (RFC 2397), percent-encoded or base64. */

interface DataUrl {
  readonly head: string;
  readonly base64: boolean;
  readonly bytes: Buffer;
}

function percentDecode(text: string): Buffer {
  const parts = text.split(/((?:%[0-9a-fA-F]{2})+)/);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.from(part.replaceAll("%", ""), "hex") : Buffer.from(part, "utf8"),
    ),
  );
}

function parse(url: string): DataUrl | undefined {
  const match = /^(data:[^,]*?)(;base64)?,(.*)$/is.exec(url);
  if (match === null) return undefined;
  const [, head = "", mark, body = ""] = match;
  const base64 = mark !== undefined;
  return {
    head,
    base64,
    bytes: base64 ? Buffer.from(decodeURIComponent(body), "base64") : percentDecode(body),
  };
}

/** The text in a data URL; undefined where it is another URL, or holds no UTF-8 text. */
export function dataText(url: string): string | undefined {
  const parsed = parse(url);
  if (parsed === undefined) return undefined;
  const text = parsed.bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(parsed.bytes) ? text : undefined;
}

/** encodeURIComponent, but for lone surrogates, which no text read from a file has. */
const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** The data URL with another text in it, encoded as it was. */
export function withDataText(url: string, text: string): string {
  const parsed = parse(url);
  if (parsed === undefined) return url;
  const { head, base64 } = parsed;
  return base64 ? `${head};base64,${Buffer.from(text).toString("base64")}` : `${head},${percentEncode(text)}`;
}
