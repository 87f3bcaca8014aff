# What a restore does on one node, as root: the first word says which step. Each step can be run again.
#
# All is done under the data folder itself, so that data are moved by renaming, with the labels that SELinux has given there:
#   DATA/member                              the data that etcd runs on
#   DATA/coreos-cluster-restore/             this restore: `id`, `source` (sha256 of the file)
#   DATA/coreos-cluster-restore/new/member   made of the snapshot
#   DATA/coreos-cluster-restore/old          the data from before, once they have been moved away; `old/was-empty` where there were none
#   DATA/coreos-cluster-restore/settled      the cluster is healthy on the new data: what is kept is of no use any more
set -eu
umask 077
unit=etcd-member.service
quadlet=/etc/containers/systemd/etcd-member.container

fail() {
  echo "$*" >&2
  exit 1
}

# words PROPERTY: what systemd has for it, a word a line.
words() {
  systemctl show --property="$1" "$unit" | tr -s ' ' '\n' | tr -d '"' | sed "s/^$1=//"
}

# setting NAME: an option of etcd, such as data-dir: by flag, by variable in a container's command line, by variable.
setting() {
  variable=ETCD_$(printf %s "$1" | tr a-z- A-Z_)
  value=$(words ExecStart | sed -n "s/^-\{1,2\}$1=//p" | tail -n 1)
  [ -n "$value" ] || value=$(words ExecStart | sed -n "s/^$variable=//p" | tail -n 1)
  [ -n "$value" ] || value=$(words Environment | sed -n "s/^$variable=//p" | tail -n 1)
  printf %s "$value"
}

# expanded TEXT: with the node's own addresses in the places of ${COREOS_...}.
expanded() {
  text=$1
  if [ -r /run/metadata/coreos ]; then
    while IFS='=' read -r name value; do
      case $name in
        COREOS_*) text=$(printf %s "$text" | sed "s|\${$name}|$value|g") ;;
      esac
    done </run/metadata/coreos
  fi
  printf %s "$text"
}

