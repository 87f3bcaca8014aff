import { equal, ok, throws } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { consoleLog, domainStylesheet, poolStylesheet } from "../../../components/stylesheets.ts";
import { MARK_NAMESPACE, markXml, parseMark } from "../../../host/mark.ts";

const mark = {
  organization: "org",
  project: "coreos-cluster",
  stack: "dev",
  owner: "0123456789abcdef0123456789abcdef",
};

/**
 * The provider compares stylesheets as text: whoever changes one replaces every machine of every cluster. If that is what is
 * wanted, delete the golden file, run the tests, and say so in the changelog.
 */
function golden(name: string, text: string): void {
  const file = join(import.meta.dirname, "golden", name);
  if (!existsSync(file)) {
    mkdirSync(join(import.meta.dirname, "golden"), { recursive: true });
    writeFileSync(file, text);
  }
  equal(text, readFileSync(file, "utf8"));
}

describe("stylesheets", () => {
  it("are frozen text", () => {
    const folder = "/var/lib/libvirt/coreos-cluster/dev-core";
    golden("domain.xsl", domainStylesheet(mark, folder, "x86_64"));
    for (const arch of ["aarch64", "ppc64le", "s390x"] as const)
      golden(`domain-${arch}.xsl`, domainStylesheet(mark, folder, arch));
    equal(domainStylesheet(mark, folder, "i686"), domainStylesheet(mark, folder, "x86_64"));
    golden("pool.xsl", poolStylesheet(mark.owner, { mode: "0700", uid: 64055, gid: 106 }));
  });

  it("leave no placeholder, and no name can break out of its place", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "binary" }), (organization, stack) => {
        const text = domainStylesheet({ ...mark, organization, stack }, "/pool", "x86_64");
        const inner = /<cluster:stack>([^<]*)<\/cluster:stack>/.exec(text)?.[1];
        ok(inner !== undefined, text);
        ok(!/__[A-Z_]+__/.test(text.replaceAll(organization, "").replaceAll(stack, "")));
        equal(text.match(/<xsl:template /g)?.length, 6);
      }),
      { numRuns: 30 },
    );
  });

  it("agree with the rest of the program on the mark and the console's log", () => {
    const text = domainStylesheet(mark, "/pool", "x86_64");
    ok(text.includes(`xmlns:cluster="${MARK_NAMESPACE}"`));
    equal(consoleLog("dev-core01"), "/var/log/libvirt/qemu/dev-core01-console.log");
    ok(text.includes(`file="${consoleLog("{/domain/name}")}"`));
    equal(JSON.stringify(parseMark(text)), JSON.stringify(mark));
    equal(JSON.stringify(parseMark(markXml(mark))), JSON.stringify(mark));
  });
});

describe("the mark", () => {
  it("comes back as it was written, whatever the names", () => {
    const names = fc.string({ unit: "grapheme" }).filter((text) => !/[\u0000-\u001f]/.test(text));
    fc.assert(
      fc.property(names, names, (organization, stack) => {
        equal(parseMark(markXml({ ...mark, organization, stack }))?.stack, stack);
      }),
    );
  });

  it("is not seen where there is none", () => {
    equal(parseMark("<domain><name>stack</name></domain>"), undefined);
    throws(() => domainStylesheet({ ...mark, stack: undefined as unknown as string }, "/pool", "x86_64"));
  });
});
