# shellcheck shell=bash
# Step one: the tree of Debian packages, as a tar file.

# What no lab guest needs of any package.
readonly PACKAGE_EXCLUDES=(
  '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/lintian/*' '/usr/share/locale/*'
  '/usr/share/bash-completion/*' '/usr/share/bug/*' '/usr/share/zsh/*' '/usr/share/initramfs-tools/*'
)

# build_tree SOURCES TREE_TAR
build_tree() {
  local sources=$1 tree_tar=$2 exclude options=()
  for exclude in "${PACKAGE_EXCLUDES[@]}"; do options+=("--dpkgopt=path-exclude=$exclude"); done
  # What the host tells apt about proxies, time-outs and the like holds for the build too.
  apt-config dump Acquire 2>/dev/null | grep -E '^Acquire::(http|https|Check|Retries|ForceIPv)' \
    >"$tree_tar.apt.conf" || true
  [ -s "$tree_tar.apt.conf" ] && options+=("--aptopt=$tree_tar.apt.conf")
  export KERNEL_META_PACKAGE BUILD_PACKAGES_LIST="${BUILD_PACKAGES[*]}" FETCH_UNCONFIGURED="$RECIPE/build/fetch-unconfigured"
  # shellcheck disable=SC2016 # for the shell that runs the hook
  TMPDIR=$(dirname -- "$tree_tar") mmdebstrap --mode=root --variant=essential --architectures="$ARCHITECTURE" \
    --format=tar "${options[@]}" \
    --include="$(sed -e 's/#.*//' "$RECIPE/packages.txt" | xargs | tr ' ' ',')" \
    --customize-hook='"$FETCH_UNCONFIGURED" "$1"' \
    bookworm "$tree_tar" "$sources"
  rm -f "$tree_tar.apt.conf"
}
