#include "dfu/virtual/line.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "tests/dfu/virtual/diary.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu::virt {
namespace {

using namespace testing;
using namespace std::chrono_literals;

constexpr std::uint32_t user_at = 0x080A0000;

// ---- what is there

TEST(VirtualLine, StartAnnouncesTheUnitsInPortOrderThenListed) {
  LineSpec spec = photon_line(8, 3);
  std::reverse(spec.units.begin(), spec.units.end());
  spec.units[3].starts = Starts::absent;  // 1-1.5
  const Line line(spec);
  EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "+1-1.2 dfu", "+1-1.3 dfu", "+1-1.4 dfu", "+1-1.6 dfu",
                                                  "+1-1.7 dfu", "+1-2.1 dfu", "listed"}));
  EXPECT_EQ(line.clock.now(), 0s);
  EXPECT_EQ(line.here.at(first).serial, "00000000010C");
  EXPECT_EQ(line.here.at(first).product, "Photon DFU Mode");
  EXPECT_EQ(line.here.at(first).release, 0x0200);
  ASSERT_TRUE(line.here.at(first).configuration.functional);
}

TEST(VirtualLine, PortsOrderByNumber) {
  LineSpec spec;
  spec.hubs.push_back({.port = {"1-1"}, .ports = 12});
  for (const char* port : {"1-1.10", "1-1.2"}) {
    spec.units.emplace_back();
    spec.units.back().port.text = port;
  }
  EXPECT_EQ(Line(spec).diary, (std::vector<std::string>{"+1-1.2 dfu", "+1-1.10 dfu", "listed"}));
}

TEST(VirtualLine, TopologyIsThatOfTheSpec) {
  LineSpec spec = photon_line(8, 3);
  spec.hubs[1].tt = TransactionTranslator::single;
  spec.hubs[1].power = PortPower::ganged;
  spec.hubs.push_back({.port = {"2-1"}, .ports = 4});
  Line line(spec);
  const Topology topology = line.line.topology();
  ASSERT_EQ(topology.controllers.size(), 2u);
  EXPECT_EQ(topology.controllers[1].bus, 2);
  ASSERT_EQ(topology.hubs.size(), 3u);
  EXPECT_EQ(topology.hubs[0].port.text, "1-1");
  EXPECT_EQ(topology.hubs[0].ports, 7);
  EXPECT_EQ(topology.hubs[1].tt, TransactionTranslator::single);
  EXPECT_EQ(topology.hubs[1].power, PortPower::ganged);
}

