import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { lastLines, Lines, plainLine } from "../../../commands/hosts/terminal.ts";

const E = "\u001b";

describe("console text", () => {
  const table: readonly (readonly [string, string, string])[] = [
    ["plain text", "core login: ", "core login:"],
    ["colours", `[${E}[0;32m  OK  ${E}[0m] Started etcd`, "[  OK  ] Started etcd"],
    ["cursor and erasure", `${E}[2J${E}[01;01HSeaBIOS${E}[K (version 1.16)`, "SeaBIOS (version 1.16)"],
    ["a title", `${E}]0;core@dev-core01\u0007core$ ls`, "core$ ls"],
    ["a title ended by ST", `${E}]2;x${E}\\after`, "after"],
    ["device control", `${E}P1$r0m${E}\\after`, "after"],
    ["character sets and modes", `${E}(B${E}=${E}>${E}7text${E}8${E}c`, "text"],
    ["private modes", `${E}[?25l${E}[?2004htext`, "text"],
    ["a sequence that is cut off", `text${E}[0;3`, "text"],
    ["a string that is cut off", `text${E}]0;never ended`, "text"],
    ["the end of a line as terminals write it", "text\r", "text"],
    ["a line that is written over", "loading 10%\rloading 100%", "loading 100%"],
    ["a shorter line over a longer one", "loading 10%\rdone", "doneing 10%"],
    ["a shorter line over an erased one", `loading 10%\r${E}[Kdone`, "done"],
    ["backspaces", "ab\b\bcd", "cd"],
    ["backspaces over the beginning", "\b\bx", "x"],
    ["tabs", "a\tb", "a\tb"],
    ["NULs and bells", "\0a\u0007b\u0000", "ab"],
    ["letters beyond ASCII", "grüße 你好 🚀", "grüße 你好 🚀"],
  ];
  for (const [what, raw, plain] of table)
    it(`${what}: ${JSON.stringify(raw)} is ${JSON.stringify(plain)}`, () => {
      equal(plainLine(raw), plain);
    });

  it("never holds a control character but tabs", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            E,
            "[",
            "]",
            "P",
            "\\",
            "m",
            "0",
            ";",
            "\r",
            "\b",
            "\0",
            "\u009b",
            "a",
            "\t",
            " ",
          ),
        }),
        (text) => !/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/.test(plainLine(text)),
      ),
    );
  });

  it("stays as it is where there is nothing to take away", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!/[\p{Cc}\u2028\u2029]/u.test(text));
        equal(plainLine(text), text.trimEnd());
      }),
    );
  });

  it("is split into the same lines however it comes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\n") })), (pieces) => {
        const lines = new Lines();
        const got = [...pieces.flatMap((piece) => lines.add(piece)), ...lines.end()];
        const whole = pieces.join("");
        deepEqual(got, whole === "" ? [] : whole.replace(/\n$/, "").split("\n"));
      }),
    );
  });

  it("ends in the last lines", () => {
    deepEqual(lastLines(["a", "b", "c"], 2), ["b", "c"]);
    deepEqual(lastLines(["a"], 5), ["a"]);
    deepEqual(lastLines(["a"], 0), []);
    deepEqual(lastLines(["a", "b"], undefined), ["a", "b"]);
  });
});
