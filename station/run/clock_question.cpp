#include "station/run/clock_question.h"

#include <cstdio>
#include <iostream>

#include <unistd.h>

#include "db/error.h"
#include "station/record/anchor_text.h"
#include "station/run/inputs.h"
#include "station/version.h"

namespace station {

namespace {

bool ask_at_terminal(const std::string& sentence) {
  std::fprintf(stderr,
               "flashline: %s\nIs the clock right? Type yes to begin, anything else to stop: ", sentence.c_str());
  std::string line;
  return std::getline(std::cin, line) && line == "yes";
}

}  // namespace

std::optional<db::ClockDoubt> clock_doubt(const std::string& database, db::Time now, db::milliseconds gap) {
  try {
    return db::doubt_of(db::record_time(database), now, gap);
  } catch (const db::Error&) {
    return std::nullopt;
  }
}

std::string impossible_clock(db::Time now, std::chrono::sys_seconds built) {
  if (now >= built) return {};
  return "the clock of this station says " + utc(now) + ", and this program was built at " + utc(built) +
         ": the clock is wrong, and what is recorded now carries its time. Set the clock.";
}

void warn_of_impossible_clock() {
  const std::string sentence = impossible_clock(db::now(), build_time());
  if (!sentence.empty()) std::fprintf(stderr, "flashline: warning: %s\n", sentence.c_str());
}

bool terminal_can_answer() {
  return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

std::variant<ClockAnswer, ExitStatus> ask_about_clock(const std::string& database, db::Time now, db::ClockRules rules,
                                                      ClockWitness witness) {
  const auto doubt = clock_doubt(database, now, rules.gap);
  if (!doubt) warn_of_impossible_clock();
  const auto judged = judge_clock(doubt, rules, witness, ask_at_terminal);
  if (const auto* problem = std::get_if<std::string>(&judged)) {
    return complain(ExitStatus::bad_configuration, *problem);
  }
  if (doubt) {
    std::fprintf(stderr, "flashline: warning: %s %s\n", db::sentence_of(*doubt).c_str(),
                 std::get<ClockAnswer>(judged).wait_on_board
                     ? "The line begins paused. Set the clock; or end the pause on the board if the clock is right."
                     : "A person confirmed that the clock is right; this is recorded.");
  }
  return std::get<ClockAnswer>(judged);
}

}  // namespace station
