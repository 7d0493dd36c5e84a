// A virtual line in virtual time with a diary of its events, for tests: each verb turns the clock until it is answered.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dfu/virtual/line.h"
#include "scheduler/clocks.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu::virt::testing {

using namespace std::chrono_literals;

inline const PortPath first{"1-1.1"};

class Line {
 public:
  explicit Line(const LineSpec& spec) : line(spec, clock) {
    line.start([this](const BusEvent& event) { note(event); });
    clock.run(0s);
  }

  static bool is_dfu(const UnitInfo& unit) {
    return std::any_of(unit.configuration.alternates.begin(), unit.configuration.alternates.end(),
                       [](const AltSetting& one) { return one.is_dfu() && one.protocol == 2; });
  }
  void note(const BusEvent& event) {
    if (const auto* arrived = std::get_if<Arrived>(&event)) {
      diary.push_back("+" + arrived->unit.port.text + (is_dfu(arrived->unit) ? " dfu" : " app"));
      EXPECT_FALSE(here.contains(arrived->unit.port)) << "Left comes before the next Arrived";
      EXPECT_TRUE(handles.insert(arrived->unit.handle).second) << "a new handle for each enumeration";
      here[arrived->unit.port] = arrived->unit;
    } else if (const auto* left = std::get_if<Left>(&event)) {
      diary.push_back("-" + left->port.text);
      ASSERT_TRUE(here.contains(left->port));
      EXPECT_EQ(here[left->port].handle, left->handle);
      here.erase(left->port);
    } else {
      diary.push_back("listed");
    }
    times.push_back(clock.now());
  }

  UnitHandle handle(const PortPath& port = first) const { return here.at(port).handle; }

  template <typename Result, typename Verb>
  Result wait(Verb verb) {
    std::optional<Result> result;
    verb([&](Result got) {
      EXPECT_FALSE(result) << "answered once";
      result = std::move(got);
    });
    EXPECT_FALSE(result) << "never from inside the call";
    while (!result && clock.step()) {
    }
    EXPECT_TRUE(result) << "answered at all";
    return result.value_or(Result{});
  }

  OpenResult open(std::uint8_t alternate = 0) { return open_unit(handle(), alternate); }
  OpenResult open_unit(UnitHandle unit, std::uint8_t alternate = 0) {
    return wait<OpenResult>([&](auto done) { line.open(unit, {{0, alternate}}, done); });
  }
  TransferResult submit(const Setup& what, Bytes data = {}, Duration timeout = 5s) {
    return submit(handle(), what, data, timeout);
  }
  TransferResult submit(UnitHandle unit, const Setup& what, Bytes data = {}, Duration timeout = 5s) {
    return wait<TransferResult>([&](auto done) { line.submit(unit, {what, data, timeout}, done); });
  }
  ResetStatus reset(UnitHandle unit) {
    return wait<ResetStatus>([&](auto done) { line.reset(unit, done); });
  }
  void close(UnitHandle unit) {
    int closed = 0;
    line.close(unit, [&] { ++closed; });
    EXPECT_EQ(closed, 0);
    while (closed == 0 && clock.step()) {
    }
    EXPECT_EQ(closed, 1);
  }
  TransferResult download(std::uint16_t block, const Bytes& data) {
    return submit(setup(Request::dnload, block, static_cast<std::uint16_t>(data.size())), data);
  }
  TransferResult status(Duration timeout = 5s) { return submit(setup(Request::getstatus, 0, 6), {}, timeout); }
  void settle() { clock.run(clock.now() + 60s); }

  scheduler::VirtualClock clock;
  std::vector<std::string> diary;
  std::vector<Duration> times;
  std::map<PortPath, UnitInfo> here;
  std::set<UnitHandle> handles;
  VirtualLine line;
};

inline LineSpec one_unit(int generation, std::vector<FaultSpec> faults = {}) {
  LineSpec spec = photon_line(1, generation);
  spec.units[0].faults = std::move(faults);
  return spec;
}

}  // namespace dfu::virt::testing
