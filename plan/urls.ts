/** URLs in config. */

/** An http(s) URL in normal form, or undefined. Blanks and control characters are refused, not mended. */
export function parseHttpUrl(text: string): URL | undefined {
  if (/[\s\0-\x1f\x7f]/.test(text)) return undefined;
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== ""
    ? url
    : undefined;
}

/** An endpoint: what paths are appended to, so it has neither query nor fragment, and no slash at the end. */
export function parseEndpoint(text: string): string | undefined {
  const url = parseHttpUrl(text);
  if (url === undefined || url.search !== "" || url.hash !== "") return undefined;
  return url.href.replace(/\/+$/, "");
}

/** A URL for a message: without user name and password. */
export function redactUrl(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1***@");
}
