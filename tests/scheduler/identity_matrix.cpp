// The identity matrix: every gap in which a station loses sight of a unit, and everything that can be on the port after
// it, for every bootloader generation, ST's ROM and plain DFU, under each proof of boot and after absences from 0.05 s
// to an hour. The station's verdicts are held against the unit that is really in the socket: its flash, its boot, its
// id. It prints the counts, each verdict that is not true, and what no evidence can tell; it fails if a verdict is not
// true.
//
//   identity_matrix [--stride N [--offset K]] [--only TEXT] [--trace yes]
//
// --stride N takes one case in N, from K on; --only those whose name contains TEXT; --trace prints what happens.
#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <string_view>

#include "dfu/virtual/plain_dfu.h"
#include "tests/scheduler/dialects.h"
#include "tests/scheduler/truth.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using config::Confirm;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using dfu::virt::VirtualUnit;
using fleet::Fleet;
using fleet::port_of;

constexpr const char* first_id = "3b002c001847353236343033";
constexpr const char* second_id = "aa002c001847353236343033";
const dfu::Duration patience = 150s;  // for the attempts that follow the gap

enum class Gap {
  leave,     // pulled while it restarts after leave
  settling,  // pulled while its start is proven
  reset,     // wedged at leave, lost by the USB reset
  power,     // wedged at leave, and its port was switched off
  person,    // wedged at leave, and a person is asked to plug it in again
  attempts,  // pulled while it was written
  removal,   // pulled after its verdict
  pending,   // pulled while its start was proven, on a line that leaves running units alone
  restart,   // pulled after its verdict, and the station is started again
};
enum class Who { same, same_recipe, other_build, factory, fresh, stored_id, constant_serial, other_profile, nobody };

constexpr std::pair<Gap, const char*> gaps[] = {
    {Gap::leave, "leave"},     {Gap::settling, "settling"},     {Gap::reset, "reset"},
    {Gap::power, "power"},     {Gap::person, "person"},         {Gap::attempts, "between attempts"},
    {Gap::removal, "removal"}, {Gap::pending, "pending proof"}, {Gap::restart, "restart"}};
constexpr std::pair<Who, const char*> people[] = {{Who::same, "same"},
                                                  {Who::same_recipe, "same recipe"},
                                                  {Who::other_build, "another build"},
                                                  {Who::factory, "factory image"},
                                                  {Who::fresh, "fresh"},
                                                  {Who::stored_id, "same stored id"},
                                                  {Who::constant_serial, "constant serial"},
                                                  {Who::other_profile, "another profile"},
                                                  {Who::nobody, "nobody"}};
constexpr dfu::Duration absences[] = {50ms, 500ms, 1s, 1500ms, 1950ms, 2500ms, 5s, 14s, 60s, 3600s};

// A kind of unit, with its recipe and what other units of it may hold.
struct Subject {
  std::string name;
  dfu::virt::UnitSpec unit;
  std::shared_ptr<const config::Recipe> recipe, other, factory;
  bool copied = false;  // the first unit keeps a copy of another unit's id
};

struct Case {
  const Subject* subject;
  Confirm proof;
  Gap gap;
  Who who;
  dfu::Duration absence;
  std::string name;
};

// ---- the subjects

std::vector<dialects::Part> parts() {
  using dfu::particle::Function;
  return {{Function::system_part, 1, 0x08020000, 9000},
          {Function::system_part, 2, 0x08060000, 6002, dialects::Need{Function::system_part, 1}},
          {Function::user_part, 1, 0x080A0000, 4200, dialects::Need{Function::system_part, 2}}};
}

// The recipe's system under another user part.
std::shared_ptr<const config::Recipe> with_user_part_of(const config::Recipe& recipe, const config::Recipe& other) {
  auto mixed = std::make_shared<config::Recipe>(recipe);
  std::vector<dfu::Step> steps = recipe.layout.steps;
  steps.back() = other.layout.steps.back();
  mixed->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe.profile.map)));
  return mixed;
}

