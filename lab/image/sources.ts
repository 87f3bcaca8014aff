/** Where the guest's packages come from: the mirrors that this machine uses itself, or Debian's public ones. */
import { suite } from "./recipe.ts";

export interface Mirrors {
  readonly main: string;
  /** Undefined where there is none. */
  readonly security: string | undefined;
}

const publicMirrors: Mirrors = {
  main: "http://ftp.debian.org/debian",
  security: "http://security.debian.org/debian-security",
};

/** Debian's own keys, from the package debian-archive-keyring, on any host. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

const osReleaseField = (osRelease: string, name: string): string | undefined =>
  new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(osRelease)?.[1];

/**
 * Chooses the mirrors.
 *
 * `CLUSTER_DEBIAN_MIRROR` and `CLUSTER_DEBIAN_SECURITY_MIRROR` (`none` for none) in the environment come first. On a
 * Debian host the ones of its apt sources follow, so that a machine behind a private mirror works; they hold all
 * releases, so the host's own may be another one than the guest's. Else it is Debian's public archive.
 * @param targets what `apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)'` prints.
 * @param osRelease the content of /etc/os-release.
 */
export function chooseMirrors(targets: string, osRelease: string, env: NodeJS.ProcessEnv): Mirrors {
  const host =
    osReleaseField(osRelease, "ID") === "debian" ? osReleaseField(osRelease, "VERSION_CODENAME") : undefined;
  const web = targets
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([uri]) => /^https?:\/\//.test(uri ?? ""))
    .map(([uri = "", release = ""]) => ({ uri: uri.replace(/\/+$/, ""), release }));
  const serving = (release: string): string[] =>
    web.filter((entry) => entry.release === release).map(({ uri }) => uri);
  // Vendors' archives have suites of the same names; one with the updates beside it is Debian's.
  const candidates = host === undefined ? [] : serving(host);
  const used = candidates.find((uri) => serving(`${host ?? ""}-updates`).includes(uri)) ?? candidates[0];
  const main = env["CLUSTER_DEBIAN_MIRROR"] || used || publicMirrors.main;
  const security =
    env["CLUSTER_DEBIAN_SECURITY_MIRROR"] ||
    (host === undefined ? undefined : serving(`${host}-security`)[0]) ||
    publicMirrors.security;
  return { main, security: security === "none" ? undefined : security };
}

/** The text of an apt sources.list for the guest's release. */
export function sourcesList({ main, security }: Mirrors): string {
  const line = (mirror: string, release: string): string =>
    `deb [signed-by=${keyring}] ${mirror} ${release} main\n`;
  return (
    line(main, suite) +
    line(main, `${suite}-updates`) +
    (security === undefined ? "" : line(security, `${suite}-security`))
  );
}
