/** Hostile values at each place where a text of somebody's goes into another language. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import * as fc from "fast-check";
import { parseRegistration } from "../../../commands/readiness/registry.ts";
import { addressOf } from "../../../commands/readiness/machines.ts";
import { domainStylesheet, poolStylesheet } from "../../../components/stylesheets.ts";
import { virshWord } from "../../../host/batch.ts";
import { shellCommand, ShellWordError } from "../../../host/shell.ts";
import { elementText, escapeXml, unescapeXml } from "../../../host/xml.ts";
import { environmentWord, unitWord } from "../../../ignition/variables.ts";
import { isHost, parseSocket } from "../../../plan/addresses.ts";
import { isLabel } from "../../../plan/names.ts";
import { quote } from "../../../plan/remedies.ts";
import { argument, hostile, NASTY, shellWords } from "../../support/hostile.ts";

/** The words of a command line by POSIX's rules of quotes (2.2.1, 2.2.2); outside of quotes nothing but plain letters may stand. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, quoted, escaped, plain, other] of line.matchAll(
    /'([^']*)'|\\([^])|([A-Za-z0-9_/.:,@%+=~-])|([^])/g,
  )) {
    const text = quoted ?? escaped ?? plain;
    if (text !== undefined) word = (word ?? "") + text;
    else if (other === " " && word !== undefined) {
      words.push(word);
      word = undefined;
    } else throw new Error(`${JSON.stringify(other)} stands alone in ${JSON.stringify(line)}`);
  }
  return word === undefined ? words : [...words, word];
}

describe("hostile values stay values", () => {
  it("in a shell's command line", () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 40 }), (words) => {
        deepEqual(wordsOf(shellCommand(words)), words);
        // For people to paste; what moves a cursor is spelt for printf there.
        const shown = words.map((word) => word.replace(/[\0-\x1f\x7f]/g, ""));
        deepEqual(wordsOf(shown.map(quote).join(" ")), shown);
      }),
    );
    deepEqual(shellWords(shellCommand(NASTY)), NASTY);
    deepEqual(shellWords(NASTY.map(quote).join(" ")), NASTY);
    for (const text of ["a\0b", "a\nb", "a\rb"]) throws(() => shellCommand([text]), ShellWordError);
  });

  it("in virsh's command line: its words begin and end as a shell's do", () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 40 }), (words) => {
        deepEqual(wordsOf(words.map(virshWord).join(" ")), words);
      }),
    );
  });

  it("in XML, and come out as they were", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const escaped = escapeXml(text);
        match(escaped, /^[^<>"']*$/);
        equal(/&(?!(?:amp|lt|gt|quot|apos);)/.test(escaped), false);
        const unfit = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;
        equal(elementText(`<a>${escaped}</a>`, "a"), text.replace(unfit, "\ufffd"));
      }),
    );
    equal(unescapeXml("&#x110000;&#99999999;"), "&#x110000;&#99999999;");
  });

  it("in stylesheets: no element, no attribute and no placeholder comes with them", () => {
    const plain = domainStylesheet(
      { organization: "o", project: "p", stack: "s", owner: "w" },
      "/pool",
      "x86_64",
    );
    const shape = (text: string): string => text.replace(/>[^<>]*</g, "><");
    fc.assert(
      fc.property(hostile, hostile, (stack, path) => {
        const mark = { organization: "o", project: "p", stack, owner: "w" };
        equal(shape(domainStylesheet(mark, path, "x86_64")), shape(plain));
        const access = { mode: stack, uid: 1, gid: 1 };
        equal(shape(poolStylesheet("w", access)), shape(poolStylesheet("w", { ...access, mode: "0700" })));
      }),
    );
  });

  it("in a unit's quoted words, as systemd takes them apart", () => {
    const unescaped = (text: string): string => text.replace(/\\(["\\])/g, "$1");
    fc.assert(
      fc.property(argument, (text) => {
        // An end of the quotes, a specifier or a variable would be a sign of these that stands alone.
        const word = unitWord(text);
        equal(/(?<!\\)(?:\\\\)*"/.test(word), false);
        equal(word.replace(/%%|\$\$/g, "").search(/[%$]/), -1);
        equal(unescaped(word).replace(/([%$])\1/g, "$1"), text);
        const environment = environmentWord(text);
        equal(environment.replace(/%%/g, "").includes("%"), false);
        equal(unescaped(environment).replace(/%%/g, "%"), text);
      }),
    );
  });

  it("in names, hosts and sockets: what is none is refused", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const accepted of [isLabel(text), isHost(text), parseSocket(text) !== undefined])
          if (accepted) match(text, /^[A-Za-z0-9.:[\]-]+$/);
      }),
    );
    for (const text of ["fe80::1%eth0", "a;b", "$(id)", "a b", "-a", "a\n", "0.0.0.0:2375%i"])
      equal(
        isLabel(text) || (isHost(text) && !text.includes("%")) || parseSocket(text) !== undefined,
        false,
        text,
      );
  });

  it("in what machines and registries say of themselves", () => {
    for (const host of ["$(reboot)", "`id`", "a;b", "a&b", "'x'", "-oproxycommand=x"])
      equal(parseRegistration(`n1=http://${host}:2380`), undefined, host);
    deepEqual(parseRegistration("n1=http://10.0.0.1:2380"), { name: "n1", host: "10.0.0.1" });
    deepEqual(parseRegistration("n1=http://[fd00::1]:2380"), { name: "n1", host: "[fd00::1]" });
    const mac = "52:54:00:12:34:56";
    equal(addressOf(` eth0 ${mac} ipv4 $(reboot)/24`, mac), undefined);
    equal(addressOf(` eth0 ${mac} ipv4 10.0.0.5/24`, mac), "10.0.0.5");
  });
});
