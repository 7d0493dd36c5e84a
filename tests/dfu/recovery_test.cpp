#include "dfu/recovery.h"

#include <gtest/gtest.h>

#include "tests/dfu/conversation_driver.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;

const Profile photon = *find_profile("photon");
const Profile standard = standard_profile({0x0483, 0xDF11}, 0);

// The DFU class as the specification and ST's library have it (docs/devices.md, "DFU states", "Stalls", "Recovery by
// state"), as far as recovery meets it, with the illnesses that are seen in the field.
struct Device {
  State state = State::dfu_idle;
  Status status = Status::ok;
  int busy_polls = 2;  // dfuDNBUSY ends after so many
  bool ignores_abort = false;
  bool ignores_clear = false;
  bool reset_helps = true;
  int wrong_clears = 0;

  TransferResult operator()(const Transfer& transfer) {
    if (is(transfer.setup, Request::getstatus)) return get_status();
    if (is(transfer.setup, Request::getstate)) return {TransferStatus::ok, {static_cast<std::uint8_t>(state)}};
    if (is(transfer.setup, Request::abort)) {
      const bool heard = state == State::dnload_sync || state == State::dnload_idle || state == State::manifest_sync ||
                         state == State::upload_idle;
      if (heard && !ignores_abort) state = State::dfu_idle;
      return {};
    }
    if (!is(transfer.setup, Request::clrstatus)) return {TransferStatus::stall, {}};
    if (state != State::error) {
      ++wrong_clears;
      state = State::error;
      status = Status::err_unknown;
    } else if (!ignores_clear) {
      state = State::dfu_idle;
      status = Status::ok;
    }
    return {};
  }

  TransferResult get_status() {
    if (state == State::dnbusy && busy_polls > 0 && --busy_polls == 0) state = State::dnload_idle;
    return status_answer(state, status, 30ms);
  }
};

class DeviceDesk : public ScriptDesk {
 public:
  explicit DeviceDesk(Device& device)
      : ScriptDesk([&device](const Transfer& transfer) { return device(transfer); }), device_(&device) {}

 protected:
  ResetStatus reset() override {
    if (device_->reset_helps) *device_ = Device{.wrong_clears = device_->wrong_clears};
    return ResetStatus::ok;
  }

 private:
  Device* device_;
};

bool recoverable(State state) {
  return state != State::app_idle && state != State::app_detach;
}

class EachProfile : public testing::TestWithParam<const Profile*> {
 protected:
  const Profile& profile() const { return *GetParam(); }
  // Six looks of the busy limit each, a departure, and what the transfers take.
  Duration bound() const { return 6 * (profile().busy_limit + profile().control_timeout) + 3s; }
};
INSTANTIATE_TEST_SUITE_P(Profiles, EachProfile, testing::Values(&photon, &standard),
                         [](const auto& one) { return one.param->name; });

TEST_P(EachProfile, EveryStateThatHasAWayOutEndsInDfuIdle) {
  for (int number = 0; number <= 10; ++number) {
    const auto state = static_cast<State>(number);
    SCOPED_TRACE(to_string(state));
    Device device{.state = state, .status = state == State::error ? Status::err_vendor : Status::ok};
    DeviceDesk desk(device);
    Recovery recovery(profile());
    const Duration took = desk.drive(recovery);
    EXPECT_EQ(recovery.fault().has_value(), !recoverable(state));
    if (recoverable(state)) {
      EXPECT_EQ(device.state, State::dfu_idle);
    }
    EXPECT_EQ(device.wrong_clears, 0);
    EXPECT_EQ(desk.count(Request::clrstatus), state == State::error ? 1 : 0);
    const bool leaving = state == State::manifest || state == State::manifest_wait_reset;
    EXPECT_EQ(desk.resets, leaving ? 1 : 0);
    EXPECT_EQ(took >= 2s, leaving);
    EXPECT_EQ(desk.count(Request::abort) > 0, state == State::dnload_sync || state == State::dnbusy ||
                                                  state == State::dnload_idle || state == State::manifest_sync ||
                                                  state == State::upload_idle);
    EXPECT_LE(desk.asked.size(), 10u);
  }
}

TEST_P(EachProfile, EveryErrorStatusIsClearedOnce) {
  for (int status = 0; status <= 15; ++status) {
    Device device{.state = State::error, .status = static_cast<Status>(status)};
    DeviceDesk desk(device);
    Recovery recovery(profile());
    desk.drive(recovery);
    EXPECT_FALSE(recovery.fault());
    EXPECT_EQ(desk.count(Request::clrstatus), 1);
    EXPECT_EQ(device.wrong_clears, 0);
  }
}

TEST_P(EachProfile, UnitThatNoCureHelpsIsGivenUpWithinItsBound) {
  for (int number = 0; number <= 10; ++number) {
    const auto state = static_cast<State>(number);
    if (state == State::dfu_idle) continue;
    SCOPED_TRACE(to_string(state));
    Device device{
        .state = state, .busy_polls = 1 << 30, .ignores_abort = true, .ignores_clear = true, .reset_helps = false};
    DeviceDesk desk(device);
    Recovery recovery(profile());
    const Duration took = desk.drive(recovery);
    EXPECT_TRUE(recovery.fault());
    EXPECT_LE(took, bound());
    EXPECT_LE(desk.resets, 1);
    EXPECT_EQ(device.wrong_clears, 0);
  }
}

