// A line on which units are pulled, swapped and come back, and what is on record about them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/visit.h"
#include "tests/scheduler/fleet.h"

namespace scheduler::identity {

using dfu::virt::VirtualUnit;
using fleet::Fleet;
using fleet::port_of;

inline const std::string one_id = "3b002c001847353236343033";

inline fleet::Sizes small(std::uint16_t version) {
  return {20000, 12000, 8000, version};
}

inline dfu::virt::UnitSpec spec_of(int index, int generation, const std::string& id) {
  dfu::virt::UnitSpec spec;
  spec.port.text = port_of(index);
  spec.generation = generation;
  spec.id = id;
  return spec;
}

inline std::vector<Remark> remarks(const Fleet& fleet, RemarkKind kind) {
  std::vector<Remark> out;
  for (const Record& record : fleet.recorder.records) {
    const auto* remark = std::get_if<Remark>(&record);
    if (remark && remark->kind == kind) out.push_back(*remark);
  }
  return out;
}

class Station : public Fleet {
 public:
  Station(
      dfu::virt::LineSpec spec, std::uint16_t version,
      const std::function<void(config::Recipe&)>& change = [](config::Recipe&) {})
      : Fleet(spec, recipe(version, change)) {
    options.stay = true;
  }
  static std::shared_ptr<config::Recipe> recipe(std::uint16_t version,
                                                const std::function<void(config::Recipe&)>& change) {
    auto out = fleet::photon_recipe(small(version));
    change(*out);
    return out;
  }
  void pass_time(dfu::Duration time) { clock.run(clock.now() + time); }
  void until(const std::function<bool()>& reached) {
    while (!reached() && clock.step()) {
    }
  }
  int count_left() const {
    return static_cast<int>(std::ranges::count_if(
        watcher.events, [](const Event& event) { return std::holds_alternative<UnitLeft>(event); }));
  }
  int count_arrived() const {
    return static_cast<int>(std::ranges::count_if(
        watcher.events, [](const Event& event) { return std::holds_alternative<UnitArrived>(event); }));
  }
};

inline const std::string other_id = "aa002c001847353236343033";

// Another unit, which runs this recipe.
inline VirtualUnit running_unit(int generation, const std::string& id, const config::Recipe& recipe) {
  VirtualUnit unit(spec_of(0, generation, id));
  for (const dfu::Step& step : recipe.layout.steps) unit.flash().place(step.address, step.image->payload());
  return unit;
}

inline void put_in_its_place(Station& station, VirtualUnit unit) {
  unit.power_off();
  station.line.with_unit({port_of(0)}, [&](VirtualUnit& here) { here = unit; });
  station.line.plug({port_of(0)});
}

inline std::shared_ptr<config::Recipe> another_build(std::uint16_t version) {
  auto recipe = fleet::photon_recipe({20004, 12004, 8004, version});
  return recipe;
}

template <class T>
std::vector<T> recorded(const Station& station) {
  std::vector<T> out;
  for (const Record& record : station.recorder.records) {
    if (const T* one = std::get_if<T>(&record)) out.push_back(*one);
  }
  return out;
}

}  // namespace scheduler::identity
