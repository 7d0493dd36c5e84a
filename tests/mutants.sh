#!/usr/bin/env bash
# Seeds bugs in the station and in the virtual units, one at a time, and expects the fault table, or the identity matrix
# for bugs about who a unit is, to find each. Works on a copy of the tree, in a folder of its own; twenty minutes on two
# cores. Not part of ctest.
#
#   tests/mutants.sh [NAME...]     only those whose name contains one of these
#   tests/mutants.sh --check       only whether each still has its place in the code; a second, part of tests/lint.sh
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
check=0
[ "${1:-}" != --check ] || { check=1; shift; }
work=$(mktemp -d "${TMPDIR:-/tmp}/flashline-mutants-XXXXXX")
trap 'rm -rf "$work"' EXIT
wanted=("$@")
table=fault_table options=(--first-lie)
caught=0 missed=0

mkdir "$work/tree"
git ls-files -z | xargs -0 cp --parents -t "$work/tree"
[ "$check" = 1 ] || cmake -S "$work/tree" -B "$work/tree/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >"$work/log" || { cat "$work/log"; exit 2; }

build() {
  cmake --build "$work/tree/build" -j "${JOBS:-2}" --target "$table" >"$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 2; }
}

# mutant NAME FILE SED-EXPRESSION: what the bug is, where, and how it is put there.
mutant() {
  local name=$1 file=$2 change=$3 chosen=$((${#wanted[@]} == 0))
  for word in "${wanted[@]}"; do [[ $name == *"$word"* ]] && chosen=1; done
  [ "$chosen" = 1 ] || return 0
  sed -i -E "$change" "$work/tree/$file"
  if cmp -s "$file" "$work/tree/$file"; then
    echo "$name: the place is no longer in $file"
    [ "$check" = 1 ] || exit 2
    missed=$((missed + 1))
  fi
  if [ "$check" = 1 ]; then
    cp -p "$root/$file" "$work/tree/$file"
    return 0
  fi
  build
  local status=0
  "$work/tree/build/tests/$table" "${options[@]}" >"$work/table" || status=$?
  if [ "$status" = 1 ]; then
    caught=$((caught + 1))
    echo "caught  $name"
    grep -m 1 '^LIE' "$work/table" | sed 's/^/        /'
  else
    missed=$((missed + 1))
    echo "MISSED  $name ($table ended with $status)"
  fi
  cp -p "$root/$file" "$work/tree/$file"
  touch "$work/tree/$file"
}

# ---- the station

mutant "the last block of a step is read and not compared" dfu/session.cpp \
  's/if \(done\.kind == Operation::Kind::read\)/if (done.kind == Operation::Kind::read \&\& plan_.operations[next_ + 1].kind == Operation::Kind::read)/'
mutant "that it left is taken for the proof" scheduler/attempt.cpp \
  's/^  if \(kind_ == Kind::flash\) \{$/  if (kind_ == Kind::flash) { booted_ = true; return end();/'
mutant "the fault of a second attempt is swallowed" scheduler/attempt.cpp \
  's/end\.fault = fault_;/if (started_.number == 1) end.fault = fault_;/; s/end\.outcome = fault_ \?/end.outcome = end.fault ?/'
mutant "after an erase the address is taken to be what it was" dfu/plan.cpp \
  '/add\(Operation::Kind::erase, step/{n;s/pointer_\.lose\(\);//}'
mutant "a return on another port is taken for this unit's" scheduler/line.cpp \
  's/const dfu::PortPath port = arrived\.unit\.port;/const dfu::PortPath port = !ports_.empty() \&\& arrived.unit.id.product == 0xC006 ? *ports_.begin() : arrived.unit.port;/'
mutant "the survey looks at the first byte of a block only" dfu/survey.cpp \
  's/same_ = same_ && std::equal\(.*\);/same_ = same_ \&\& read.front() == wanted.front();/'
mutant "what the proof by comparing finds is not looked at" scheduler/task.cpp \
  's/^  equal_ = differs == found\.pieces\.end\(\);/  equal_ = true;/'
mutant "another build of the same version is taken for the right one" dfu/particle/module_proof.cpp \
  's/if \(!found->hash \|\| !module\.hash \|\| \*found->hash == \*module\.hash\) return/if (found) return/'
mutant "what was never read back is called verified" scheduler/attempt.cpp \
  's/if \(verified_\) verified_ = task\.all_read_back\(\);/verified_ = true;/'

# ---- the unit

mutant "it drops a block and says it has it" dfu/virtual/particle_dfu.cpp \
  's/^  program\(address, words, rounds, flash, takes\);/  if (address % 0x2000 != 0) program(address, words, rounds, flash, takes);/'
mutant "it restores its factory firmware over a good user part" dfu/virtual/particle_boot.cpp \
  's/^  return run_user\(system\);/  return header_good(header_at(flash_, board_.factory), board_.user) ? without_user(system) : run_user(system);/'
mutant "it erases nothing and says it has" dfu/virtual/dfu_side.cpp \
  's/^  flash\.erase\(sectors\);//'
mutant "it loses its user part when it starts" dfu/virtual/particle_device.cpp \
  's/^  BootResult result = particle_boot\(/  if (board_.factory != 0) flash.erase(*flash.geometry().sector(board_.user));\n  BootResult result = particle_boot(/'
mutant "it says that it leaves, and stays" dfu/virtual/particle_dfu.cpp \
  's/^  out\.departure = Departure\{\.after = 500ms\};//'
mutant "it names another build than it runs" dfu/virtual/particle_application.cpp \
  's/upper\(to_hex\(\*one\.held->sha\)\)/upper(to_hex(Bytes(32, 0)))/'

# ---- who a unit is

table=identity_matrix options=(--stride 7)

mutant "insert_after debounces a socket" scheduler/visit.cpp \
  's/if \(options_\.once \|\| \(same && !fresh\)\)/if (true || (same \&\& !fresh))/'
mutant "a fresh unit after a verdict is taken for the one before" scheduler/visit.cpp \
  's/const bool fresh = same && .*;/const bool fresh = false;/; s/if \(gap_\.departures == 0\) return Same\{Evidence::id\};/return Same{Evidence::id};/'
mutant "the new id is noted before it is compared" scheduler/attempt_proof.cpp \
  's/^  const SameUnit who = same_unit\(known_, unit, gap_, profile\(\)\);$/  known_.note(unit, profile());\n  const SameUnit who = same_unit(known_, unit, gap_, profile());/'
mutant "a pending proof is taken over whatever happened" scheduler/attempt.cpp \
  's/if \(gap_\.departures > 0\) recognised_ = 0;//'
mutant "any time within the return limit is a reset" scheduler/same_unit.cpp \
  's/<= profile\.reset_time;/<= profile.return_limit;/'
mutant "a second departure does not count" scheduler/same_unit.cpp \
  's/gap\.departures == 1 && //; s/gap\.told_to_go && !gap\.handed;/!gap.handed;/'
mutant "a doubt is not followed up" scheduler/attempt_proof.cpp \
  's/^  constexpr int most_rereads = 3;$/  constexpr int most_rereads = 3;\n  if (most_rereads > 0) return true;/'
mutant "another id is no other unit" scheduler/same_unit.cpp \
  's/^  if \(id && known\.own_id\(\) && \*id != \*known\.own_id\(\)\).*$//; s/^  if \(id && known\.own_id\(\)\) return/  if (id) return/'
mutant "a copy of an id fails the unit" scheduler/same_unit.cpp \
  's/return Unknown\{"it shows id "/return Other{"it shows id "/'
mutant "what is read once more is not compared" scheduler/attempt_proof.cpp \
  's/^  if \(task\.difference\(\)\) return fail\(changed\(\*task\.difference\(\)\)\);$//'
mutant "a board of another kind is taken for the unit" scheduler/same_unit.cpp \
  's/if \(const auto board = dfu::other_board\(profile, now\.id\)\) \{/if (const auto board = dfu::other_board(profile, now.id); board \&\& false) {/'

[ "$check" = 1 ] || echo "$caught caught, $missed missed"
[ "$missed" = 0 ]