TEST(VirtualLine, ALineThatCannotBeIsRefusedWithTheReason) {
  const auto refused = [](auto change) {
    LineSpec spec = photon_line(2, 3);
    change(spec);
    scheduler::VirtualClock clock;
    try {
      VirtualLine line(spec, clock);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused([](LineSpec&) {}), "");
  EXPECT_NE(refused([](LineSpec& s) { s.units[1].port.text = "1-3.1"; }).find("no hub"), std::string::npos);
  EXPECT_NE(refused([](LineSpec& s) { s.units[1].port.text = "1-1.8"; }).find("1 to 7"), std::string::npos);
  EXPECT_NE(refused([](LineSpec& s) { s.units[1].port = s.units[0].port; }).find("another unit"), std::string::npos);
  EXPECT_NE(refused([](LineSpec& s) { s.units[1].profile = "teapot"; }).find("teapot"), std::string::npos);
  EXPECT_NE(refused([](LineSpec& s) { s.units[1].generation = 5; }).find("generation 5"), std::string::npos);
  EXPECT_NE(refused([](LineSpec& s) { s.units[1].id = "xyz"; }).find("24 hex"), std::string::npos);
}

// ---- transfers and their time

TEST(VirtualLine, OpenSelectsTheAlternateSettingAndRefusesOneThatIsNotThere) {
  Line line(one_unit(7));
  EXPECT_EQ(line.open(1).status, OpenStatus::ok);
  line.line.with_unit(first, [](VirtualUnit& unit) { EXPECT_EQ(unit.dfu().alternate(), 1); });
  EXPECT_EQ(line.open(0).status, OpenStatus::busy) << "one opener at a time";
  line.close(line.handle());
  EXPECT_EQ(line.open(2).status, OpenStatus::failed);
  EXPECT_EQ(line.open(0).status, OpenStatus::ok) << "a failed open holds nothing";
}

TEST(VirtualLine, RefusedOpensComeAsOftenAsArranged) {
  Line line(one_unit(3));
  for (const OpenStatus status : {OpenStatus::access_denied, OpenStatus::busy}) {
    line.line.refuse_open(first, status, 2);
    EXPECT_EQ(line.open().status, status);
    const auto second = line.open();
    EXPECT_EQ(second.status, status);
    EXPECT_FALSE(second.detail.empty());
    EXPECT_EQ(line.open().status, OpenStatus::ok);
    line.close(line.handle());
  }
}

TEST(VirtualLine, AUnitThatIsNotOpenIsGoneForTransfers) {
  Line line(one_unit(3));
  EXPECT_EQ(line.status().status, TransferStatus::gone);
  line.open();
  EXPECT_EQ(line.status().status, TransferStatus::ok);
  line.close(line.handle());
  EXPECT_EQ(line.status().status, TransferStatus::gone);
  EXPECT_EQ(line.submit(0, setup(Request::getstatus, 0, 6)).status, TransferStatus::gone);
  EXPECT_EQ(line.open_unit(12345678).status, OpenStatus::gone);
}

TEST(VirtualLine, ErasingASectorTakesOneSecondOfTheClock) {
  Line line(one_unit(3));
  line.open();
  line.download(0, dfuse_erase(user_at));
  const Duration before = line.clock.now();
  EXPECT_EQ(parse_status(line.status().data)->state, State::dnbusy);
  EXPECT_EQ(line.clock.now() - before, 1s + 500us);
  EXPECT_EQ(parse_status(line.status().data)->state, State::dnload_idle);
  EXPECT_EQ(line.clock.now() - before, 1s + 1ms);
}

TEST(VirtualLine, AModuleTakesTheSumOfItsParts) {
  Line line(one_unit(3));
  line.open();
  const Duration before = line.clock.now();
  const auto worked = [&](std::uint16_t block, const Bytes& data) {
    EXPECT_EQ(line.download(block, data).status, TransferStatus::ok);
    line.status();
    line.status();
  };
  worked(0, dfuse_erase(user_at));
  worked(0, dfuse_set_address(user_at));
  for (std::uint16_t block = 0; block < 21; ++block) worked(2 + block, Bytes(4096, 0x3C));
  const Duration wire(4962LL * 1'000'000 / 1500);
  const Duration commands = 2 * 3 * 500us;
  EXPECT_EQ(line.clock.now() - before, commands + 1s + 21 * (wire + 2 * 500us + 1024 * 16us));
}

TEST(VirtualLine, UnitsWorkAtTheSameTime) {
  Line line(photon_line(64, 3));
  int erased = 0;
  std::function<void(UnitHandle, int)> next = [&](UnitHandle unit, int step) {
    if (step == 3) {
      ++erased;
      return;
    }
    const dfu::Setup what = step == 1 ? setup(Request::dnload, 0, 5) : setup(Request::getstatus, 0, 6);
    if (step == 0) return line.line.open(unit, {{0, 0}}, [&next, unit](OpenResult) { next(unit, 1); });
    line.line.submit(unit, {what, step == 1 ? dfuse_erase(user_at) : Bytes{}, 5s},
                     [&next, unit, step](TransferResult) { next(unit, step + 1); });
  };
  for (const auto& [port, unit] : line.here) next(unit.handle, 0);
  line.clock.run();
  EXPECT_EQ(erased, 64);
  EXPECT_EQ(line.clock.now(), 1s + 1500us);
}

TEST(VirtualLine, ATimeoutEndsTheTransferButNotTheErase) {
  Line line(one_unit(3));
  line.open();
  line.download(0, dfuse_erase(user_at));
  const Duration before = line.clock.now();
  EXPECT_EQ(line.status(200ms).status, TransferStatus::timed_out);
  EXPECT_EQ(line.clock.now() - before, 200ms);
  EXPECT_EQ(line.status(300ms).status, TransferStatus::timed_out) << "it still works";
  const auto result = line.status(5s);
  EXPECT_EQ(parse_status(result.data)->state, State::dnload_idle);
  EXPECT_EQ(line.clock.now() - before, 1s + 1ms);
  line.line.with_unit(first,
                      [](VirtualUnit& unit) { EXPECT_EQ(unit.transfers(), 4u) << "the second never reached it"; });
}

TEST(VirtualLine, CancelIsAnsweredOnceAndTheUnitGoesOn) {
  Line line(one_unit(3));
  line.open();
  line.download(0, dfuse_erase(user_at));
  std::vector<TransferStatus> answers;
  line.line.submit(line.handle(), {setup(Request::getstatus, 0, 6), {}, 5s},
                   [&](TransferResult result) { answers.push_back(result.status); });
  line.clock.run(line.clock.now() + 100ms);
  line.line.cancel(line.handle());
  EXPECT_TRUE(answers.empty());
  line.line.cancel(line.handle());
  line.clock.step();
  EXPECT_EQ(answers, std::vector<TransferStatus>{TransferStatus::cancelled});
  line.clock.run();
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(parse_status(line.status().data)->state, State::dnload_idle);
}

// ---- leaving and coming back

TEST(VirtualLine, AfterLeaveTheApplicationComesBackOnTheSamePort) {
  for (const int generation : {3, 6, 7, 8, 10, 12}) {
    Line line(one_unit(generation));
    line.line.with_unit(first, [](VirtualUnit& unit) { install(unit.flash(), 3); });
    line.open();
    const UnitHandle old = line.handle();
    line.download(2, {});
    const auto result = line.status();
    EXPECT_EQ(result.status == TransferStatus::ok, generation > 3);
    const Duration left = line.clock.now();
    line.clock.run();
    EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 app"}));
    EXPECT_NE(line.handle(), old);
    EXPECT_EQ(line.here.at(first).serial, "00000000050C");
    EXPECT_EQ(line.times[2] - left, (generation > 3 ? 500ms : 0ms) + 100ms);
    EXPECT_EQ(line.times[3] - left, (generation > 3 ? 500ms : 0ms) + 1300ms + 150ms);
    EXPECT_EQ(line.submit(old, setup(Request::getstatus, 0, 6)).status, TransferStatus::gone);
    EXPECT_EQ(line.reset(old), ResetStatus::lost);
    EXPECT_EQ(line.open_unit(old).status, OpenStatus::gone);
    line.close(old);
  }
}

TEST(VirtualLine, ABlankUnitThatLeavesComesBackInDfuMode) {
  Line line(one_unit(12));
  line.open();
  line.download(2, {});
  line.status();
  line.clock.run();
  EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 dfu"}));
}

TEST(VirtualLine, AUnitThatCrashesNeverComesBack) {
  Line line(one_unit(12));
  line.line.with_unit(first, [](VirtualUnit& unit) { unit.flash().place(0x08020000, make(part1(3))); });
  line.open();
  line.download(2, {});
  line.status();
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "-1-1.1");
  EXPECT_FALSE(line.line.present(first));
  line.line.with_unit(first, [](VirtualUnit& unit) { EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::crash); });
}

