#!/usr/bin/env bash
# Builds flashline_VERSION_ARCH.deb and its debug symbols from a copy of this tree.
#
#   station/packaging/build-deb.sh [--here] [--twice] [--arch ARCH] [FOLDER]
#
# FOLDER: where the packages go, build-deb if none is given. They are built in a Debian 12 of their own, which mmdebstrap
# makes and which holds nothing but what debian/control asks for: what is missing there is found. That takes root (or user
# namespaces), a mirror and 2 GB.
#
# --here: on this computer, which must have those packages; so it is too without mmdebstrap.
# --twice: builds a second time, in another folder, time zone, language and umask, and compares: the packages must be the
#   same, byte by byte.
# --arch arm64: for another processor, with a compiler that runs on this one. What the build itself runs, and the test
#   with virtual units, is run by QEMU.
#
# Environment: FLASHLINE_MIRROR, a line or file of /etc/apt/sources.list for that Debian (default: this computer's);
# DEB_BUILD_OPTIONS, as dpkg-buildpackage takes it.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
. station/packaging/packages.sh

here=0 twice=0 arch=$(dpkg --print-architecture)
native=$arch
while [ $# -gt 0 ]; do
  case $1 in
    --here) here=1 ;;
    --twice) twice=1 ;;
    --arch) arch=${2:?}; shift ;;
    -*) fail "there is no option $1" ;;
    *) break ;;
  esac
  shift
done
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

# Run where the package is built, in the folder that holds flashline/: packages come into first/, and into second/ when
# it builds twice.
cat >"$work/build" <<'BUILD'
#!/bin/bash
set -euo pipefail
twice=$1 arch=$2
export DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-}
options=(-us -uc)
[ "$arch" = "$(dpkg --print-architecture)" ] || options+=(-b "-a$arch" -Pcross)
(cd flashline && dpkg-buildpackage "${options[@]}")
mkdir first && find . -maxdepth 1 -type f -name 'flashline*' -exec mv -t first {} +
if [ "$twice" = 1 ]; then
  other=another/folder/of/another/length
  mkdir -p "$other" second
  (cd flashline && debian/rules clean >/dev/null) && mv flashline "$other/"
  (cd "$other/flashline" && umask 0077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nonexistent dpkg-buildpackage "${options[@]}")
  find "$other" -maxdepth 1 -type f -name 'flashline*' -exec mv -t second {} +
  for deb in first/*.deb; do
    cmp "$deb" "second/${deb#first/}" || { echo "error: ${deb#first/} is not the same when it is built again" >&2; exit 1; }
    sha256sum "$deb"
  done
  echo "The same packages, built twice."
fi
BUILD
chmod +x "$work/build"

build_here() {
  [ "$arch" = "$native" ] || fail "--arch $arch takes mmdebstrap, and goes without --here"
  say "Package: built on this computer"
  (cd "$work" && ./build "$twice" "$arch")
  mv -t "$out" "$work"/first/*
}

# The packages that debian/control asks for, by apt itself.
build_in_clean_root() {
  local profile='' also='' architectures=$native
  say "Package: built in a Debian 12 of its own"
  if [ "$arch" != "$native" ]; then
    architectures=$native,$arch
    also=--include=crossbuild-essential-$arch
    profile="--host-architecture $arch -P cross"
  fi
  mmdebstrap --variant=buildd --format=null --skip=output/dev --architectures="$architectures" $also \
    --customize-hook='mkdir -p "$1/build"' \
    --customize-hook="sync-in $work /build" \
    --customize-hook='chroot "$1" sh -c "cd /build/flashline && apt-get -y --no-install-recommends '"$profile"' build-dep ."' \
    --customize-hook='chroot "$1" env DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-}" sh -c "cd /build && ./build '"$twice $arch"'"' \
    --customize-hook="sync-out /build/first $out" \
    bookworm /dev/null ${FLASHLINE_MIRROR:+"$FLASHLINE_MIRROR"}
}

if [ "$here" = 1 ]; then build_here; else build_in_clean_root; fi
say "Done: $out"
ls -l "$out"
