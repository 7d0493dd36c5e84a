#!/usr/bin/env bash
# Fuzzes every parser with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer, two at a time. How long
# each, in seconds, is the first argument (30); further ones go to ctest: tests/fuzz/run.sh 600 -R zip
# What was found is left in build-fuzz/found; put it into tests/fuzz/corpus when it is mended. Databases that others wrote
# have a fuzzer of their own, which works on the built program: tests/fuzz/databases.py.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
. station/packaging/packages.sh

flashline_packages+=("${fuzz_packages[@]}")
install_packages

export FLASHLINE_FUZZ_SECONDS="${1:-30}"
say "Build: build-fuzz, the parsers, by clang"
cmake --preset fuzz
cmake --build build-fuzz --target fuzzer
say "Fuzzing: every parser for $FLASHLINE_FUZZ_SECONDS s"
ctest --test-dir build-fuzz --label-regex '^fuzz$' --parallel 2 --output-on-failure --no-tests=error "${@:2}"