TEST(VirtualLine, EnumerationIsOneAfterTheOtherOnEachBus) {
  LineSpec spec = photon_line(8, 12);
  spec.hubs.push_back({.port = {"2-1"}, .ports = 7});
  spec.units[7].port.text = "2-1.3";
  for (auto& unit : spec.units) unit.starts = Starts::absent;
  Line line(spec);
  for (const auto& unit : spec.units) line.line.plug(unit.port);
  line.clock.run();
  ASSERT_EQ(line.times.size(), 9u);
  std::vector<Duration> one, two;
  for (std::size_t i = 1; i < 9; ++i) (line.diary[i].starts_with("+2") ? two : one).push_back(line.times[i]);
  ASSERT_EQ(one.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(one[i], 300ms + (1 + static_cast<int>(i)) * 150ms);
  EXPECT_EQ(two, std::vector<Duration>{450ms});
}

TEST(VirtualLine, DetachReconnectsTheUnitInDfuMode) {
  Line line(one_unit(8));
  line.open();
  EXPECT_EQ(line.submit(setup(Request::detach, 1000, 0)).status, TransferStatus::ok);
  line.clock.run();
  EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 dfu"}));
}

TEST(VirtualLine, AnApplicationTouchedAt14400BaudComesBackInDfuMode) {
  LineSpec spec = one_unit(3);
  Line line(spec);
  line.line.with_unit(first, [](VirtualUnit& unit) { install(unit.flash(), 3); });
  line.line.pull(first);
  line.line.plug(first);
  line.clock.run();
  line.open();
  line.submit({0x21, 0x20, 0, 0, 7}, {0x40, 0x38, 0, 0, 0, 0, 8});
  line.clock.run();
  EXPECT_EQ(line.diary.size(), 4u) << "in its first second it does not notice";
  line.clock.after(1s, [] {});
  line.clock.run();
  line.submit({0x21, 0x20, 0, 0, 7}, {0x40, 0x38, 0, 0, 0, 0, 8});
  line.clock.run();
  EXPECT_EQ(line.diary,
            (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 app", "-1-1.1", "+1-1.1 dfu"}));
}

TEST(VirtualLine, AResetBringsAUnitBackToIdleAndItsHandleStaysGood) {
  Line line(one_unit(3));
  line.open();
  line.download(0, dfuse_set_address(user_at));
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::ok);
  EXPECT_EQ(parse_status(line.status().data)->state, State::dfu_idle);
  EXPECT_EQ(line.diary.size(), 2u);
}

TEST(VirtualLine, AHungEraseIsBusyThroughAResetAndEndsWithPower) {
  Line line(one_unit(3, {{FaultKind::hang, *fault_point_from("request:3"), 1}}));
  line.open();
  line.download(0, dfuse_erase(user_at));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(parse_status(line.status().data)->state, State::dnbusy);
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::ok);
  EXPECT_EQ(parse_status(line.status().data)->state, State::dnbusy);
  line.line.pull(first);
  line.settle();
  line.line.plug(first);
  line.clock.run();
  line.open();
  EXPECT_EQ(parse_status(line.status().data)->state, State::dfu_idle);
}

TEST(VirtualLine, ASilentUnitRunsIntoTheTimeoutAndAResetLosesIt) {
  Line line(one_unit(3, {{FaultKind::hang, *fault_point_from("request:2"), 1}}));
  line.open();
  const Duration before = line.clock.now();
  EXPECT_EQ(line.status(3s).status, TransferStatus::timed_out);
  EXPECT_EQ(line.clock.now() - before, 3s);
  EXPECT_EQ(line.status(1s).status, TransferStatus::timed_out);
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::lost);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "-1-1.1");
  line.line.pull(first);
  line.line.plug(first);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 dfu");
}

