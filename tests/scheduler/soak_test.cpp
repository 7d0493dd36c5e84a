// The line that stays, for hours of virtual time, with everything that can happen to it at random: units plugged and
// pulled, faults of every kind at any place, loose plugs, recipe and station file read again, pauses. Nobody is
// forgotten, and every verdict is true.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "scheduler/fault_policy.h"
#include "tests/scheduler/truth.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using dfu::virt::VirtualUnit;
using fleet::Fleet;
using fleet::port_of;

constexpr int slots = 14;  // two full hubs: a unit that wants to move stays
// The longest that a visit may take with nobody's help: two attempts, each with the longest waits there are, a pause.
constexpr dfu::Duration patience = 150s;
// A port that is empty for longer has a new unit next, also when the last one was on its way back from DFU mode.
constexpr dfu::Duration surely_empty = 20s;

dfu::virt::LineSpec empty_line() {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(slots, 8);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  return spec;
}

class Soak : public Fleet {
 public:
  explicit Soak(std::uint32_t seed) : Fleet(empty_line(), recipe_of(0)), random_(seed) {
    options.stay = true;
    watcher.on_event = [this](const Event& event) { std::visit([this](const auto& what) { hear(what); }, event); };
    start();
    clock.run(100ms);
  }

  void work(dfu::Duration time) {
    const dfu::Duration end = clock.now() + time;
    while (clock.now() < end) {
      clock.run(clock.now() + milliseconds(20, 300));
      if (chance(0.01)) reload();
      if (clock.now() > next_pause_) toggle_pause();
      for (int i = 0; i < slots; ++i) {
        if (clock.now() >= people_[i].next) act(i);
      }
    }
    engine->pause(false);
    engine->stop(StopKind::drain);
    clock.run(clock.now() + patience);
  }

  int insertions() const { return insertions_; }
  int verdicts() const { return verdicts_; }
  int reloads() const { return reloads_; }
  const std::map<std::string, int>& outcomes() const { return outcomes_; }

 private:
  // What a person does at one slot.
  struct Person {
    dfu::Duration next{};
    bool plugged = false;
    bool loose = false;                                           // out for a moment: the same unit comes back
    bool stayed = false;                                          // longer than any visit takes
    int visits = 0, arrivals = 0, verdicts = 0, never_begun = 0;  // on the port when this unit was plugged in
  };

  static std::shared_ptr<config::Recipe> recipe_of(std::uint32_t number) {
    auto recipe = fleet::photon_recipe({9000 + 1000 * number, 6002, 4200});
    recipe->name = "recipe " + std::to_string(number);
    return recipe;
  }

  bool chance(double probability) { return std::uniform_real_distribution<>(0, 1)(random_) < probability; }
  std::uint32_t up_to(std::uint32_t most) { return std::uniform_int_distribution<std::uint32_t>(0, most)(random_); }
  dfu::Duration milliseconds(std::uint32_t least, std::uint32_t most) {
    return std::chrono::milliseconds(least + up_to(most - least));
  }

  void act(int slot) {
    Person& person = people_[slot];
    const dfu::PortPath port{port_of(slot)};
    if (person.plugged) {
      line.pull(port);
      note(port, "pulled");
      person.plugged = false;
      person.loose = chance(0.15);
      person.next = clock.now() + (person.loose ? milliseconds(200, 1400) : surely_empty + milliseconds(0, 9000));
    } else if (std::exchange(person.loose, false)) {
      line.plug(port);
      note(port, "plugged in again");
      person.plugged = true;
      person.next = clock.now() + milliseconds(100, 40000);
    } else {
      check_last(slot);
      insert(slot);
    }
  }

  void insert(int slot) {
    Person& person = people_[slot];
    const dfu::PortPath port{port_of(slot)};
    ASSERT_TRUE(line.fresh(port));
    history_[port].clear();
    note(port, "plugged in");
    while (chance(0.4)) add_fault(port);
    ++insertions_;
    person = {.plugged = true};
    const bool long_enough = chance(0.2), hasty = chance(0.2);
    person.next = clock.now() + (long_enough ? patience : hasty ? milliseconds(0, 4000) : milliseconds(5000, 40000));
    person.visits = count<VisitStarted>(port);
    person.arrivals = arrivals(port);
    person.verdicts = static_cast<int>(watcher.verdicts[port].size());
    person.never_begun = never_begun(port);
  }

