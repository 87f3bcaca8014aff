import assert from "node:assert/strict";
import {
  findingLines,
  findingsByPath,
  findingsOfCt,
  findingsOfIgnition2,
  findingText,
} from "../../../ignition/transpile/findings.ts";
import type { Origin } from "../../../ignition/render/document.ts";

const at = (line: number): Origin => ({ source: "mine.yaml", line: line + 100, user: true });

describe("what the transpilers say", () => {
  it("is read from ct's pairs of lines", () => {
    const findings = findingsOfCt(
      "warning at line 3, column 7\nmode unspecified\nerror at line 6, column 16\nopen a: no such file\nFailed to parse config\n",
      at,
    );
    assert.deepEqual(
      findings.map((finding) => [finding.fatal, findingText(finding)]),
      [
        [false, "mine.yaml line 103: mode unspecified"],
        [true, "mine.yaml line 106: open a: no such file"],
      ],
    );
  });

  it("is read from ct's words without a place, and from YAML's with one inside", () => {
    const findings = findingsOfCt(
      "error: yaml: unmarshal errors:\n  line 4: cannot unmarshal !!str into int\n",
      at,
    );
    assert.deepEqual(findings.map(findingText), [
      "yaml: unmarshal errors:   mine.yaml line 104: cannot unmarshal !!str into int",
    ]);
    assert.deepEqual(
      findingsOfCt("something new\n", at).map(({ fatal, message }) => [fatal, message]),
      [[true, "something new"]],
    );
  });

  it("is read from paths, as butane and ignition-validate write them", () => {
    const findings = findingsByPath(
      "warning at $.storage.files.0.mode, line 6 col 13: odd, remember: a zero\nerror at $.systemd: bad\ncouldn't parse config: unsupported config version\nConfig produced warnings and --strict was specified\n",
      (path) => ({ source: path.join("/"), line: 1, user: true }),
    );
    assert.deepEqual(
      findings.map((finding) => [finding.fatal, findingText(finding)]),
      [
        [false, "storage/files/0/mode line 1: odd, remember: a zero"],
        [true, "systemd line 1: bad"],
        [true, "couldn't parse config: unsupported config version"],
      ],
    );
  });

  it("is read from ign-converter's report without the config that it repeats", () => {
    const report =
      'error at line 7, column 2\n    7: "path": "a\n             ^\npath not absolute\nwarning at line 8, column 1\nunset';
    const findings = findingsOfIgnition2(
      `${report}Error parsing spec v2 config: config is not valid\n${report}`,
      at,
    );
    assert.equal(findingLines(findings), "  mine.yaml line 107: path not absolute");
  });

  it("is shown once", () => {
    const finding = { fatal: true, message: "m", origin: undefined };
    assert.equal(findingLines([finding, finding]), "  m");
  });
});
