#!/bin/sh
# The way into every npm script: brings a Node.js that runs TypeScript by itself and the npm dependencies of the
# lock file, then hands over to commands/main.ts. Plain POSIX sh, since nothing else can be relied on yet.
#
#   sh commands/bootstrap.sh VERB [ARGUMENT...]     a verb of the CLI (see --help)
#   sh commands/bootstrap.sh run PROGRAM [...]      a program of node_modules/.bin under that Node.js
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
self=$checkout/commands/bootstrap.sh
cd "$checkout"

# Kept in step with lab/shared/context.ts.
cache=${CLUSTER_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/coreos-cluster}
lab=${CLUSTER_LAB_DIR:-$checkout/.lab}
log=$lab/log/bootstrap.log
minimum=22.18

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a quiet step: one line with its time when it ends, its output in the log.
step() {
  title=$1
  shift
  began=$(date +%s)
  if [ -t 2 ]; then printf '  … %s' "$title" >&2; fi
  mkdir -p "$lab/log"
  touch "$log" 2>/dev/null && chmod 600 "$log" # as the lab's other logs
  printf '\n$ %s\n' "$*" >>"$log"
  if ! "$@" >>"$log" 2>&1; then
    if [ -t 2 ]; then printf '\r' >&2; fi
    printf '  ✖ %s\n' "$title" >&2
    tail -n 15 "$log" >&2
    fail "$title failed; all of its output is in $log"
  fi
  if [ -t 2 ]; then printf '\r' >&2; fi
  printf '  ✔ %s (%s s)\n' "$title" "$(($(date +%s) - began))" >&2
}

# Whether a Node.js binary is new enough to strip types by itself.
recent() {
  "$1" -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const [wantMajor, wantMinor] = process.argv[1].split(".").map(Number);
    process.exit(major > wantMajor || (major === wantMajor && minor >= wantMinor) ? 0 : 1)' "$minimum" 2>/dev/null
}

# With no Node.js there is no npm either, and then nobody can have called us through it.
command -v node >/dev/null 2>&1 || fail "Node.js 18 or newer with npm is needed; install it (for example: apt-get install nodejs npm)"

# Steps that two runs at once must not do at once call this script again under flock(1).
case ${1:-} in
--install-node)
  home=$2
  if [ -d "$home" ]; then exit 0; fi
  rm -rf "$home.part"
  mkdir -p "$home.part"
  cp lab/toolchain/node/package.json lab/toolchain/node/package-lock.json "$home.part/"
  (cd "$home.part" && npm ci --omit=dev --no-fund --no-audit)
  # To npm, an optional package that can't be fetched or unpacked is no error; to us it is.
  if ! sh -c '"$@" --version' sh "$home.part"/node_modules/node-linux-*/bin/node; then
    df -h "$home.part" >&2
    echo "Node.js was not fetched whole; is the disk full, the package registry out of reach?" >&2
    exit 1
  fi
  mv "$home.part" "$home"
  exit 0
  ;;
--install-dependencies)
  stamp=$2
  if sha256sum --check --status "$stamp" 2>/dev/null; then exit 0; fi
  npm ci --no-fund --no-audit
  sha256sum package-lock.json sdks/libvirt/package.json >"$stamp"
  exit 0
  ;;
esac

if ! recent node; then
  key=$(cat lab/toolchain/node/package.json lab/toolchain/node/package-lock.json | sha256sum | cut -c1-16)
  home=$cache/node/$key
  if ! [ -d "$home" ]; then
    mkdir -p "$cache/node"
    step "Node.js for this project (found $(node --version), $minimum or newer is needed)" \
      flock "$cache/node/$key.lock" sh "$self" --install-node "$home"
  fi
  for bin in "$home"/node_modules/node-linux-*/bin; do PATH=$bin:$PATH; done
  export PATH
  recent node || fail "the Node.js in $home does not run here; remove that folder and try again"
fi

# `npm ci` empties node_modules first, so the stamp of what was installed vanishes with it.
stamp=node_modules/.coreos-cluster-lock
if ! sha256sum --check --status "$stamp" 2>/dev/null; then
  mkdir -p "$lab"
  step "npm dependencies" flock "$lab/npm.lock" sh "$self" --install-dependencies "$stamp"
fi
PATH=$checkout/node_modules/.bin:$PATH
export PATH

if [ "${1:-}" = run ]; then
  shift
  exec "$@"
fi

# The lab needs root (packages, namespaces, libvirt); the steps above ran as the user. Help and images need nobody; what is
# about a libvirt host runs as the user whose connection and ssh keys it is about, and takes sudo where it must.
case "${1:-} ${2:-}" in
" " | help* | -h* | --help* | *" -h" | *" --help" | "image "* | "doctor "* | "host-prepare "* | "tools "*)
  exec node commands/main.ts "$@" ;;
esac
case "${1:-} ${2:-}" in "snapshot status") exec node commands/main.ts "$@" ;; esac # about a file alone
case ${1:-} in
list | logs | pause | resume | leaks | status | console | ssh | credentials | replace | roll | snapshot | restore | destroy)
  case " $* " in *" --connect "* | *" --connect="*) exec node commands/main.ts "$@" ;; esac
  if [ -n "${LIBVIRT_DEFAULT_URI:-}" ] && ! [ -d "$lab/libvirt" ]; then exec node commands/main.ts "$@"; fi
  ;;
esac
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || fail "the lab needs root: run this as root, or install sudo"
  # sudo clears the environment: what steers the tools that are run is handed on.
  set -- node commands/main.ts "$@"
  for name in NO_COLOR CI GOPROXY GOSUMDB GOFLAGS CLUSTER_DEBIAN_MIRROR CLUSTER_DEBIAN_SECURITY_MIRROR XDG_CACHE_HOME \
    CLUSTER_IMAGE_MIRROR NODE_USE_ENV_PROXY http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if eval "[ -n \"\${$name:-}\" ]"; then
      value=$(eval "printf '%s' \"\$$name\"")
      set -- "$name=$value" "$@"
    fi
  done
  exec sudo env CLUSTER_CACHE_DIR="$cache" CLUSTER_LAB_DIR="$lab" HOME="$HOME" PATH="$PATH" "$@"
fi
exec node commands/main.ts "$@"
