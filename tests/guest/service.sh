#!/usr/bin/env bash
# The package as an administrator has it: a Debian 12 with systemd as process 1, on Debian's kernel in QEMU. Installs the
# package there, works a line as the service, upgrades it in the middle of a run, refuses what would harm the
# record, and purges it (see service). The units are those of a virtual line: run.sh has units that the kernel sees.
#
#   tests/guest/service.sh flashline_VERSION_ARCH.deb [FOLDER]
#
# FOLDER: where the guest is made, build-guest if none is given. What was downloaded and made there is used again; remove the
# folder to begin with new packages of Debian. Takes root, mmdebstrap, a mirror and 4 GB.
#
# Environment: FLASHLINE_MIRROR, as build-deb.sh has it; FLASHLINE_ACCEL=kvm, where this computer can: minutes instead of a
# quarter of an hour.
#
# Exit status: 0 all was seen, 1 something was not, 77 skipped because a program or package is not here.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
deb=$(realpath -- "$1")
mkdir -p "${2:-build-guest}"
work=$(realpath -- "${2:-build-guest}")
base=$work/base # Debian, and what the package needs
root=$work/root # with the test
time_limit=1800 # seconds; a guest that hangs must not
. tests/guest/kernel.sh

check_host() {
  local program
  for program in qemu-system-x86_64 mmdebstrap dpkg-deb apt-get mke2fs; do
    command -v "$program" >/dev/null || skip "there is no $program here. Install the Debian packages qemu-system-x86, mmdebstrap and e2fsprogs."
  done
  [ "$(id -u)" = 0 ] || skip "the files of the guest's disk belong to root: run it as root"
}

# A Debian with what the package depends on, so that the guest needs no network, and with the programs of the test.
make_base() {
  local needs
  needs=$(dpkg-deb -f "$deb" Depends)
  [ ! -e "$base/made-for" ] || [ "$(cat "$base/made-for")" != "$needs" ] || return 0
  rm -rf "$base"
  mmdebstrap --variant=minbase --include=systemd-sysv,udev,kmod,dbus,curl,procps,sqlite3 \
    --customize-hook="chroot \"\$1\" apt-get satisfy -y --no-install-recommends '$needs'" \
    bookworm "$base" ${FLASHLINE_MIRROR:+"$FLASHLINE_MIRROR"}
  echo "$needs" >"$base/made-for"
}

# The same package with another version and, if one is given, another newest schema of the record.
repack() { # version, file, schema
  local tree=$work/repack
  rm -rf "$tree"
  dpkg-deb -R "$deb" "$tree"
  sed -i "s/^Version: .*/Version: $1/" "$tree/DEBIAN/control"
  [ -z "$3" ] || sed -i "s/^known=.*/known=$3/" "$tree/DEBIAN/preinst"
  dpkg-deb --root-owner-group -b "$tree" "$root/test/$2" >/dev/null
  rm -rf "$tree"
}

make_root() {
  local version
  version=$(dpkg-deb -f "$deb" Version)
  rm -rf "$root"
  cp -a "$base" "$root"
  rm "$root/made-for"
  mkdir -p "$root/lib/modules" "$root/test"
  cp -a "$work/unpacked/lib/modules/$kernel" "$root/lib/modules/"
  chroot "$root" depmod "$kernel"
  cp "$deb" "$root/test/flashline.deb"
  repack "$version+next" newer.deb ""
  repack "$version~older" older.deb 1
  cp tests/guest/service "$root/test/test"
  cp tests/db/fixtures/schema-5.sql "$root/test/"
  cat >"$root/etc/systemd/system/guest-test.service" <<'UNIT'
[Unit]
Description=The test of tests/guest/service.sh
After=multi-user.target
[Service]
Type=exec
ExecStart=/bin/bash /test/test
ExecStopPost=/bin/sh -c 'echo; echo "guest: exit status $$EXIT_STATUS"; sync; systemctl poweroff --force --force'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStopSec=5
UNIT
  mkdir -p "$root/etc/systemd/system/guest.target.wants"
  printf '[Unit]\nRequires=multi-user.target\nAfter=multi-user.target\nAllowIsolate=yes\n' >"$root/etc/systemd/system/guest.target"
  ln -s ../guest-test.service "$root/etc/systemd/system/guest.target.wants/guest-test.service"
  ln -s /dev/null "$root/etc/systemd/system/serial-getty@ttyS0.service" # it would take the console from the test
  rm -f "$root/usr/sbin/policy-rc.d"
  echo /dev/vda / ext4 defaults 0 1 >"$root/etc/fstab"
}

# The modules that the disk needs, and the way to it.
make_initrd() {
  local module initrd=$work/initrd
  rm -rf "$initrd"
  mkdir -p "$initrd"/{bin,dev,proc,sys,root,modules}
  cp "$busybox" "$initrd/bin/busybox"
  chroot "$root" modprobe -S "$kernel" --show-depends -a virtio_pci virtio_blk ext4 | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
    while read -r module; do
      cp "$root/$module" "$initrd/modules/"
      echo "insmod /modules/${module##*/}"
    done >"$initrd/load"
  cat >"$initrd/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t devtmpfs none /dev
. /load
mount -t ext4 /dev/vda /root
umount /proc
mount --move /dev /root/dev
exec switch_root /root /sbin/init
INIT
  chmod +x "$initrd/init"
  (cd "$initrd" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$work/initrd.cpio"
}

make_disk() {
  rm -f "$work/disk.img"
  mke2fs -q -t ext4 -d "$root" "$work/disk.img" 3G
  rm -rf "$root"
}

boot() {
  timeout "$time_limit" qemu-system-x86_64 -machine q35 -accel "${FLASHLINE_ACCEL:-tcg,thread=multi}" -smp 2 -m 2048 -nodefaults -no-reboot \
    -display none -serial stdio -kernel "$work/unpacked/boot/vmlinuz-$kernel" -initrd "$work/initrd.cpio" \
    -drive "file=$work/disk.img,format=raw,if=virtio,cache=unsafe" \
    -append "console=ttyS0 loglevel=3 panic=-1 systemd.show_status=no systemd.unit=guest.target" </dev/null 2>&1 |
    stdbuf -oL tr -d '\r' | tee "$work/console.log" || true
}

check_host
fetch_kernel
make_base
make_root
make_initrd
make_disk
boot
status=$(sed -n 's/^guest: exit status \([0-9]*\)$/\1/p' "$work/console.log" | tail -n 1)
[ -n "$status" ] || { echo "error: the guest came to no end within $time_limit s; its console is in $work/console.log" >&2; exit 1; }
exit "$status"
