// A line of virtual Photons and an engine on one virtual clock: the whole visit in the test's own thread.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/recipe.h"
#include "config/station_config.h"
#include "dfu/particle/build.h"
#include "dfu/virtual/line.h"
#include "scheduler/clocks.h"
#include "scheduler/engine.h"

namespace scheduler::fleet {

// Keeps records in memory; commits take 5 ms. Refuses everything from the `broken_from`-th record on.
class MemoryRecorder : public Recorder {
 public:
  explicit MemoryRecorder(dfu::Clock& clock) : clock_(clock) {}

  void record(Record record, WallTime, std::function<void(bool)> done) override {
    const bool good = records.size() < broken_from;
    if (good) records.push_back(std::move(record));
    clock_.after(std::chrono::milliseconds(5), [good, done = std::move(done)] { done(good); });
  }

  std::vector<Record> records;
  std::size_t broken_from = SIZE_MAX;

 private:
  dfu::Clock& clock_;
};

class Watcher : public Observer {
 public:
  void on(const Event& event, WallTime at) override {
    if (const auto* ended = std::get_if<AttemptEnded>(&event))
      attempts[ended->finished.started.port].push_back(ended->finished);
    if (const auto* verdict = std::get_if<VerdictReached>(&event)) verdicts[verdict->port].push_back(*verdict);
    events.push_back(event);
    if (next) next->on(event, at);
    if (on_event) on_event(event);
  }

  Observer* next = nullptr;  // watches, too

  std::map<dfu::PortPath, std::vector<AttemptFinished>> attempts;
  std::map<dfu::PortPath, std::vector<VerdictReached>> verdicts;
  std::vector<Event> events;
  std::function<void(const Event&)> on_event;  // at the moment it happens
};

struct Sizes {
  std::uint32_t part1 = 248732, part2 = 151192, user = 86192;  // the brief's
  std::uint16_t version = 3;                                   // of all three modules: 0.4.3's
};

// The three modules of the brief, with made-up contents.
inline std::shared_ptr<config::Recipe> photon_recipe(const Sizes& sizes = {}) {
  using dfu::particle::Function;
  const auto step = [&sizes](const char* name, Function function, std::uint8_t index, std::uint32_t start,
                             std::uint32_t size, std::vector<dfu::particle::Dependency> needs) {
    const dfu::particle::ModuleSpec spec{.function = function,
                                         .index = index,
                                         .version = sizes.version,
                                         .start = start,
                                         .file_size = size,
                                         .dependencies = needs};
    dfu::Step one{name, dfu::make_image(std::string(name) + ".bin", dfu::particle::build_module(spec)), start, {}};
    one.header_offset = one.image->facts.module->header_offset;
    return one;
  };
  auto recipe = std::make_shared<config::Recipe>();
  recipe->name = "fleet";
  recipe->profile = *dfu::find_profile("photon");
  std::vector<dfu::Step> steps;
  steps.push_back(step("system-part1", Function::system_part, 1, 0x08020000, sizes.part1, {}));
  steps.push_back(step("system-part2", Function::system_part, 2, 0x08060000, sizes.part2,
                       {{Function::system_part, 1, sizes.version}}));
  steps.push_back(
      step("user", Function::user_part, 1, 0x080A0000, sizes.user, {{Function::system_part, 2, sizes.version}}));
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  return recipe;
}

class Fleet {
 public:
  explicit Fleet(const dfu::virt::LineSpec& spec, std::shared_ptr<const config::Recipe> recipe = photon_recipe(),
                 std::shared_ptr<const config::StationConfig> station = std::make_shared<config::StationConfig>())
      : line(spec, clock), recorder(clock) {
    options.settings = {std::move(recipe), {}, std::move(station)};
    options.topology = line.topology();
    options.hubs = &line;
    options.new_id = [n = std::make_shared<int>(0)] { return "id-" + std::to_string(++*n); };
  }

  // Runs to the end; nothing if the engine never said that it is done.
  std::optional<Totals> run() {
    start();
    clock.run();
    return totals;
  }

  void start() {
    engine = std::make_unique<Engine>(line, clock, pool, recorder, watcher, options);
    engine->start([this](Totals all) { totals = all; });
  }

  // The unit holds this recipe and runs it.
  void run_application(const std::string& port, const config::Recipe& recipe) {
    line.with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
      for (const dfu::Step& step : recipe.layout.steps) unit.flash().place(step.address, step.image->payload());
      unit.restart();
      EXPECT_EQ(unit.mode(), dfu::virt::VirtualUnit::Mode::application);
    });
  }

  bool runs_application(const std::string& port) {
    bool runs = false;
    line.with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
      runs = unit.mode() == dfu::virt::VirtualUnit::Mode::application &&
             unit.last_boot()->outcome == dfu::virt::BootOutcome::application;
    });
    return runs;
  }

  std::uint32_t transfers(const std::string& port) {
    std::uint32_t transfers = 0;
    line.with_unit({port}, [&](dfu::virt::VirtualUnit& unit) { transfers = unit.transfers(); });
    return transfers;
  }

  const AttemptFinished& last(const std::string& port) { return watcher.attempts[{port}].back(); }

  // The unit's flash holds every byte of the recipe.
  bool holds_recipe(const std::string& port) { return holds_recipe(port, *options.settings.recipe); }
  bool holds_recipe(const std::string& port, const config::Recipe& recipe) {
    bool all = true;
    line.with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
      for (const dfu::Step& step : recipe.layout.steps) {
        const dfu::ByteView payload = step.image->payload();
        const dfu::ByteView held = unit.flash().view(step.range());
        all = all && std::equal(held.begin(), held.end(), payload.begin(), payload.end());
      }
    });
    return all;
  }

  VirtualClock clock;
  dfu::virt::VirtualLine line;
  ClockPool pool{clock};
  MemoryRecorder recorder;
  Watcher watcher;
  EngineOptions options;
  std::unique_ptr<Engine> engine;
  std::optional<Totals> totals;
};

inline const std::string& port_of(int index) {
  static const std::vector<std::string> ports = [] {
    std::vector<std::string> all;
    for (const auto& unit : dfu::virt::photon_line(560, 3).units) all.push_back(unit.port.text);
    return all;
  }();
  return ports.at(index);
}

}  // namespace scheduler::fleet
