// A run as plain lines for a person, on a terminal and in a file alike: ASCII, a word for every verdict, never a
// colour alone. Each line begins with the time since the start and the place; nothing is overwritten.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "station/output/fold.h"
#include "station/output/output.h"
#include "station/output/run_facts.h"

namespace station {

class ProgressLines : public RunOutput {
 public:
  // `first_and_last`: what is run, and the table and the summary at the end; another output shows what happens between.
  enum class Only { everything, first_and_last };
  explicit ProgressLines(LineWriter& out, Only only = Only::everything) : out_(out), only_(only) {}

  void started(const RunFacts& facts) override;
  void stopping(scheduler::StopKind kind) override;
  void ended(const RunEnd& end) override;
  void on(const scheduler::Event& event, scheduler::WallTime at) override;

 private:
  using Wall = std::chrono::steady_clock;

  void on_event(const scheduler::UnitArrived& event);
  void on_event(const scheduler::UnitLeft& event);
  void on_event(const scheduler::VisitBegan&) {}  // its first attempt is shown
  void on_event(const scheduler::VisitOver&) {}
  void on_event(const scheduler::UnitWaits&) {}  // too many lines, on a wide line
  void on_event(const scheduler::AttemptBegan& event);
  void on_event(const scheduler::Progress& event);
  void on_event(const scheduler::AttemptEnded& event);
  void on_event(const scheduler::Judged& event);
  void on_event(const scheduler::VerdictReached& event);
  void on_event(const scheduler::UnitMade& event);
  void on_event(const scheduler::JobTaken& event);
  void on_event(const scheduler::Remarked& event);
  void say(const std::string& place, const std::string& text);
  // A line, as wide as the screen is.
  void put(const std::string& line);
  bool is_told_already(const scheduler::Remark& remark);
  std::string sum_of(const RunEnd& end) const;
  void print_table();

  // What the table at the end says about one port.
  struct Shown {
    std::string slot;
    scheduler::Outcome verdict = scheduler::Outcome::cancelled;
    int attempts = 0;
    scheduler::AttemptFinished last;
    std::string remark;
  };

  LineWriter& out_;
  const int width_ = width_of_output();
  const Only only_;
  const Wall::time_point begin_ = Wall::now();
  RunFacts facts_;                       // constant after `started`
  std::map<std::string, int> quarters_;  // attempt -> quarters of its work that were printed
  std::map<dfu::PortPath, Shown> by_port_;
  std::set<std::string> told_at_start_;  // attempts that left a unit half-written
};

}  // namespace station
