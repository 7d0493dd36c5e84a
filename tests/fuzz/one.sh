#!/usr/bin/env bash
# Fuzzes one parser: one.sh PROGRAM NAME. Called by ctest, in the build folder.
set -euo pipefail
here="$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "corpus/$2" "found/$2"
export FLASHLINE_FUZZ="$2"
# Modules and archives need room; what is larger only runs slower. No input may take 5 seconds.
exec "$1" -max_total_time="${FLASHLINE_FUZZ_SECONDS:-30}" -max_len=8192 -timeout=5 -rss_limit_mb=2048 -use_value_profile=1 \
  -print_final_stats=1 -artifact_prefix="found/$2/" "corpus/$2" "$here/corpus/$2"