Subject photon(int generation, std::uint16_t system) {
  using dfu::particle::Platform;
  Subject subject;
  subject.name = "photon-" + std::to_string(generation) + " system " + std::to_string(system);
  subject.unit.generation = generation;
  subject.recipe = dialects::module_recipe("photon", Platform::photon, parts(), system);
  subject.other = dialects::module_recipe("photon", Platform::photon, parts(), system, 77);
  subject.factory = with_user_part_of(*subject.recipe, *subject.other);
  return subject;
}

Subject raw(const std::string& profile, std::uint32_t base) {
  Subject subject;
  subject.name = profile;
  subject.unit.profile = profile;
  subject.unit.manifestation_tolerant = true;  // so that it can be read back
  subject.recipe = dialects::raw_recipe(profile, dialects::program(base, 6002), base);
  subject.other = subject.factory = dialects::raw_recipe(profile, dialects::program(base, 6002, 5), base);
  return subject;
}

std::vector<Subject> subjects() {
  std::vector<Subject> all;
  for (const int generation : dfu::virt::generation_numbers()) {
    for (const std::uint16_t system : {3, 105}) all.push_back(photon(generation, system));
  }
  for (const int generation : {3, 12}) {
    all.push_back(photon(generation, 105));
    all.back().name += " with a copied id";
    all.back().copied = true;
  }
  all.push_back(raw("stm32-rom", 0x08000000));
  all.push_back(raw("dfu11", 0));
  return all;
}

std::vector<Confirm> proofs_of(const Subject& subject) {
  if (subject.name == "stm32-rom") return {Confirm::none, Confirm::application};
  if (subject.name == "dfu11") return {Confirm::none, Confirm::application};
  return {Confirm::none, Confirm::application, Confirm::reread, Confirm::modules};
}

// ---- the units that come

void install(dfu::virt::Flash& flash, const Subject& subject, const config::Recipe& recipe) {
  for (const dfu::Step& step : recipe.layout.steps) {
    if (subject.unit.profile == "dfu11") {
      dfu::virt::plain_install(flash, step.image->payload());
    } else {
      flash.place(step.address, step.image->payload());
    }
  }
}

void store_id(dfu::virt::Flash& flash, const std::string& id) {
  constexpr std::uint32_t stored_at = 0x08004000 + 3618;  // docs/devices.md, "Configuration store"
  dfu::Bytes stored;
  for (std::size_t i = 0; i < id.size(); i += 2) {
    stored.push_back(static_cast<std::uint8_t>(std::stoul(id.substr(i, 2), nullptr, 16)));
  }
  flash.place(stored_at, stored);
}

VirtualUnit running(const Subject& subject, const config::Recipe& holds, const std::string& id,
                    bool stored_id_of_first = false) {
  dfu::virt::UnitSpec spec = subject.unit;
  spec.port.text = port_of(0);
  spec.id = id;
  VirtualUnit unit(spec);
  install(unit.flash(), subject, holds);
  if (stored_id_of_first) store_id(unit.flash(), first_id);
  unit.power_off();
  return unit;
}

VirtualUnit of_another_profile() {
  static const Subject p1 = [] {
    Subject subject;
    subject.unit.profile = "p1";
    subject.unit.generation = 8;
    subject.recipe = dialects::module_recipe("p1", dfu::particle::Platform::p1, parts(), 105);
    return subject;
  }();
  return running(p1, *p1.recipe, second_id);
}

