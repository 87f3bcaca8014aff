/** Texts that mean something to one language or another, for properties that must hold for any text. */
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";

/** The words that a real shell makes of a command line. */
export const shellWords = (line: string): string[] =>
  execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

export const NASTY: readonly string[] = [
  ...[
    "'",
    '"',
    "`id`",
    "$(id)",
    "${IFS}",
    ";",
    "&&",
    "||",
    "|",
    ">",
    "<",
    "*",
    "?",
    "~",
    "\\",
    "#",
    "!",
    "-x",
    "--",
  ],
  ...[
    "%n",
    "%%",
    "%",
    "$HOME",
    "{{x}}",
    "{PRIVATE_IPV4}",
    "{@value}",
    "]]>",
    "<!--",
    "&amp;",
    "&#0;",
    "&",
    "<x/>",
  ],
  ...["__OWNER__", "\u2028", "\u0085", "\u00a0", "\ufeff", "=", " ", "\t", "€", "\u{1f600}"],
];

/** Any text, of such pieces and of others. */
export const hostile: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary", maxLength: 4 })), { maxLength: 6 })
  .map((parts) => parts.join(""));

/** What an argument can hold, on one line. */
export const argument: fc.Arbitrary<string> = hostile.map((text) =>
  text.replace(/[\0\r\n]|\p{Surrogate}/gu, ""),
);

/** What ends a line, a text or a list in YAML, in a unit and in JSON, and begins something of its own. */
export const breakOut: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          "\n",
          "\r\n",
          ": ",
          " #",
          "- ",
          "'",
          '"',
          "\\n",
          "\\",
          "%0a",
          "%0A[Service]",
          "%00",
          "\u2028",
          "\u0085",
        ],
        ...[
          "\nExecStart=/bin/false",
          "\n[Service]\nUser=root",
          '"\nstorage:\n  files: []',
          "'\n- path: /pwned\n",
        ],
        ...[
          '","x":"',
          "}]}",
          "!!binary ",
          "&a ",
          "*a",
          "|\n  ",
          ">-\n",
          "? x",
          "---\n",
          "...\n",
          "${x}",
          "{{tlsKey}}",
        ],
      ),
      fc.string({ maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(""));
