#!/usr/bin/env bash
# Builds and runs the tests of one file:
#
#   tests/test.sh config/judge.cpp                   the tests that are named after it, or that include its header
#   tests/test.sh tests/config/judge_test.cpp        all tests of that file
#   tests/test.sh tests/config/judge_test.cpp Refus  those whose name contains "Refus"
#
# In the folder build, or $FLASHLINE_BUILD: FLASHLINE_BUILD=build-asan tests/test.sh ...
set -euo pipefail
here=$PWD
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64; }
file=$(realpath --relative-to=. -- "$here/$1" 2>/dev/null)
[ -e "$file" ] || file=$1
[ -e "$file" ] || { echo "there is no file $1" >&2; exit 66; }
name=${2:-}
build=${FLASHLINE_BUILD:-build}

tests_of() {
  local stem
  case "$file" in
    *_test.cpp | *_test.py) echo "$file" && return ;;
  esac
  stem=$(basename "${file%.*}")
  git ls-files "tests/**/${stem}_test.cpp" "tests/${stem}_test.cpp"
  git grep -l "#include \"${file%.*}.h\"" -- 'tests/*_test.cpp' || true
}
# The programs that it is compiled into.
programs_of() {
  python3 - "$build/compile_commands.json" "$PWD/$1" <<'PY'
import json, re, sys
for entry in json.load(open(sys.argv[1])):
    if entry["file"] == sys.argv[2]:
        print(re.search(r"-o \S*?/?([^/\s]+)\.dir/", entry["command"]).group(1))
PY
}
mapfile -t found < <(tests_of | sort -u)
[ "${#found[@]}" -gt 0 ] || { echo "no test is named after $file or includes its header" >&2; exit 66; }

[ -f "$build/build.ninja" ] || cmake --preset default -B "$build" >/dev/null
status=0
for test in "${found[@]}"; do
  case "$test" in
    *.py)
      ctest --test-dir "$build" --output-on-failure -R "$(basename "$test" _test.py)" || status=$?
      continue
      ;;
  esac
  mapfile -t programs < <(programs_of "$test")
  [ "${#programs[@]}" -gt 0 ] || { echo "$test is in no program; is it in a CMakeLists.txt?" >&2; exit 70; }
  suites=$(sed -nE 's/^TEST(_F|_P)?\(([A-Za-z0-9_]+),.*/\2/p' "$test" | sort -u)
  filter=
  for suite in $suites; do filter+="$suite.*$name*:*/$suite.*$name*:"; done
  for program in "${programs[@]}"; do
    cmake --build "$build" --target "$program"
    "$build/tests/$program" --gtest_brief=0 --gtest_filter="$filter" || status=$?
  done
done
exit "$status"
