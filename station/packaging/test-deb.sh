#!/usr/bin/env bash
# Installs a package into a Debian 12 that holds nothing else, tries it there, installs it again over itself, and purges it:
# twice, once so that the records stay and once so that they do not. What is left is compared with what shall be left.
#
#   station/packaging/test-deb.sh flashline_VERSION_ARCH.deb
#
# Takes root (or user namespaces), mmdebstrap and a mirror; for a package of another processor QEMU (qemu-user-static, and
# binfmt_misc mounted). No service is started, there is no systemd to start it: tests/guest/service.sh has one.
set -euo pipefail
deb=$(realpath -- "$1")
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$deb" "$work/flashline.deb"
cp debian/tests/virtual-line debian/tests/service "$work"
cat >"$work/try" <<'TRY'
#!/bin/bash
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
cd /test
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
left() { find / -xdev \( -path /proc -o -path /sys -o -path /test \) -prune -o -iname '*flashline*' -print | sort; }
install() { apt-get install -y --no-install-recommends "$@" ./flashline.deb; }

say "Install"
install
[ -z "$(find /etc/systemd -name flashline.service)" ] || fail "the service is started before its line is configured"
say "Try: eight virtual units, then the user, the record and the backup of the service"
./virtual-line
./service
say "Install again: the station file of the administrator stays"
sed -i 's/^#name = .*/name = "line-9"/' /etc/flashline/station.toml
install --reinstall
grep -qx 'name = "line-9"' /etc/flashline/station.toml || fail "the station file was replaced"
say "Purge: the records stay"
apt-get purge -y flashline
[ "$(left | grep -vE '^/var/(lib|backups)/flashline(/|$)')" = "" ] || fail "more than the records is left: $(left)"
[ -e /var/lib/flashline/flashline.db ] || fail "the record is gone"
say "Purge: the records go if that was answered"
install
echo flashline flashline/purge-records boolean true | debconf-set-selections
apt-get purge -y flashline
[ -z "$(left)" ] || fail "this is left: $(left)"
say "Done"
TRY
chmod +x "$work/try"
mmdebstrap --variant=minbase --format=null --architectures="$(dpkg-deb -f "$deb" Architecture)" \
  --customize-hook='mkdir -p "$1/test"' \
  --customize-hook="sync-in $work /test" \
  --customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"' \
  --customize-hook='chroot "$1" /test/try' \
  bookworm /dev/null ${FLASHLINE_MIRROR:+"$FLASHLINE_MIRROR"}
