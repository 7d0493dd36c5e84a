#!/usr/bin/env bash
# Refuses a commit that tests/run.sh would refuse for its looks: format, walls, scripts, the length of files. Takes some
# seconds and builds nothing but the layering test. Install it with
#   ln -s ../../tests/pre-commit.sh .git/hooks/pre-commit
set -euo pipefail
cd -P -- "$(git rev-parse --show-toplevel)"
mapfile -t staged < <(git diff --cached --name-only --diff-filter=d)
[ "${#staged[@]}" -gt 0 ] || exit 0

git diff --cached --check
mapfile -t sources < <(printf '%s\n' "${staged[@]}" | grep -E '\.(h|cpp)$' || true)
if [ "${#sources[@]}" -gt 0 ]; then
  tests/lint.sh "${sources[@]}"
fi
if printf '%s\n' "${staged[@]}" | grep -qE '\.(h|cpp)$|CMakeLists\.txt$'; then
  tests/test.sh tests/layering_test.cpp
fi
