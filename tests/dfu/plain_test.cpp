// Plain DFU 1.1 and a protected ST ROM: survey, plan and session against small devices that follow the specification.
#include <gtest/gtest.h>

#include "dfu/session.h"
#include "dfu/survey.h"
#include "tests/dfu/conversation_driver.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;
using Kind = Operation::Kind;

const Profile plain = plain_profile({0x1209, 0x0001}, 0);

Bytes firmware(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 5 + i / 256 + 1);
  return bytes;
}

Layout layout_of(const Bytes& image) {
  return std::get<Layout>(
      lay_out({{"firmware", make_image("firmware.bin", image), 0, {}}}, *parse_memory_map(plain.map)));
}

// A unit of plain DFU as docs/devices.md, "DFU states" has it, strict: what its state does not allow is stalled and an
// error.
class PlainUnit : public ConversationDriver {
 public:
  bool tolerant = true;
  bool can_upload = true;
  std::uint16_t transfer_size = 64;
  Bytes held;
  bool running = false;
  std::optional<std::size_t> spoilt{};      // a byte that is stored wrong
  std::optional<std::size_t> refuses_at{};  // so many bytes it takes

  UnitInfo info() const {
    UnitInfo unit;
    unit.id = plain.dfu;
    unit.configuration.alternates = {{0, 0, 0xFE, 1, 2, 0}};
    unit.configuration.functional = FunctionalDescriptor{.can_download = true,
                                                         .can_upload = can_upload,
                                                         .manifestation_tolerant = tolerant,
                                                         .transfer_size = transfer_size,
                                                         .version = 0x0110};
    return unit;
  }
  State state() const { return state_; }

 protected:
  TransferResult transfer(const Transfer& transfer) override {
    now += 1ms;
    EXPECT_FALSE(running);
    const Setup& setup = transfer.setup;
    if (is(setup, Request::getstate)) return {TransferStatus::ok, {static_cast<std::uint8_t>(state_)}};
    if (is(setup, Request::getstatus)) return get_status();
    if (is(setup, Request::dnload)) return download(setup, transfer.data);
    if (is(setup, Request::upload)) return upload(setup);
    if (is(setup, Request::abort) && state_ != State::error) return state_ = State::dfu_idle, TransferResult{};
    if (is(setup, Request::clrstatus) && state_ == State::error) return state_ = State::dfu_idle, TransferResult{};
    return wrong();
  }
  ResetStatus reset() override {
    running = true;
    return ResetStatus::lost;
  }

 private:
  TransferResult wrong() {
    state_ = State::error;
    return {TransferStatus::stall, {}};
  }

  TransferResult download(const Setup& setup, const Bytes& data) {
    if (setup.length == 0) {
      if (state_ != State::dnload_idle) return wrong();
      state_ = State::manifest_sync;
      return {};
    }
    if (state_ == State::dfu_idle) {
      taken_.clear();
    } else if (state_ != State::dnload_idle) {
      return wrong();
    }
    EXPECT_EQ(setup.value, taken_.size() / transfer_size) << "blocks rise from 0";
    EXPECT_LE(setup.length, transfer_size);
    taken_.insert(taken_.end(), data.begin(), data.end());
    state_ = State::dnload_sync;
    return {};
  }

  TransferResult upload(const Setup& setup) {
    if (!can_upload || (state_ != State::dfu_idle && state_ != State::upload_idle)) return wrong();
    if (state_ == State::dfu_idle) read_ = 0;
    EXPECT_EQ(setup.value, read_ / transfer_size) << "blocks rise from 0";
    const std::size_t size = std::min<std::size_t>(setup.length, held.size() - read_);
    const auto from = held.begin() + static_cast<std::ptrdiff_t>(read_);
    read_ += size;
    state_ = size < setup.length ? State::dfu_idle : State::upload_idle;
    return {TransferStatus::ok, Bytes(from, from + static_cast<std::ptrdiff_t>(size))};
  }

