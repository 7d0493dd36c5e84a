# Debian's kernel and a static shell for a guest, unpacked and not installed. For scripts that have set $work, a folder that
# keeps what was downloaded.

skip() {
  printf '\n*** SKIPPED: %s\n*** Nothing was seen on a real kernel.\n\n' "$*" >&2
  exit 77
}

# Into $work/unpacked, without installing it.
fetch() { # package
  local deb
  mkdir -p "$work/packages" "$work/unpacked"
  if ! compgen -G "$work/packages/$1_*.deb" >/dev/null; then
    (cd "$work/packages" && apt-get -q download "$1" >"$work/apt.log" 2>&1) || skip "apt-get cannot download $1: $(tail -n 1 "$work/apt.log")"
  fi
  deb=$(compgen -G "$work/packages/$1_*.deb" | tail -n 1)
  [ -e "$deb.unpacked" ] || { dpkg-deb -x "$deb" "$work/unpacked" && touch "$deb.unpacked"; }
}

fetch_kernel() {
  # The one that the metapackage stands for. Not the cloud kernel, which has no USB/IP.
  kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: linux-image-//p' | head -n 1)
  [ -n "$kernel" ] || skip "apt knows no linux-image-amd64; run 'apt-get update'"
  fetch "linux-image-$kernel"
  fetch busybox-static
  busybox=$work/unpacked/bin/busybox
}
