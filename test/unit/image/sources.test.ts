import assert from "node:assert/strict";
import { chooseMirrors, sourcesList } from "../../../lab/image/sources.ts";

const debian = (codename: string): string =>
  `PRETTY_NAME="Debian GNU/Linux"\nID=debian\nVERSION_CODENAME=${codename}\n`;
const ubuntu = 'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME="noble"\n';

const publicMirrors = {
  main: "http://ftp.debian.org/debian",
  security: "http://security.debian.org/debian-security",
};

describe("where the guest's packages come from", () => {
  it("takes the mirrors of a Debian host", () => {
    const targets = `https://download.docker.com/linux/debian/ bookworm
http://mirror.example/debian/ bookworm
http://mirror.example/debian/ bookworm-updates
http://mirror.example/security/ bookworm-security
`;
    const withoutDocker = targets.split("\n").slice(1).join("\n");
    assert.deepEqual(chooseMirrors(withoutDocker, debian("bookworm"), {}), {
      main: "http://mirror.example/debian",
      security: "http://mirror.example/security",
    });
    // Vendors call their suites by Debian's names too, but have no -updates beside them.
    assert.equal(chooseMirrors(targets, debian("bookworm"), {}).main, "http://mirror.example/debian");
  });

  it("takes the mirrors of a newer Debian host: they hold the guest's release as well", () => {
    const targets = "http://mirror.example/debian/ trixie\nhttp://mirror.example/debian/ trixie-updates\n";
    assert.deepEqual(chooseMirrors(targets, debian("trixie"), {}), {
      main: "http://mirror.example/debian",
      security: publicMirrors.security,
    });
  });

  it("takes Debian's public mirrors on other systems, and where the host's are no web addresses", () => {
    assert.deepEqual(chooseMirrors("http://archive.ubuntu.com/ubuntu/ noble\n", ubuntu, {}), publicMirrors);
    assert.deepEqual(
      chooseMirrors("cdrom://x/ bookworm\nfile:/srv/debian/ bookworm\n", debian("bookworm"), {}),
      publicMirrors,
    );
    assert.deepEqual(chooseMirrors("", debian("bookworm"), {}), publicMirrors);
  });

  it("takes what the environment says before all", () => {
    const env = { CLUSTER_DEBIAN_MIRROR: "http://10.0.0.1/debian", CLUSTER_DEBIAN_SECURITY_MIRROR: "none" };
    const mirrors = chooseMirrors("http://mirror.example/debian/ bookworm\n", debian("bookworm"), env);
    assert.deepEqual(mirrors, { main: "http://10.0.0.1/debian", security: undefined });
    assert.doesNotMatch(sourcesList(mirrors), /security/);
  });

  it("writes one line for each part of the release, all checked with Debian's keys", () => {
    const lines = sourcesList(publicMirrors).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => line.replace(/\[.*?\] /, "")),
      [
        "deb http://ftp.debian.org/debian bookworm main",
        "deb http://ftp.debian.org/debian bookworm-updates main",
        "deb http://security.debian.org/debian-security bookworm-security main",
      ],
    );
    for (const line of lines)
      assert.match(line, /signed-by=\/usr\/share\/keyrings\/debian-archive-keyring\.gpg/);
  });
});
