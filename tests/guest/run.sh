#!/usr/bin/env bash
# The whole way on a real kernel: boots Debian's in QEMU with the virtual USB host controller (vhci-hcd), attaches eight
# units of 'flashline virtual' there, and flashes them with flashline and with dfu-util (see init). Needs no rights and
# no network of the guest; about a minute. Downloads the kernel's package once and installs nothing.
#
#   tests/guest/run.sh [BUILD [SCRIPT]]
#
# BUILD: the folder of a finished build, by default build. SCRIPT: 'test' (by default), or 'speed', which shows what both
# programs cost there, at 7 and at 15 units.
#
# Exit status: 0 all was seen, 1 something was not, 77 skipped because a program or package is not here.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
build=$(realpath -- "${1:-build}")
script=${2:-test}
work=$build/guest
root=$work/root
time_limit=300 # seconds; a guest that hangs must not
[ "${2:-test}" = test ] || time_limit=900

. tests/guest/kernel.sh

check_host() {
  local program
  for program in qemu-system-x86_64 dpkg-deb apt-get usbip dfu-util udevadm; do
    command -v "$program" >/dev/null || skip "there is no $program here. Install the Debian packages qemu-system-x86, usbip, dfu-util and udev."
  done
  [ -f "tests/guest/$script" ] || { echo "error: there is no tests/guest/$script; name test or speed" >&2; exit 1; }
  [ -x "$build/station/flashline" ] || { echo "error: $build/station/flashline is not there; build it first" >&2; exit 1; }
}

put() { # file of this machine, by which name there
  mkdir -p "$root/$(dirname "$2")"
  cp -L -- "$1" "$root/$2"
}

# A program with the libraries that it is linked with.
put_program() { # file, by which name there
  local library
  put "$1" "$2"
  for library in $(ldd "$1" | grep -o '/[^ ]*'); do
    [ -e "$root$library" ] || put "$library" "$library"
  done
}

make_root() {
  local module file
  rm -rf "$root"
  mkdir -p "$root"/{dev,proc,sys,run,tmp,var,etc,modules}
  ln -s /run "$root/var/run"
  put "$busybox" bin/busybox
  put tests/guest/init init
  put "tests/guest/$script" test
  put tests/guest/dialects.toml dialects.toml
  put_program /bin/bash bin/bash
  put_program "$(command -v usbip)" bin/usbip
  put_program "$(command -v dfu-util)" bin/dfu-util
  put_program "$(command -v udevadm)" bin/udevadm
  put_program "$work/unpacked/usr/bin/usbreset" bin/usbreset
  put_program "$build/station/flashline" bin/flashline
  put station/packaging/flashline-attach bin/flashline-attach
  put /dev/null etc/udev/udev.conf
  cp -r "$build/config/examples" "$root/examples"
  for module in usb-common usbcore usbip-core vhci-hcd cdc-acm; do
    file=$(find "$work/unpacked/lib/modules/$kernel" -name "$module.ko*" -print -quit)
    [ -n "$file" ] || { echo "error: linux-image-$kernel has no module $module" >&2; exit 1; }
    put "$file" "modules/$module.ko"
  done
  (cd "$root" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$work/root.cpio"
}

boot() {
  timeout "$time_limit" qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 1024 -nodefaults -no-reboot \
    -display none -serial stdio -kernel "$work/unpacked/boot/vmlinuz-$kernel" -initrd "$work/root.cpio" \
    -append "console=ttyS0 loglevel=3 panic=-1" </dev/null 2>&1 | tr -d '\r' | tee "$work/console.log" || true
}

check_host
fetch_kernel
fetch usbutils # for usbreset
make_root
boot
status=$(sed -n 's/^guest: exit status \([0-9]*\)$/\1/p' "$work/console.log" | tail -n 1)
[ -n "$status" ] || { echo "error: the guest came to no end within $time_limit s; its console is in $work/console.log" >&2; exit 1; }
exit "$status"