// Nothing: the unit that was there comes back, or nobody does.
std::optional<VirtualUnit> unit_that_comes(const Case& one) {
  const Subject& subject = *one.subject;
  switch (one.who) {
    case Who::same:
    case Who::nobody:
      return {};
    case Who::same_recipe:
      return running(subject, *subject.recipe, second_id);
    case Who::other_build:
      return running(subject, *subject.other, second_id);
    case Who::factory:
      return running(subject, *subject.factory, second_id);
    case Who::fresh: {
      dfu::virt::UnitSpec spec = subject.unit;
      spec.port.text = port_of(0);
      spec.id = second_id;
      VirtualUnit unit(spec);
      unit.power_off();
      return unit;
    }
    case Who::stored_id:
      return running(subject, *subject.other, second_id, true);
    case Who::constant_serial:  // of plain DFU: made from the same id
      return running(subject, *subject.other, first_id);
    case Who::other_profile:
      return of_another_profile();
  }
  return {};
}

bool makes_sense(const Subject& subject, Confirm proof, Gap gap, Who who, dfu::Duration absence) {
  const bool particle = subject.recipe->profile.platform.has_value();
  if (who == Who::stored_id) {
    if (!particle) return false;
  }
  if (who == Who::constant_serial && subject.name != "dfu11") return false;  // a Photon's is one where it is old
  if (who == Who::factory && !particle) return false;
  if (who == Who::nobody && absence != 50ms) return false;
  const bool after_leave = gap == Gap::settling || gap == Gap::pending;
  if (after_leave && (proof == Confirm::none || subject.name == "stm32-rom")) return false;
  const bool wedged = gap == Gap::reset || gap == Gap::power || gap == Gap::person;
  if (wedged && proof == Confirm::none) return false;             // nobody looks at it after leave
  if (gap == Gap::leave && proof == Confirm::none) return false;  // its verdict comes with leave: `removal`
  if (!particle && gap == Gap::pending) return false;             // has no id to be known by
  if (gap == Gap::restart && (who == Who::nobody || absence != 50ms)) return false;  // nobody sees how long it takes
  return true;
}

// ---- one case

bool trace = false;

void print(dfu::Duration at, const Event& event) {
  std::ostream& out = std::cout << std::setw(10) << dfu::seconds(at) << "  ";
  if (const auto* arrived = std::get_if<UnitArrived>(&event)) {
    out << "arrived " << dfu::to_string(arrived->unit.id) << " " << arrived->unit.serial << "\n";
  } else if (std::holds_alternative<UnitLeft>(event)) {
    out << "left\n";
  } else if (std::holds_alternative<VisitBegan>(event)) {
    out << "visit begins\n";
  } else if (std::holds_alternative<VisitOver>(event)) {
    out << "visit is over\n";
  } else if (const auto* ended = std::get_if<AttemptEnded>(&event)) {
    const AttemptFinished& end = ended->finished;
    out << "attempt " << end.started.number << ": " << to_string(end.outcome) << ", identity "
        << (end.identity ? to_string(*end.identity) : "none") << ", unit " << end.unit.value_or("?") << ", wrote "
        << end.steps[0].written_bytes << (end.fault ? ": " + end.fault->text : "") << "\n";
  } else if (const auto* verdict = std::get_if<VerdictReached>(&event)) {
    out << "verdict " << to_string(verdict->outcome) << " " << verdict->advice << "\n";
  } else if (const auto* remarked = std::get_if<Remarked>(&event)) {
    out << "remark " << english(remarked->remark) << "\n";
  } else {
    out << "-\n";
  }
}

struct Outcome {
  std::vector<std::string> lies;
  std::optional<std::string> cannot_be_told;
  bool passed = false;
};

std::shared_ptr<const config::Recipe> recipe_of(const Case& one) {
  auto recipe = std::make_shared<config::Recipe>(*one.subject->recipe);
  recipe->policy.confirm = one.proof;
  recipe->sha256 = {1};
  recipe->enter_dfu = one.gap != Gap::pending;
  return recipe;
}

class Line : public Fleet {
 public:
  explicit Line(const Case& one) : Fleet(spec_of(one), recipe_of(one)), case_(one) {
    options.stay = true;
    if (one.gap == Gap::person) options.hubs = nullptr;
    if (one.subject->copied) {
      line.with_unit({port_of(0)}, [](VirtualUnit& unit) { store_id(unit.flash(), "cc002c001847353236343033"); });
    }
    watcher.on_event = [this](const Event& event) { look(event); };
  }

