#include "station/cli/enumerate_units.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "station/run/inputs.h"

namespace station {

namespace {

// Reading descriptors takes microseconds a unit; a kernel that holds the answer back this long is not well.
constexpr std::chrono::seconds listing_limit{10};

struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<dfu::UnitInfo> units;
  bool listed = false;

  void take(const dfu::BusEvent& event) {
    const std::lock_guard lock(mutex);
    if (listed) return;
    if (const auto* arrived = std::get_if<dfu::Arrived>(&event)) units.push_back(arrived->unit);
    if (const auto* left = std::get_if<dfu::Left>(&event)) {
      std::erase_if(units, [&](const dfu::UnitInfo& unit) { return unit.handle == left->handle; });
    }
    listed = std::holds_alternative<dfu::Listed>(event);
    if (listed) changed.notify_one();
  }
};

}  // namespace

std::optional<std::vector<dfu::UnitInfo>> enumerate_units(dfu::Bus& bus) {
  const auto seen = std::make_shared<Seen>();
  bus.start([seen](const dfu::BusEvent& event) { seen->take(event); });
  std::unique_lock lock(seen->mutex);
  if (!seen->changed.wait_for(lock, listing_limit, [&] { return seen->listed; })) return std::nullopt;
  std::ranges::sort(seen->units, {}, &dfu::UnitInfo::port);
  return seen->units;
}

ExitStatus complain_of_listing() {
  return complain(ExitStatus::no_unit,
                  "the system did not finish listing its USB devices. See the kernel's log (dmesg) for a device or hub "
                  "that does not answer, and unplug it.");
}

}  // namespace station
