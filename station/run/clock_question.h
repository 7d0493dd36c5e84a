// Whether a run may begin with the clock that this machine has: the question to a person, and what follows from
// who can answer it. The judgement itself is db/record_clock.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "db/record_clock.h"
#include "station/exit_status.h"

namespace station {

// Who can say that the clock is right.
enum class ClockWitness {
  option,    // the command line says it
  terminal,  // a person at a terminal, who is asked now
  board,     // a person at the board: the line begins paused, and the end of the pause is the answer
  nobody
};

struct ClockAnswer {
  db::ClockRules rules;
  bool wait_on_board = false;
};

// `answer` asks the person at the terminal, with the question as its argument; true: the clock is right.
template <typename Ask>
std::variant<ClockAnswer, std::string> judge_clock(const std::optional<db::ClockDoubt>& doubt, db::ClockRules rules,
                                                   ClockWitness witness, Ask answer);

// Looks at the record, and asks if need be. A string has been said on stderr; the exit status is of a run that must
// not begin. A record that cannot be read is no doubt: opening it for writing says what is wrong with it.
std::variant<ClockAnswer, ExitStatus> ask_about_clock(const std::string& database, db::Time now, db::ClockRules rules,
                                                      ClockWitness witness);

// A record that is missing or cannot be read is no doubt.
std::optional<db::ClockDoubt> clock_doubt(const std::string& database, db::Time now, db::milliseconds gap);

// The sentence for a clock that says a time before this program was built, as one without a battery does; empty: it
// does not. Nothing is refused for it: the line works, and its rows carry that time.
std::string impossible_clock(db::Time now, std::chrono::sys_seconds built);
// On stderr, if it is so now.
void warn_of_impossible_clock();

// A person is there to be asked: standard input and standard error are a terminal.
bool terminal_can_answer();

// ---- template

template <typename Ask>
std::variant<ClockAnswer, std::string> judge_clock(const std::optional<db::ClockDoubt>& doubt, db::ClockRules rules,
                                                   ClockWitness witness, Ask answer) {
  ClockAnswer begin{rules, false};
  if (!doubt) return begin;
  const std::string sentence = db::sentence_of(*doubt);
  switch (witness) {
    case ClockWitness::option:
      begin.rules.confirmed = true;
      return begin;
    case ClockWitness::board:
      begin.wait_on_board = true;
      return begin;
    case ClockWitness::terminal:
      begin.rules.confirmed = answer(sentence);
      if (begin.rules.confirmed) return begin;
      break;
    case ClockWitness::nobody:
      break;
  }
  return sentence +
         " Set the clock, then start again. If the clock is right, add --clock-is-right: the record says so.";
}

}  // namespace station