  // A unit that drops off the bus by itself for longer than `insert_after` (2 s) cannot be told from one that was
  // exchanged, and is one more insertion by definition. So `late` strikes only where the unit is expected back.
  void add_fault(const dfu::PortPath& port) {
    const auto names = dfu::virt::fault_kind_names();
    const auto kind = *dfu::virt::fault_kind_from(names[up_to(static_cast<std::uint32_t>(names.size()) - 1)]);
    const std::vector<std::string> places{"leave",
                                          "survey",
                                          "return",
                                          "return:" + std::to_string(up_to(3000)),
                                          "block:" + std::to_string(1 + up_to(8)),
                                          "request:" + std::to_string(1 + up_to(70)),
                                          "address:" + dfu::hex_address(0x08020000 + up_to(0x2000))};
    const std::uint32_t place = up_to(static_cast<std::uint32_t>(places.size()) - 1);
    const auto& at = places[kind == dfu::virt::FaultKind::late ? 0 : place];
    const dfu::virt::FaultSpec fault{kind, *dfu::virt::fault_point_from(at), 1 + static_cast<int>(up_to(2)),
                                     chance(0.3) ? 0.5 : 1.0, up_to(1000000)};
    line.with_unit(port, [&](VirtualUnit& unit) { unit.add_fault(fault); });
    note(port, "fault " + names[static_cast<std::size_t>(kind)] + " at " + at + " x" + std::to_string(fault.times));
  }

  void reload() {
    ++reloads_;
    auto station = std::make_shared<config::StationConfig>();
    station->cap = 4 + static_cast<int>(up_to(20));
    station->stagger = milliseconds(0, 300);
    station->hubs = {
        {.port = "1-1", .label = {}, .width = 2 + static_cast<int>(up_to(5)), .milliamperes = {}, .power = {}}};
    station->slots = {{port_of(static_cast<int>(up_to(slots - 1))), "A" + std::to_string(reloads_), ""}};
    LineSettings settings{recipe_of(up_to(2)), {}, station};
    settings.own_recipes[{port_of(static_cast<int>(up_to(slots - 1)))}] = recipe_of(3);
    engine->reload(std::move(settings));
  }

  void toggle_pause() {
    paused_ = !paused_;
    engine->pause(paused_);
    next_pause_ = clock.now() + (paused_ ? milliseconds(500, 8000) : milliseconds(20000, 120000));
  }

  template <class T>
  int count(const dfu::PortPath& port) const {
    return static_cast<int>(std::count_if(recorder.records.begin(), recorder.records.end(), [&](const Record& record) {
      const T* one = std::get_if<T>(&record);
      return one && one->port == port;
    }));
  }
  int never_begun(const dfu::PortPath& port) const {
    return static_cast<int>(std::count_if(watcher.events.begin(), watcher.events.end(), [&](const Event& event) {
      const auto* over = std::get_if<VisitOver>(&event);
      return over && over->never_begun && over->port == port;
    }));
  }
  int arrivals(const dfu::PortPath& port) const {
    return static_cast<int>(std::count_if(watcher.events.begin(), watcher.events.end(), [&](const Event& event) {
      const auto* arrived = std::get_if<UnitArrived>(&event);
      return arrived && arrived->unit.port == port;
    }));
  }

  // Of the unit that was there before: one visit if the host ever saw it, and its verdict.
  void check_last(int slot) {
    const Person& person = people_[slot];
    const dfu::PortPath port{port_of(slot)};
    const int seen = arrivals(port) > person.arrivals;
    const int visits = count<VisitStarted>(port) - person.visits;
    EXPECT_GE(visits, seen) << port.text << history_[port];
    // A unit that shows no id, and disconnects by itself, is another one to the line when it is back.
    EXPECT_LE(visits, arrivals(port) - person.arrivals) << port.text << history_[port];
    const int verdicts = static_cast<int>(watcher.verdicts[port].size()) - person.verdicts;
    EXPECT_EQ(verdicts + never_begun(port) - person.never_begun, visits) << port.text << history_[port];
  }