  Outcome run();
  Outcome run_again(Line& before);
  bool reach_the_gap();

 private:
  static dfu::virt::LineSpec spec_of(const Case& one) {
    dfu::virt::LineSpec line = dialects::line_of(one.subject->unit, 1);
    line.units[0].id = first_id;
    using Kind = FaultPoint::Kind;
    if (one.gap == Gap::reset || one.gap == Gap::power || one.gap == Gap::person) {
      line.units[0].faults = {{FaultKind::wedge, {Kind::leave, 0}, 1}};
    }
    if (one.gap == Gap::attempts) line.units[0].faults = {{FaultKind::unplug, {Kind::block, 2}, 1}};
    return line;
  }

  void pass_time(dfu::Duration time) { clock.run(clock.now() + time); }
  bool until(const std::function<bool()>& reached) {
    const dfu::Duration end = clock.now() + 120s;
    while (!reached() && clock.now() < end && clock.step()) {
    }
    return reached();
  }
  int count(const std::function<bool(const Event&)>& which) const {
    return static_cast<int>(std::ranges::count_if(watcher.events, which));
  }
  template <class T>
  int count() const {
    return count([](const Event& event) { return std::holds_alternative<T>(event); });
  }
  void exchange();
  void look(const Event& event);
  void judge_the_end(Outcome& outcome);
  // A unit exchanged within the time of a reset cannot be told from the one before (docs/limits.md, "Proof").
  bool by_reset_time(const AttemptFinished& end) const {
    constexpr dfu::Duration longest_reset = 3s;
    const bool quick = case_.absence <= longest_reset;
    return quick && end.identity == Evidence::reset_time && exchanged_ && case_.who != Who::same;
  }

  const Case& case_;
  bool exchanged_ = false;
  std::size_t attempts_before_ = 0;
  Outcome outcome_;
};

bool Line::reach_the_gap() {
  switch (case_.gap) {
    case Gap::leave:
    case Gap::reset:
    case Gap::attempts:
      return until([&] { return count<UnitLeft>() >= 1; });
    case Gap::power: {
      const bool lost = until([&] { return count<UnitLeft>() >= 1; });
      pass_time(5500ms);  // the wait after the reset is over, the power is off
      return lost;
    }
    case Gap::settling:
    case Gap::pending: {
      const bool back = until([&] { return count<UnitArrived>() >= 2; });
      pass_time(300ms);
      return back;
    }
    case Gap::person:
    case Gap::removal:
    case Gap::restart: {
      const bool judged = until([&] { return count<VerdictReached>() >= 1; });
      pass_time(case_.proof == Confirm::none ? 5s : 500ms);  // with no proof it is on its way into its firmware
      return judged;
    }
  }
  return false;
}

void Line::exchange() {
  line.pull({port_of(0)});
  pass_time(case_.absence);
  if (case_.who == Who::nobody) return;
  auto unit = unit_that_comes(case_);
  exchanged_ = true;
  attempts_before_ = watcher.attempts[{port_of(0)}].size();
  line.with_unit({port_of(0)}, [&](VirtualUnit& here) {
    if (unit) {
      here = *unit;
    } else {
      here.power_off();
    }
  });
  line.plug({port_of(0)});
}