  TransferResult get_status() {
    switch (state_) {
      case State::dnload_sync:
        if (refuses_at && taken_.size() > *refuses_at) {
          state_ = State::error;
          return status_answer(state_, Status::err_write, 0ms);
        }
        state_ = State::dnbusy;
        return status_answer(state_, Status::ok, 20ms);
      case State::dnbusy:
        state_ = State::dnload_idle;
        break;
      case State::manifest_sync:
        if (manifested_) {
          manifested_ = false;
          state_ = State::dfu_idle;
          break;
        }
        held = taken_;
        if (spoilt) held[*spoilt] ^= 1;
        state_ = State::manifest;
        return status_answer(state_, Status::ok, 40ms);
      case State::manifest:
        EXPECT_TRUE(tolerant) << "one that is not answers nothing more";
        manifested_ = true;
        state_ = State::manifest_sync;
        break;
      case State::app_idle:
      case State::app_detach:
      case State::dfu_idle:
      case State::dnload_idle:
      case State::manifest_wait_reset:
      case State::upload_idle:
      case State::error:
        break;
    }
    return status_answer(state_, state_ == State::error ? Status::err_stalledpkt : Status::ok);
  }

  State state_ = State::dfu_idle;
  Bytes taken_;
  std::size_t read_ = 0;
  bool manifested_ = false;
};

SurveyResult survey_of(PlainUnit& unit, const Layout& layout) {
  Survey survey(plain, layout, unit.info(), true);
  unit.drive(survey);
  EXPECT_FALSE(survey.fault()) << survey.fault()->text;
  EXPECT_EQ(unit.state(), State::dfu_idle);
  return survey.result();
}

TEST(PlainDfu, TolerantUnitIsReadAfterManifestationAndThenReset) {
  for (const std::size_t size : {1u, 63u, 64u, 65u, 1000u, 6400u}) {
    const Bytes image = firmware(size);
    const Layout layout = layout_of(image);
    PlainUnit unit;
    Session session(plain, layout, make_plan(layout, survey_of(unit, layout), plain, {}));
    unit.drive(session);
    EXPECT_FALSE(session.fault()) << session.fault()->text;
    EXPECT_EQ(unit.held, image);
    EXPECT_TRUE(unit.running);
    EXPECT_EQ(session.steps()[0].verified_bytes, size);
    EXPECT_EQ(session.steps()[0].written_bytes, size);
    EXPECT_EQ(session.device_time(), session.planned());
  }
}

TEST(PlainDfu, UnitThatRestartsByItselfIsWrittenAndNotRead) {
  const Bytes image = firmware(1000);
  const Layout layout = layout_of(image);
  for (const bool can_upload : {false, true}) {
    PlainUnit unit;
    unit.tolerant = false;
    unit.can_upload = can_upload;
    Session session(plain, layout, make_plan(layout, survey_of(unit, layout), plain, {.verify = false}));
    unit.drive(session);
    EXPECT_FALSE(session.fault()) << session.fault()->text;
    EXPECT_EQ(unit.held, image);
    EXPECT_TRUE(unit.running);
    EXPECT_EQ(session.steps()[0].verified_bytes, 0u);
  }
}

// The right bytes do not say that the unit was told they are complete: power may have gone just before that.
TEST(PlainDfu, UnitThatHoldsTheRightBytesIsWrittenAllTheSame) {
  const Bytes image = firmware(1000);
  const Layout layout = layout_of(image);
  for (const std::size_t size : {0u, 64u, 999u, 1000u, 5000u}) {
    PlainUnit unit;
    unit.held = firmware(size);
    const SurveyResult survey = survey_of(unit, layout);
    EXPECT_EQ(survey.pieces, std::vector{Holds::other});
    Session session(plain, layout, make_plan(layout, survey, plain, {}));
    unit.drive(session);
    EXPECT_EQ(session.steps()[0].written_bytes, 1000u);
    EXPECT_EQ(unit.held, image);
    EXPECT_TRUE(unit.running);
  }
}

TEST(PlainDfu, ByteThatIsStoredWrongIsSeenAndTheUnitIsNotStarted) {
  const Layout layout = layout_of(firmware(1000));
  for (const std::size_t at : {0u, 63u, 64u, 500u, 999u}) {
    PlainUnit unit;
    unit.spoilt = at;
    Session session(plain, layout, make_plan(layout, survey_of(unit, layout), plain, {}));
    unit.drive(session);
    ASSERT_TRUE(session.fault());
    EXPECT_EQ(session.fault()->code, FaultCode::verify_mismatch);
    EXPECT_EQ(session.fault()->address, at);
    EXPECT_EQ(session.fault()->block, at / 64);
    EXPECT_FALSE(unit.running);
  }
}

