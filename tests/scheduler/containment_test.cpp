// One wedged unit among 32: wherever it is stuck, nobody waits for it.
#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using dfu::virt::FaultSpec;
using fleet::port_of;

constexpr int units = 32, wedged = 13;
// Longer than any flash takes; the real line gives a call that hangs up after less (dfu/usb/limits.h).
constexpr dfu::Duration never = 10min;

// A line on which what blocks in a host's kernel takes very long for one unit: to open it, or to close it.
class StuckBus : public dfu::Bus {
 public:
  enum class Where { nowhere, open, close };

  StuckBus(dfu::Bus& line, dfu::Clock& clock, Where where) : line_(line), clock_(clock), where_(where) {}

  void start(OnEvent on_event) override {
    line_.start([this, on_event = std::move(on_event)](const dfu::BusEvent& event) {
      const auto* arrived = std::get_if<dfu::Arrived>(&event);
      if (arrived && arrived->unit.port.text == port_of(wedged)) stuck_.push_back(arrived->unit.handle);
      on_event(event);
    });
  }
  void open(dfu::UnitHandle unit, std::vector<dfu::Claim> claims, std::function<void(dfu::OpenResult)> done) override {
    if (!is_stuck(unit, Where::open)) return line_.open(unit, std::move(claims), std::move(done));
    clock_.after(never, [done = std::move(done)] { done({dfu::OpenStatus::failed, "the call never returned"}); });
  }
  void submit(dfu::UnitHandle unit, dfu::Transfer transfer, std::function<void(dfu::TransferResult)> done) override {
    line_.submit(unit, std::move(transfer), std::move(done));
  }
  void reset(dfu::UnitHandle unit, std::function<void(dfu::ResetStatus)> done) override {
    line_.reset(unit, std::move(done));
  }
  void cancel(dfu::UnitHandle unit) override { line_.cancel(unit); }
  void close(dfu::UnitHandle unit, std::function<void()> done) override {
    if (!is_stuck(unit, Where::close)) return line_.close(unit, std::move(done));
    clock_.after(never, [this, unit, done = std::move(done)]() mutable { line_.close(unit, std::move(done)); });
  }

 private:
  bool is_stuck(dfu::UnitHandle unit, Where where) const {
    return where == where_ && std::find(stuck_.begin(), stuck_.end(), unit) != stuck_.end();
  }

  dfu::Bus& line_;
  dfu::Clock& clock_;
  const Where where_;
  std::vector<dfu::UnitHandle> stuck_;
};

class StuckFleet : public fleet::Fleet {
 public:
  StuckFleet(const std::vector<FaultSpec>& faults, StuckBus::Where where, int generation)
      : Fleet(spec_of(faults, generation)), bus_(line, clock, where) {
    watcher.on_event = [this](const Event& event) {
      const auto* verdict = std::get_if<VerdictReached>(&event);
      if (verdict) verdicts_[verdict->port.text] = {verdict->outcome, clock.now()};
    };
    engine = std::make_unique<Engine>(bus_, clock, pool, recorder, watcher, options);
    engine->start([this](Totals all) { totals = all; });
    clock.run();
  }

  Outcome outcome(int index) const { return verdicts_.at(port_of(index)).first; }
  // Until the last of the others has its verdict.
  double makespan_of_others() const {
    dfu::Duration last{};
    for (int i = 0; i < units; ++i) {
      if (i != wedged) last = std::max(last, verdicts_.at(port_of(i)).second);
    }
    return dfu::seconds(last);
  }

 private:
  static dfu::virt::LineSpec spec_of(const std::vector<FaultSpec>& faults, int generation) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(units, generation);
    spec.units[wedged].faults = faults;
    return spec;
  }

  StuckBus bus_;
  std::map<std::string, std::pair<Outcome, dfu::Duration>> verdicts_;
};

void expect_others_unharmed(const std::vector<FaultSpec>& faults, StuckBus::Where where, int generation) {
  const StuckFleet well({}, StuckBus::Where::nowhere, generation);
  const StuckFleet fleet(faults, where, generation);
  ASSERT_TRUE(fleet.totals) << "the line never came to an end";
  EXPECT_EQ(fleet.totals->units, units);
  EXPECT_GE(fleet.totals->passed, units - 1) << "the ladder may bring the wedged one back, too";
  for (int i = 0; i < units; ++i) {
    if (i != wedged) {
      EXPECT_EQ(fleet.outcome(i), Outcome::passed) << port_of(i);
    }
  }
  EXPECT_LE(fleet.makespan_of_others(), well.makespan_of_others() * 1.02);
}

class Containment : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Photon, Containment, testing::Values(3, 12));

TEST_P(Containment, AUnitThatIsStuckInOpenDelaysNobody) {
  expect_others_unharmed({}, StuckBus::Where::open, GetParam());
}

TEST_P(Containment, AUnitThatIsStuckInCloseDelaysNobody) {
  expect_others_unharmed({}, StuckBus::Where::close, GetParam());
}

// Silent from some transfer on, or busy for ever, at places all over its flash.
TEST_P(Containment, AUnitThatIsStuckInAnyOfItsTransfersDelaysNobody) {
  for (const FaultKind kind : {FaultKind::wedge, FaultKind::hang}) {
    for (const std::uint32_t request : {1u, 2u, 20u, 200u, 500u}) {
      SCOPED_TRACE(std::to_string(request));
      expect_others_unharmed({{kind, {FaultPoint::Kind::request, request}, 1}}, StuckBus::Where::nowhere, GetParam());
    }
  }
}

}  // namespace
}  // namespace scheduler