TEST(VirtualLine, PortPowerSwitchesOnlyWhereTheHubCan) {
  for (const PortPower power : {PortPower::per_port, PortPower::ganged, PortPower::none}) {
    LineSpec spec = photon_line(2, 3);
    spec.hubs[0].power = power;
    Line line(spec);
    const auto set = [&](bool on) { return line.wait<bool>([&](auto done) { line.line.set_power(first, on, done); }); };
    EXPECT_EQ(set(false), power == PortPower::per_port);
    line.clock.run();
    EXPECT_EQ(line.here.contains(first), power != PortPower::per_port);
    EXPECT_TRUE(line.here.contains({"1-1.2"})) << "never a neighbour";
    EXPECT_EQ(set(true), power == PortPower::per_port);
    line.clock.run();
    EXPECT_TRUE(line.here.contains(first));
    EXPECT_FALSE(line.wait<bool>([&](auto done) { line.line.set_power({"9-9"}, true, done); }));
  }
}

// ---- files

class FlashFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("flashline-virtual-" + std::to_string(::getpid()) + "-" +
                                                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(FlashFiles, WhatAUnitHoldsIsKeptAndReadBackByTheNextLine) {
  LineSpec spec = photon_line(3, 3);
  for (auto& unit : spec.units) unit.flash_file = folder_ / (unit.port.text + ".bin");
  Bytes kept;
  {
    Line line(spec);
    line.line.with_unit(first, [&](VirtualUnit& unit) {
      install(unit.flash(), 3);
      kept = unit.flash().bytes();
    });
    EXPECT_TRUE(line.line.save().empty());
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 3) << "and no file beside them";
  EXPECT_EQ(std::filesystem::file_size(spec.units[0].flash_file), 1048576u);
  spec.units[0].starts = Starts::application;
  Line line(spec);
  line.line.with_unit(first, [&](VirtualUnit& unit) { EXPECT_EQ(unit.flash().bytes(), kept); });
  EXPECT_EQ(line.diary[0], "+1-1.1 app") << "and boots from it";
}

TEST_F(FlashFiles, AFileOfAnotherSizeIsRefusedWithBothSizes) {
  LineSpec spec = photon_line(1, 3);
  spec.units[0].flash_file = folder_ / "short.bin";
  std::ofstream(spec.units[0].flash_file) << "short";
  scheduler::VirtualClock clock;
  try {
    VirtualLine line(spec, clock);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("5 bytes"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("1048576"), std::string::npos);
  }
}

TEST_F(FlashFiles, AFileThatCannotBeWrittenIsSaidAndTheOldOneStays) {
  LineSpec spec = photon_line(2, 3);
  spec.units[0].flash_file = folder_ / "no" / "such" / "folder.bin";
  spec.units[1].flash_file = folder_ / "good.bin";
  const Line line(spec);
  const auto problems = line.line.save();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("folder.bin"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(spec.units[1].flash_file));
}

// ---- real time, real threads

TEST(VirtualLine, ManyThreadsMayCallAtOnce) {
  constexpr int units = 24;
  scheduler::RealClock clock(200.0);
  LineSpec spec = photon_line(units, 3);
  std::mutex mutex;
  std::condition_variable changed;
  std::map<PortPath, UnitHandle> here;
  std::atomic<int> asked = 0, answered = 0;
  VirtualLine line(spec, clock);
  line.start([&](const BusEvent& event) {
    const std::lock_guard lock(mutex);
    if (const auto* arrived = std::get_if<Arrived>(&event)) here[arrived->unit.port] = arrived->unit.handle;
    changed.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return here.size() == units; });
  }
  // Calls and waits until it is answered, as one that drives a unit does.
  const auto wait_for = [&](auto verb) {
    std::mutex one;
    std::condition_variable done;
    bool over = false;
    ++asked;
    verb([&] {
      ++answered;
      const std::lock_guard lock(one);
      over = true;
      done.notify_one();
    });
    std::unique_lock lock(one);
    done.wait(lock, [&] { return over; });
  };
  const auto work_on = [&](const PortPath& port, UnitHandle unit) {
    wait_for([&](auto done) { line.open(unit, {{0, 0}}, [done](OpenResult) { done(); }); });
    for (int i = 0; i < 200; ++i) {
      wait_for([&](auto done) {
        line.submit(unit, {setup(Request::getstate, 0, 1), {}, 5s}, [done](TransferResult) { done(); });
        if (i % 50 == 20) line.cancel(unit);
        if (i == 150) line.pull(port);
      });
    }
    wait_for([&](auto done) { line.close(unit, done); });
  };
  std::vector<std::thread> threads;
  for (const auto& [port, unit] : here) threads.emplace_back(work_on, port, unit);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(asked, answered);
}

}  // namespace
}  // namespace dfu::virt