TEST(PlainDfu, AUnitThatTakesNoByteIsPerhapsAskedForTheWrongSlot) {
  const Layout layout = layout_of(firmware(1000));
  for (const std::size_t taken : {0u, 64u, 640u}) {
    PlainUnit unit;
    unit.refuses_at = taken;
    Session session(plain, layout, make_plan(layout, survey_of(unit, layout), plain, {}));
    unit.drive(session);
    ASSERT_TRUE(session.fault());
    EXPECT_EQ(session.fault()->code, FaultCode::write_failed);
    EXPECT_EQ(session.fault()->text.find("is perhaps the slot") != std::string::npos, taken == 0) << taken;
  }
}

TEST(PlainDfu, StopComesBeforeTheResetOnlyWhereTheImageIsNotWhole) {
  const Layout layout = layout_of(firmware(1000));
  PlainUnit unit;
  const Plan plan = make_plan(layout, survey_of(unit, layout), plain, {});
  Session session(plain, layout, plan);
  session.stop();
  unit.drive(session);
  ASSERT_TRUE(session.fault());
  EXPECT_EQ(session.fault()->code, FaultCode::cancelled);
  EXPECT_FALSE(unit.running);
}

// ---- a protected ST ROM

class ProtectedRom : public ConversationDriver {
 public:
  bool stalls = false;  // the UPLOAD; otherwise the command before it fails already
  State state = State::dfu_idle;

  static UnitInfo info() {
    UnitInfo unit;
    unit.configuration.alternates = {{0, 0, 0xFE, 1, 2, 4}};
    unit.configuration.functional =
        FunctionalDescriptor{.can_download = true, .can_upload = true, .transfer_size = 2048, .version = 0x011A};
    return unit;
  }

 protected:
  TransferResult transfer(const Transfer& transfer) override {
    now += 1ms;
    const Setup& setup = transfer.setup;
    if (setup.request_type == request_type_standard_in) {
      return {TransferStatus::ok, encode_string_descriptor(find_profile("stm32-rom")->map)};
    }
    if (is(setup, Request::getstate)) return {TransferStatus::ok, {static_cast<std::uint8_t>(state)}};
    if (is(setup, Request::getstatus)) {
      return status_answer(state, state == State::error ? Status::err_vendor : Status::ok);
    }
    if (is(setup, Request::clrstatus) || is(setup, Request::abort)) return state = State::dfu_idle, TransferResult{};
    const bool set_address =
        is(setup, Request::dnload) && !transfer.data.empty() && transfer.data[0] == dfuse_command_set_address;
    if (set_address) return state = State::dnload_idle, TransferResult{};
    state = State::error;
    return {is(setup, Request::upload) || stalls ? TransferStatus::stall : TransferStatus::ok, {}};
  }
};

TEST(ProtectedRom, IsCalledSoWhateverItRefuses) {
  const Profile rom = *find_profile("stm32-rom");
  const Layout layout = std::get<Layout>(
      lay_out({{"firmware", make_image("x.bin", firmware(5000)), 0x08000000, {}}}, *parse_memory_map(rom.map)));
  for (const State begins : {State::dfu_idle, State::error}) {
    for (const bool read : {true, false}) {
      for (const bool stalls : {true, false}) {
        ProtectedRom unit;
        unit.state = begins;
        unit.stalls = stalls;
        Survey survey(rom, layout, ProtectedRom::info(), read);
        unit.drive(survey);
        std::optional<Fault> fault = survey.fault();
        if (!read) {
          ASSERT_FALSE(fault) << fault->text;
          Session session(rom, layout, make_plan(layout, survey.result(), rom, {}));
          unit.drive(session);
          fault = session.fault();
        }
        ASSERT_TRUE(fault);
        EXPECT_EQ(fault->code, FaultCode::read_protected);
        EXPECT_TRUE(fault->text.find("protect") != std::string::npos) << fault->text;
      }
    }
  }
}

}  // namespace
}  // namespace dfu
