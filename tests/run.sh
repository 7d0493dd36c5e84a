#!/usr/bin/env bash
# Installs the packages, lints, builds Flashline with AddressSanitizer and UndefinedBehaviorSanitizer, and runs every
# test against that build. Safe to run again. Arguments go to ctest: tests/run.sh -R layering
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. station/packaging/packages.sh

flashline_packages+=("${browser_packages[@]}" "${shell_packages[@]}" "${lint_packages[@]}" "${linker_packages[@]}"
  "${package_packages[@]}")
install_packages

fetch_promtool build-asan/promtool

# Chosen tests are of somebody who is at work; the rest is looked at when all of them are run.
if [ "$#" -eq 0 ]; then
  say "Lint: format, clang-tidy over what changed"
  tests/lint.sh
fi

say "Build: build-asan, everything"
cmake --preset asan
cmake --build build-asan

# Twice as many at once as there are cores: the long ones wait for units, clocks and browsers.
say "Tests: every one, in the AddressSanitizer + UBSan build"
ctest --test-dir build-asan --parallel "$((2 * $(nproc)))" --output-on-failure --no-tests=error "$@"

# All of them means the fuzzers too; chosen ones do not.
[ "$#" -gt 0 ] || tests/fuzz/run.sh 10