data=$(setting data-dir)
data=${data:-/var/lib/etcd}
case $data in
  /*[\$%]* | [!/]*) fail "the data folder of $unit is \"$data\", which is no path that can be used" ;;
esac
work=$data/coreos-cluster-restore

# mine ID: nobody else has begun a restore meanwhile.
mine() {
  [ "$(cat "$work/id" 2>/dev/null)" = "$1" ] || fail "another restore has begun on this node"
}

facts() {
  [ -n "$(systemctl show --property=FragmentPath --value "$unit")" ] || fail "there is no $unit"
  rm -rf "$work.done"
  if [ -e "$work/settled" ]; then
    state=settled
  elif [ -e "$work/old" ]; then
    state=swapped
  elif [ -e "$work" ]; then
    state=begun
  else
    state=none
  fi
  echo "name=$(setting name)"
  echo "peers=$(expanded "$(setting initial-advertise-peer-urls)")"
  echo "data=$data"
  echo "wal=$(setting wal-dir)"
  echo "active=$(systemctl is-active "$unit" || :)"
  echo "state=$state"
  echo "source=$(cat "$work/source" 2>/dev/null || :)"
  echo "free=$(df -Pk "$data" | awk 'NR == 2 { print $4 * 1024 }')"
}

# made COMMAND...: whether this program makes new/member out of the snapshot. What it says is kept for the case that none does.
made() {
  rm -rf "$work/new"
  { printf '%s: ' "$1" && "$@" snapshot restore "$work/snapshot.db" --name "$name" --initial-cluster "$cluster" \
    --initial-advertise-peer-urls "$peers" --initial-cluster-token "$token" --data-dir "$work/new" 2>&1; } >>"$work/said" || :
  [ -d "$work/new/member/snap" ]
}

# in_image RUNTIME IMAGE PROGRAM: the same by a program of etcd's container image.
in_image() {
  command -v "$1" >/dev/null 2>&1 || return 1
  made "$1" run --rm --network none --security-opt label=disable --volume "$work:$work" --env ETCDCTL_API=3 \
    --entrypoint "/usr/local/bin/$3" "$2"
}

# on_host PROGRAM: the same by a program of the system. One that runs in a container of its own sees no file here, and makes nothing.
on_host() {
  command -v "$1" >/dev/null 2>&1 && made "$1"
}

# prepare ID SOURCE KEEP SIZE NAME CLUSTER PEERS: makes the new data of the snapshot that comes on standard input; etcd goes on meanwhile.
# KEEP is `kept` where what an earlier run has put aside is what has to come back on failure.
prepare() {
  [ -d "$data" ] || fail "$data is no folder"
  [ "$3" = kept ] || rm -rf "$work/old"
  rm -rf "$work/settled" "$work/new"
  mkdir -p "$work"
  printf %s "$2" >"$work/source"
  printf %s "$1" >"$work/id"
  cat >"$work/snapshot.db"
  [ "$(stat -c %s "$work/snapshot.db")" = "$4" ] || fail "the snapshot did not arrive as a whole"
  token=$1 name=$5 cluster=$6 peers=$7
  export ETCDCTL_API=3
  : >"$work/said"
  image=
  [ ! -e "$quadlet" ] || image=$(sed -n 's/^Image=//p' "$quadlet" | tail -n 1)
  tag=$(words Environment | sed -n 's/^ETCD_IMAGE_TAG=//p' | tail -n 1)
  url=$(words Environment | sed -n 's/^ETCD_IMAGE_URL=//p' | tail -n 1)
  other=${url:-quay.io/coreos/etcd}:$tag
  { [ -n "$image" ] && { in_image podman "$image" etcdutl || in_image podman "$image" etcdctl; }; } ||
    on_host etcdutl || on_host etcdctl ||
    { [ -n "$tag" ] && { in_image docker "$other" etcdutl || in_image docker "$other" etcdctl; }; } ||
    fail "no etcdutl or etcdctl of this node restores the snapshot: $(tail -c 600 "$work/said")"
  owner=$(stat -c %u:%g "$work/old" 2>/dev/null || stat -c %u:%g "$data/member" 2>/dev/null || stat -c %u:%g "$data")
  chown -R "$owner" "$work/new"
  rm -f "$work/snapshot.db" "$work/said"
  sync
}

# swap ID: the new data take the place of those that are there.
swap() {
  mine "$1"
  systemctl stop "$unit"
  if [ -d "$work/new/member" ]; then
    if [ -e "$work/old" ]; then
      rm -rf "$data/member" # of a run that was interrupted: what was there before it is in `old`
    elif [ -e "$data/member" ]; then
      mv "$data/member" "$work/old"
    else
      mkdir "$work/old"
      : >"$work/old/was-empty"
    fi
    mv "$work/new/member" "$data/member"
  else
    [ -d "$data/member" ] && [ -e "$work/old" ] || fail "the restored data are gone"
  fi
  sync
}

start() {
  systemctl reset-failed "$unit" 2>/dev/null || :
  systemctl start --no-block "$unit"
}

# back: as it was before, where something was changed. Its record stays, as of a restore that has replaced nothing yet, until all have theirs back.
back() {
  [ ! -e "$work/settled" ] || fail "that restore was finished"
  if [ -e "$work/old" ]; then
    systemctl stop "$unit"
    rm -rf "$data/member"
    if [ -e "$work/old/was-empty" ]; then rm -rf "$work/old"; else mv "$work/old" "$data/member"; fi
    sync
  fi
  rm -rf "$work/new" "$work/snapshot.db"
}

settle() {
  [ ! -d "$work" ] || : >"$work/settled"
  sync
}

clear() {
  [ ! -d "$work" ] || mv "$work" "$work.done"
  rm -rf "$work.done"
}

step=$1
shift
case $step in
  facts | prepare | swap | start | back | settle | clear) "$step" "$@" ;;
  *) fail "no such step: $step" ;;
esac