  // What happened on a port since its unit was plugged in, for a person who must find out why.
  void note(const dfu::PortPath& port, const std::string& what) {
    history_[port] += "\n  " + std::to_string(dfu::seconds(clock.now())) + " s: " + what;
  }
  void hear(const UnitArrived& arrived) { note(arrived.unit.port, "arrived as " + to_string(arrived.unit.id)); }
  void hear(const UnitLeft& left) { note(left.port, "left"); }
  void hear(const AttemptBegan& began) { note(began.started.port, "attempt"); }
  void hear(const AttemptEnded& ended) {
    const auto& finished = ended.finished;
    note(finished.started.port, "ended " + (finished.fault ? finished.fault->text : "well"));
  }
  void hear(const VerdictReached& verdict) {
    note(verdict.port, "verdict " + std::string(to_string(verdict.outcome)));
    check(verdict);
  }
  template <class Other>
  void hear(const Other&) {}

  void check(const VerdictReached& verdict) {
    ++verdicts_;
    ++outcomes_[std::string(to_string(verdict.outcome))];
    const auto& attempts = watcher.attempts[verdict.port];
    if (verdict.attempts == 0) return;
    ASSERT_FALSE(attempts.empty());
    const AttemptFinished& last = attempts.back();
    // The verdict of a visit that ended because its unit went is not about the unit that came back, unless an id tells.
    if (last.fault && about(last.fault->code) == About::cable) return;
    const auto lie = truth::lie_in(last, truth::truth_of(*this, verdict.port.text, *last.started.recipe));
    EXPECT_FALSE(lie) << *lie << "\n" << verdict.port.text << history_[verdict.port];
  }

  std::mt19937 random_;
  std::vector<Person> people_ = std::vector<Person>(slots);
  const std::map<dfu::PortPath, int> slot_of_ = [] {
    std::map<dfu::PortPath, int> all;
    for (int i = 0; i < slots; ++i) all[{port_of(i)}] = i;
    return all;
  }();
  dfu::Duration next_pause_ = 30s;
  bool paused_ = false;
  int insertions_ = 0, verdicts_ = 0, reloads_ = 0;
  std::map<std::string, int> outcomes_;
  std::map<dfu::PortPath, std::string> history_;
};

// Each start has one end, each visit too, and nothing of a visit comes before or after it.
void expect_whole(const std::vector<Record>& records) {
  std::map<std::string, int> open_attempts, open_visits;
  std::map<std::string, std::shared_ptr<const config::Recipe>> recipes;
  for (const Record& record : records) {
    if (const auto* visit = std::get_if<VisitStarted>(&record)) {
      EXPECT_EQ(open_visits[visit->visit]++, 0);
    }
    if (const auto* visit = std::get_if<VisitEnded>(&record)) {
      EXPECT_EQ(open_visits[visit->visit]--, 1);
    }
    if (const auto* attempt = std::get_if<AttemptStarted>(&record)) {
      EXPECT_EQ(open_visits[attempt->visit], 1);
      EXPECT_EQ(open_attempts[attempt->attempt]++, 0);
      auto& recipe = recipes[attempt->visit];
      EXPECT_TRUE(!recipe || recipe == attempt->recipe) << "a visit keeps the recipe that it began with";
      recipe = attempt->recipe;
    }
    if (const auto* attempt = std::get_if<AttemptFinished>(&record)) {
      EXPECT_EQ(open_visits[attempt->started.visit], 1);
      EXPECT_EQ(open_attempts[attempt->started.attempt]--, 1);
    }
  }
  for (const auto& [attempt, count] : open_attempts) EXPECT_EQ(count, 0) << attempt;
}

class SoakSeeds : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, SoakSeeds, testing::Values(1u, 2u, 3u));

TEST_P(SoakSeeds, TwentyMinutesOfEverythingForgetNoUnitAndTellNoLie) {
  Soak soak(GetParam());
  soak.work(20min);
  ASSERT_TRUE(soak.totals) << "the line never came to its end";
  expect_whole(soak.recorder.records);
  EXPECT_GT(soak.insertions(), 200);
  EXPECT_GT(soak.reloads(), 10);
  std::cout << soak.insertions() << " insertions, " << soak.verdicts() << " verdicts, " << soak.reloads() << " reloads";
  for (const auto& [outcome, count] : soak.outcomes()) std::cout << ", " << count << " " << outcome;
  std::cout << "\n";
}

}  // namespace
}  // namespace scheduler
