#!/usr/bin/env bash
# What a compiler does not say: clang-format over the whole tree (a few seconds), clang-tidy over the sources that differ
# from the main branch, the syntax of scripts, the length of files, words, and the places of tests/mutants.sh. Exit
# status 0: nothing to mend.
#
#   tests/lint.sh             before a push, and in .ci/run
#   tests/lint.sh --all       clang-tidy over every source: a quarter of an hour on two cores, for a nightly run and
#                             after a change of .clang-tidy
#   tests/lint.sh FILE...     these files only
#   tests/lint.sh --fix       writes what clang-format would
#
# clang-tidy takes seconds for each source, as much as compiling it, so the whole tree would double what a change waits
# for. A source that nobody touched can only get a finding through a header; the nightly run finds that.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

most_tidied=30
all=0 fix=0 files=()
for word in "$@"; do
  case "$word" in
    --all) all=1 ;;
    --fix) fix=1 ;;
    *) files+=("$word") ;;
  esac
done
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.h' '*.cpp')
problems=0
problem() {
  printf 'lint: %s\n' "$*" >&2
  problems=1
}

# Since where this branch left main; on main itself, since the commit before.
changed() {
  local base
  base=$(git merge-base HEAD "${FLASHLINE_BASE:-origin/main}" 2>/dev/null || git merge-base HEAD main 2>/dev/null || true)
  [ -n "$base" ] && [ "$base" != "$(git rev-parse HEAD)" ] || base=$(git rev-parse --quiet --verify HEAD^ || true)
  { [ -z "$base" ] || git diff --name-only --diff-filter=d "$base"; git ls-files --others --exclude-standard; } |
    grep '\.cpp$' | sort -u || true
}

if [ "${#files[@]}" -gt 0 ]; then
  mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep -E '\.(h|cpp)$' || true)
  mapfile -t tidied < <(printf '%s\n' "${files[@]}" | grep '\.cpp$' || true)
elif [ "$all" = 1 ]; then
  mapfile -t tidied < <(printf '%s\n' "${sources[@]}" | grep '\.cpp$')
else
  mapfile -t tidied < <(changed)
fi

if [ "${#sources[@]}" -gt 0 ]; then
  [ "$fix" = 0 ] || printf '%s\0' "${sources[@]}" | xargs -0 clang-format -i
  printf '%s\0' "${sources[@]}" | xargs -0 clang-format --dry-run -Werror || problem "not as clang-format has it: tests/lint.sh --fix"
fi

while IFS= read -r script; do
  bash -n "$script" || problem "$script"
done < <(git ls-files '*.sh' .ci/run)

# Long files are read by nobody. A table may be long if its first lines say why: "Long because".
for file in "${sources[@]}"; do
  lines=$(wc -l <"$file")
  [ "$lines" -le 600 ] || head -n 20 "$file" | grep -q 'Long because' || problem "$file has $lines lines, more than 600"
done

# A bug that tests/mutants.sh can no longer put in is a test that no longer runs.
tests/mutants.sh --check || problem "tests/mutants.sh: see above"

# Plain technical English: words that CONTRIBUTING.md leaves out.
words=$(git grep -nwiE 'whoever|anew|is told of|any more|goes from the bus' -- ':!CONTRIBUTING.md' ':!tests/lint.sh' ':!LICENSE' || true)
[ -z "$words" ] || problem "not plain technical English (CONTRIBUTING.md):"$'\n'"$words"

# A change of the whole tree is for the nightly run: nobody waits an hour for it.
if [ "${#tidied[@]}" -gt "$most_tidied" ] && [ "$all" = 0 ]; then
  printf 'clang-tidy: %s sources differ, more than %s; left to tests/lint.sh --all\n' "${#tidied[@]}" "$most_tidied"
  tidied=()
fi
if [ "${#tidied[@]}" -gt 0 ]; then
  # A tree of its own, for clang: no precompiled headers of another compiler, nothing to build.
  cmake -S . -B build-lint -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >build-lint.log 2>&1 || { cat build-lint.log >&2; exit 2; }
  rm -f build-lint.log
  printf 'clang-tidy: %s sources\n' "${#tidied[@]}"
  printf '%s\0' "${tidied[@]}" | xargs -0 -r -n 1 -P "$(nproc)" clang-tidy --quiet -p build-lint 2>/dev/null ||
    problem "clang-tidy"
fi
exit "$problems"