TEST_P(EachProfile, HungUnitIsResetOnceAndThenGivenUp) {
  ScriptDesk silent([](const Transfer&) { return TransferResult{TransferStatus::timed_out, {}}; });
  Recovery recovery(profile());
  EXPECT_LE(silent.drive(recovery), bound());
  ASSERT_TRUE(recovery.fault());
  EXPECT_EQ(recovery.fault()->code, FaultCode::no_answer);
  EXPECT_EQ(silent.resets, 1);
}

// Each failure of each transfer, from each state: the end is dfuIDLE or a fault, in time, and CLRSTATUS never goes to a
// unit outside dfuERROR.
TEST_P(EachProfile, EveryFailureOfEveryTransferEndsInIdleOrAFault) {
  for (int number = 0; number <= 10; ++number) {
    for (const TransferStatus status : failures) {
      for (const bool done_before : {false, true}) {
        for (int position = 0; position < 8; ++position) {
          SCOPED_TRACE(std::string(to_string(static_cast<State>(number))) + " position " + std::to_string(position));
          Device device{.state = static_cast<State>(number)};
          int transfers = 0;
          ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
            if (transfers++ != position) return device(transfer);
            if (done_before) device(transfer);
            return {status, {}};
          });
          Recovery recovery(profile());
          const Duration took = desk.drive(recovery);
          if (!recovery.fault()) {
            EXPECT_EQ(device.state, State::dfu_idle);
          }
          EXPECT_EQ(device.wrong_clears, 0);
          EXPECT_LE(took, bound());
        }
      }
    }
  }
}

TEST_P(EachProfile, UnitThatHasLeftIsGoneAndNothingElse) {
  ScriptDesk desk([](const Transfer&) { return TransferResult{TransferStatus::gone, {}}; });
  Recovery recovery(profile());
  desk.drive(recovery);
  ASSERT_TRUE(recovery.fault());
  EXPECT_EQ(recovery.fault()->code, FaultCode::unit_gone);
  EXPECT_EQ(desk.asked.size(), 1u);
}

// ---- against the virtual unit

namespace made = virt::testing;

struct Beginning {
  const char* name;
  std::function<void(virt::VirtualUnit&)> bring_about;
};
const std::vector<Beginning> beginnings{
    {"idle", [](virt::VirtualUnit&) {}},
    {"command pending", [](virt::VirtualUnit& unit) { made::download(unit, 0, dfuse_set_address(0x080A0000)); }},
    {"erase pending", [](virt::VirtualUnit& unit) { made::download(unit, 0, dfuse_erase(0x08020000)); }},
    {"block pending", [](virt::VirtualUnit& unit) { made::download(unit, 2, Bytes(4096, 1)); }},
    {"downloading", [](virt::VirtualUnit& unit) { made::work(unit, 0, dfuse_set_address(0x080A0000)); }},
    {"leave pending", [](virt::VirtualUnit& unit) { made::download(unit, 2, {}); }},
    {"uploading", [](virt::VirtualUnit& unit) { made::upload(unit, 2, 4096); }},
    {"error", [](virt::VirtualUnit& unit) { made::simple(unit, Request::clrstatus); }},
};

TEST(RecoveryOfAVirtualUnit, FromEveryStateThatAHostCanLeaveItIn) {
  for (const int generation : virt::generation_numbers()) {
    for (const Beginning& beginning : beginnings) {
      SCOPED_TRACE("generation " + std::to_string(generation) + ", " + beginning.name);
      virt::VirtualUnit unit = made::unit_of(generation);
      made::install(unit.flash(), 207);
      const Bytes before = unit.flash().bytes();
      beginning.bring_about(unit);
      UnitDesk desk(unit);
      Recovery recovery(photon);
      desk.drive(recovery);
      EXPECT_FALSE(recovery.fault()) << recovery.fault()->text;
      EXPECT_EQ(unit.dfu().state(), State::dfu_idle);
      EXPECT_FALSE(desk.gone());
      EXPECT_TRUE(unit.flash().bytes() == before) << "what the host before us left half asked for is not done";
      desk.now += 5s;
      EXPECT_FALSE(desk.gone());
    }
  }
}

TEST(RecoveryOfAVirtualUnit, HungOneIsGivenUp) {
  for (const bool busy : {false, true}) {
    virt::VirtualUnit unit =
        made::unit_of(8, {{virt::FaultKind::hang, {virt::FaultPoint::Kind::request, busy ? 2u : 1u}, 1}});
    if (busy) made::download(unit, 2, Bytes(4096, 1));
    UnitDesk desk(unit);
    Recovery recovery(photon);
    desk.drive(recovery);
    ASSERT_TRUE(recovery.fault());
    EXPECT_LE(desk.now, 60s);
  }
}

}  // namespace
}  // namespace dfu
