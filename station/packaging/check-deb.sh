#!/usr/bin/env bash
# All of the package but the compilation: debhelper's steps over what CMake installs out of a finished build, and lintian.
# It finds a file that is installed and not packaged, a maintainer script or unit that debhelper does not take, and what
# lintian finds. The program itself is left out: packing it takes longer than everything else, and other tests run it.
#
#   station/packaging/check-deb.sh [BUILD]     BUILD: the folder of the build, build if none is given
#
# A quarter of a minute. Exit status: 0 all is well, 77 skipped because a program is not here.
set -euo pipefail
build=$(realpath -- "${1:-build}")
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

for program in dh dh_installsysusers debconf-updatepo lintian; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program here (packages.sh, package_packages)"; exit 77; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
mkdir "$work/flashline"
git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ ! -e "$1" ] || printf "%s\0" "$1"' _ {} |
  tar -c --null -T - | tar -x -C "$work/flashline"

# Not -b alone: the source package has its own overrides of lintian. -d: what it takes to compile was there.
if ! (cd "$work/flashline" && FLASHLINE_BUILD=$build dpkg-buildpackage -us -uc -d) >"$work/log" 2>&1; then
  cat "$work/log"
  fail "the package cannot be built"
fi
deb=$(compgen -G "$work/flashline_*_*.deb")
dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\./,/,; s,/$,,' | sort >"$work/packed"
DESTDIR=$work/installed cmake --install "$build" --prefix /usr >/dev/null
(cd "$work/installed" && find . ! -type d) | sed -e 's,^\.,,' -e 's,^/usr/lib/systemd,/lib/systemd,' -e 's,^/usr/lib/udev,/lib/udev,' \
  -e '/\/man[0-9]\//s,$,.gz,' | sort >"$work/wanted"
missing=$(comm -23 "$work/wanted" "$work/packed")
[ -z "$missing" ] || fail "installed by CMake, and not in the package: $missing"

dpkg-deb -e "$deb" "$work/scripts"
for script in preinst postinst prerm postrm; do
  sh -n "$work/scripts/$script" || fail "$script"
  ! grep '#[A-Z_]*#' "$work/scripts/$script" || fail "$script has a word that was not replaced"
done
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$work"/flashline_*.changes || fail "lintian: see above"
