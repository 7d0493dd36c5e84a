# The Debian 12 packages that Flashline is built and tested with, each with its reason: the one list, read by
# station/quickstart.sh and tests/run.sh. Source it, then call install_packages.

flashline_packages=(
  g++                  # the compiler: C++20 as GCC 12 has it
  cmake                # the build
  ninja-build          # runs it
  pkg-config           # finds libsodium for the build
  qt6-base-dev         # Qt Core: event loop, signals, JSON, lock and save files
  libtbb-dev           # oneTBB: the arena on which the ports' visits run
  libspdlog-dev        # log files
  libfmt-dev           # text formatting, which spdlog needs too
  libcli11-dev         # the command line
  libtomlplusplus-dev  # recipes, station and line files
  libsqlitecpp-dev     # the record, through SQLiteCpp
  libsqlite3-dev       # the record: SQLite itself
  libsodium-dev        # SHA-256
  libmicrohttpd-dev    # the board's web server
  libsystemd-dev       # tells systemd that the service is ready and alive
  libunistring-dev     # UTF-8, and how wide characters are on a terminal
  libxlsxwriter-dev    # reports as workbooks
  libzip-dev           # reads the anchor in a workbook
  libzint-dev          # the QR code of a certificate
  libusb-1.0-0-dev     # USB
  zlib1g-dev           # CRC-32, compression of support bundles
  lowdown              # man pages of the formats, from docs/
  libgtest-dev         # tests
  libgmock-dev         # tests
  minisign             # tests: checks signatures with a program that is not ours
  python3-openpyxl     # tests: reads workbooks with a library that is not ours
  sqlite3              # tests: reads the record with a program that is not ours
  umockdev             # tests: shows programs a /sys and /dev that are made up
  usbip                # tests: sees the units of 'flashline virtual' with a program that is not ours
  dfu-util             # tests: speaks to our virtual units, and is not ours
)

# Only for tests/browser, which tests/run.sh runs with the other tests.
browser_packages=(
  chromium            # opens pages as a person's browser does
  chromium-driver     # lets a test lead it
  fonts-liberation    # what it writes with
  python3-selenium    # what the tests lead it with
)

# Only for docs/guides/pictures.py, with those of the browser.
picture_packages=(
  fonts-wqy-zenhei   # Chinese
  pngquant           # small pictures
)

# Only for tests/station/packaging, which skips what is not there.
shell_packages=(
  fish   # completes a command line
  zsh    # reads its completion
)

# Only for tests/fuzz/run.sh.
fuzz_packages=(
  clang             # its sanitizers lead the fuzzer through the code
  libclang-rt-dev   # libFuzzer itself, and the sanitizers' run time
)

# For the Debian package. station/packaging/build-deb.sh needs the first alone: the others go into a Debian of its own, or
# are for --here and for station/packaging/check-deb.sh, which tests/run.sh runs.
package_packages=(
  mmdebstrap                   # a clean Debian to build in
  debhelper                    # builds the package, makes the user of the service (dh-sequence-installsysusers)
  po-debconf                   # the question of a purge, in several languages
  lintian                      # says what is wrong with a package
)

# Only for tests/run.sh.
linker_packages=(
  mold   # links the instrumented programs in a third of the time
)

# Only for tests/guest/service.sh, with mmdebstrap.
guest_packages=(
  qemu-system-x86   # a computer with systemd as its first process
  e2fsprogs         # its disk
)

# Only for tests/lint.sh.
lint_packages=(
  clang-format      # one format, so that nobody has to talk about it
  clang-tidy        # what compilers do not warn of
)

# promtool, for tests of the board, into a folder. Its package is not installed: it would start a server.
fetch_promtool() {
  if [ -x "$1/promtool" ] || command -v promtool >/dev/null; then return; fi
  say "promtool: out of Debian's package prometheus, into $1"
  mkdir -p "$1"
  (
    cd "$1" &&
      { apt-get -q download prometheus || { apt_get update && apt-get -q download prometheus; }; } &&
      dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool
    rm -f prometheus_*.deb
  )
  [ -x "$1/promtool" ] || say "promtool: not to be had; its tests are skipped"
}

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "${flashline_packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

# apt-get as root; a mirror that fails for a moment is asked again.
apt_get() {
  local as_root=() try
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "packages are missing and this is neither root nor a machine with sudo. As root: apt-get install ${flashline_packages[*]}"
    as_root=(sudo)
  fi
  for try in 1 2 3; do
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" && return
    [ "$try" = 3 ] || { echo "apt-get $1 failed; again in 5 s"; sleep 5; }
  done
  return 1
}

# Installs what is missing; asks no mirror when nothing is.
install_packages() {
  local missing
  command -v apt-get >/dev/null || fail "this script installs Debian 12 packages with apt-get, which is not here. It needs: ${flashline_packages[*]}"
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" -eq 0 ]; then
    say "Packages: all ${#flashline_packages[@]} are installed"
    return
  fi
  say "Packages: installing ${missing[*]}"
  apt_get update || fail "apt-get update failed three times: check the network and /etc/apt/sources.list"
  apt_get install -y --no-install-recommends "${missing[@]}" || fail "apt-get could not install the packages"
}
