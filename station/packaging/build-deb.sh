#!/usr/bin/env bash
# Builds flashline_VERSION_ARCH.deb and its debug symbols from a copy of this tree.
#
#   station/packaging/build-deb.sh [--here] [FOLDER]     FOLDER: where the packages go, build-deb if none is given
#
# Without --here the packages are built in a Debian 12 of their own, which mmdebstrap makes and which holds nothing but
# what debian/control asks for: what is missing there is found. That takes root (or user namespaces), a mirror and 2 GB.
# With --here, or without mmdebstrap, they are built on this computer, which must have those packages.
#
# Environment: FLASHLINE_MIRROR, a line or file of /etc/apt/sources.list for that Debian (default: this computer's);
# DEB_BUILD_OPTIONS, as dpkg-buildpackage takes it.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
. station/packaging/packages.sh

here=0
[ "${1-}" != --here ] || { here=1; shift; }
mkdir -p "${1:-build-deb}"
out=$(cd -P -- "${1:-build-deb}" && pwd)
command -v mmdebstrap >/dev/null || here=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/flashline
mkdir "$tree"
# What is in git, as it is in this folder now: no build trees.
git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ ! -e "$1" ] || printf "%s\0" "$1"' _ {} |
  tar -c --null -T - | tar -x -C "$tree"

build_here() {
  say "Package: built on this computer"
  (cd "$tree" && dpkg-buildpackage -us -uc)
}

# The packages that debian/control asks for, by apt itself.
build_in_clean_root() {
  say "Package: built in a Debian 12 of its own"
  mmdebstrap --variant=buildd --format=null --skip=output/dev \
    --customize-hook='mkdir -p "$1/build"' \
    --customize-hook="copy-in $tree /build" \
    --customize-hook='chroot "$1" sh -c "cd /build/flashline && apt-get -y --no-install-recommends build-dep ."' \
    --customize-hook='chroot "$1" env DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-}" sh -c "cd /build/flashline && dpkg-buildpackage -us -uc"' \
    --customize-hook='rm -rf "$1/build/flashline"' \
    --customize-hook="sync-out /build $work" \
    bookworm /dev/null ${FLASHLINE_MIRROR:+"$FLASHLINE_MIRROR"}
}

if [ "$here" = 1 ]; then build_here; else build_in_clean_root; fi
find "$work" -maxdepth 1 -type f -name 'flashline*' -exec mv -t "$out" {} +
say "Done: $out"
ls -l "$out"