// Each verdict at the moment at which it is told.
void Line::look(const Event& event) {
  if (trace && !std::holds_alternative<Progress>(event)) print(clock.now(), event);
  const auto* verdict = std::get_if<VerdictReached>(&event);
  if (!verdict || verdict->attempts == 0) return;
  const bool good = verdict->outcome == scheduler::Outcome::passed || verdict->outcome == scheduler::Outcome::already;
  const AttemptFinished& last = watcher.attempts[verdict->port].back();
  if (!good) {
    if (!last.fault) outcome_.lies.push_back("no pass, and no fault");
    return;
  }
  const auto truth = truth::truth_of(*this, port_of(0), *options.settings.recipe);
  if (truth.holds && (truth.started || !last.booted)) return;
  if (by_reset_time(last)) {
    outcome_.cannot_be_told = "passed by reset-time: no id is shown, and the exchange took no longer than a reset may";
  } else {
    outcome_.lies.push_back("a pass, and the unit in the socket does not run what was written");
  }
}

// What the line shows when all is done is about the unit that is in the socket.
void Line::judge_the_end(Outcome& outcome) {
  const auto& attempts = watcher.attempts[{port_of(0)}];
  if (attempts.empty()) {
    if (case_.who != Who::other_profile) outcome.lies.push_back("no attempt");
    return;
  }
  constexpr std::size_t most = 8;
  if (attempts.size() > most) outcome.lies.push_back(std::to_string(attempts.size()) + " attempts");
  const AttemptFinished& last = attempts.back();
  outcome.passed = truth::passed(last);
  if (case_.who == Who::nobody || case_.who == Who::other_profile) {
    const bool claims = last.booted == true && case_.gap != Gap::removal && case_.gap != Gap::restart;
    if (claims) outcome.lies.push_back("booted, and it never came back");
    return;
  }
  if (outcome.cannot_be_told) return;
  std::string id;
  bool in_dfu = false, present = line.present({port_of(0)});
  line.with_unit({port_of(0)}, [&](const VirtualUnit& unit) {
    id = unit.id();
    in_dfu = unit.mode() == VirtualUnit::Mode::dfu;
  });
  const auto truth = truth::truth_of(*this, port_of(0), *options.settings.recipe);
  const bool left_alone = case_.gap == Gap::pending && !in_dfu && case_.who != Who::same;
  if (left_alone) return;
  if (case_.subject->name == "stm32-rom" && !present) return;  // its firmware has no USB
  if (!truth.holds) {
    // Its user part alone differs: it may be the same unit, whose factory firmware came back.
    const bool fell_back = last.fault && last.fault->code == dfu::FaultCode::factory_fallback;
    const bool brought = case_.gap == Gap::pending && last.fault && last.fault->code == dfu::FaultCode::unit_swapped;
    if (by_reset_time(last)) {
      outcome.cannot_be_told = "failed, for another unit came within the time that a reset may take, and shows no id";
    } else if (fell_back) {
      outcome.cannot_be_told = "failed, for another unit looks like one that restored its factory firmware";
    } else if (!brought) {
      outcome.lies.push_back("the unit in the socket was not flashed");
    }
    return;
  }
  if (outcome.passed) {
    const bool copy = case_.subject->copied || case_.who == Who::stored_id;
    const bool wrong_id = last.unit && *last.unit != id && !copy;
    if (wrong_id && by_reset_time(last)) {
      outcome.cannot_be_told = "passed by reset-time with the id of the unit that left: the one that came shows none";
    } else if (wrong_id) {
      outcome.lies.push_back("recorded as unit " + *last.unit + ", and it is " + id);
    }
    return;
  }
  const bool brought = case_.gap == Gap::pending && last.fault && last.fault->code == dfu::FaultCode::unit_swapped;
  if (brought) {
    outcome.cannot_be_told = "failed as another unit, which was running and had to be read to find that out";
    return;
  }
  const std::string why = last.fault ? last.fault->text : "(no fault)";
  if (last.fault && last.fault->text.find("Nothing proves that the unit") == 0) {
    outcome.cannot_be_told = "failed, for no id is shown and the unit cannot be read once more";
  } else if (last.fault && last.fault->code == dfu::FaultCode::pulled_before_proof && case_.gap == Gap::pending) {
    outcome.cannot_be_told = "failed when it was pulled; it shows no id, and the line leaves running units alone";
  } else {
    outcome.lies.push_back("no pass for a unit that holds the recipe: " + why);
  }
}

Outcome Line::run() {
  start();
  if (!reach_the_gap()) {
    outcome_.lies.push_back("the case never came to its gap");
    return outcome_;
  }
  exchange();
  pass_time(patience);
  judge_the_end(outcome_);
  return outcome_;
}

// A station that is started again knows nothing of the port, where the unit is by then.
Outcome Line::run_again(Line& before) {
  auto unit = unit_that_comes(case_);
  if (!unit) before.line.with_unit({port_of(0)}, [&](VirtualUnit& here) { unit = here; });
  line.with_unit({port_of(0)}, [&](VirtualUnit& here) {
    here = *unit;
    here.power_off();
    here.restart();
  });
  start();
  pass_time(patience);
  judge_the_end(outcome_);
  return outcome_;
}

Outcome run_case(const Case& one) {
  Line line(one);
  if (one.gap != Gap::restart) return line.run();
  line.start();
  Outcome outcome;
  if (!line.reach_the_gap()) {
    outcome.lies.push_back("the case never came to its gap");
    return outcome;
  }
  Line again(one);
  return again.run_again(line);
}

// ---- all cases

std::string seconds_of(dfu::Duration time) {
  std::ostringstream out;
  out << dfu::seconds(time) << " s";
  return out.str();
}

std::vector<Case> all_cases(const std::vector<Subject>& subjects) {
  std::vector<Case> all;
  for (const Subject& subject : subjects) {
    for (const Confirm proof : proofs_of(subject)) {
      for (const auto& [gap, gap_name] : gaps) {
        for (const auto& [who, who_name] : people) {
          for (const dfu::Duration absence : absences) {
            if (!makes_sense(subject, proof, gap, who, absence)) continue;
            all.push_back({&subject, proof, gap, who, absence,
                           subject.name + ", " + std::string(to_string(proof)) + ", " + gap_name + ", " + who_name +
                               ", " + seconds_of(absence)});
          }
        }
      }
    }
  }
  return all;
}

struct Options {
  std::size_t stride = 1, offset = 0;
  std::string only;
};

int report(const std::vector<Case>& cases, const Options& options) {
  std::map<std::string, int> counts, untold;
  int lies = 0, passed = 0, failed = 0, number = 0;
  for (std::size_t i = options.offset % options.stride; i < cases.size(); i += options.stride) {
    const Case& one = cases[i];
    if (one.name.find(options.only) == std::string::npos) continue;
    if (trace) std::cout << one.name << "\n";
    const Outcome outcome = run_case(one);
    ++number;
    ++(outcome.passed ? passed : failed);
    for (const std::string& lie : outcome.lies) std::cout << "LIE: " << one.name << ": " << lie << "\n";
    lies += !outcome.lies.empty();
    if (outcome.cannot_be_told) {
      ++untold[*outcome.cannot_be_told];
      if (options.stride == 1) std::cout << "cannot be told: " << one.name << ": " << *outcome.cannot_be_told << "\n";
    }
  }
  std::cout << "\n"
            << number << " cases: " << passed << " ended with a pass, " << failed << " without, " << lies
            << " with a verdict that is not true\n\nwhat no evidence can tell\n";
  for (const auto& [why, count] : untold) std::cout << std::setw(7) << count << "  " << why << "\n";
  return lies == 0 && number > 0 ? 0 : 1;
}

}  // namespace
}  // namespace scheduler

int main(int count, char** words) {
  scheduler::Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view word = words[i];
    if (word == "--stride") options.stride = std::max(1ul, std::stoul(words[i + 1]));
    if (word == "--offset") options.offset = std::stoul(words[i + 1]);
    if (word == "--only") options.only = words[i + 1];
    if (word == "--trace") scheduler::trace = true;
  }
  const auto subjects = scheduler::subjects();
  return scheduler::report(scheduler::all_cases(subjects), options);
}
