// Survey and session against the virtual unit itself, without bus, engine or clock.
#include <gtest/gtest.h>

#include "dfu/session.h"
#include "dfu/survey.h"
#include "tests/dfu/conversation_driver.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;
namespace made = virt::testing;

const Profile photon = *find_profile("photon");

Step step(std::string name, std::uint32_t address, std::size_t size, std::optional<std::uint32_t> header = {}) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 11 + i / 256 + 3);
  return {std::move(name), make_image("image.bin", std::move(bytes)), address, header};
}

const Layout layout = std::get<Layout>(
    lay_out({step("part1", 0x08020000, 20001, 0x184), step("part2", 0x0807FFF0, 40, 0), step("user", 0x080A0000, 5000)},
            *parse_memory_map(photon.map)));

void install(virt::VirtualUnit& unit, const Step& one) {
  unit.flash().place(one.address, one.image->payload());
}

bool holds(const virt::VirtualUnit& unit, const Step& one) {
  const ByteView held = unit.flash().view(one.range());
  return std::ranges::equal(held, one.image->payload());
}

bool holds_all(const virt::VirtualUnit& unit) {
  return std::ranges::all_of(layout.steps, [&](const Step& one) { return holds(unit, one); });
}

SurveyResult survey_of(virt::VirtualUnit& unit) {
  UnitDesk desk(unit);
  Survey survey(photon, layout, unit.describe(), true);
  desk.drive(survey);
  EXPECT_FALSE(survey.fault()) << survey.fault()->text;
  return survey.result();
}

class EachGeneration : public testing::TestWithParam<int> {
 protected:
  virt::VirtualUnit unit_ = made::unit_of(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Photon, EachGeneration, testing::ValuesIn(virt::generation_numbers()));

TEST_P(EachGeneration, SurveyTellsSameBlankAndOtherApart) {
  install(unit_, layout.steps[0]);
  unit_.flash().place(0x080A0000 + 4999, Bytes{0});
  const Bytes before = unit_.flash().bytes();
  const SurveyResult found = survey_of(unit_);
  EXPECT_EQ(found.pieces, (std::vector<Holds>{Holds::same, Holds::blank, Holds::blank, Holds::other}));
  EXPECT_EQ(found.transfer_size, 4096);
  EXPECT_TRUE(found.can_upload);
  EXPECT_EQ(found.map.sectors, parse_memory_map(photon.map)->sectors);
  EXPECT_TRUE(unit_.flash().bytes() == before) << "a survey changes nothing";
  EXPECT_EQ(unit_.dfu().state(), State::dfu_idle);
}

TEST_P(EachGeneration, SurveySeesOneBitAnywhere) {
  for (const Piece& piece : layout.pieces) {
    for (const std::uint32_t at : {piece.data.begin, piece.data.begin + piece.data.size() / 2, piece.data.end - 1}) {
      virt::VirtualUnit unit = made::unit_of(GetParam());
      for (const Step& one : layout.steps) install(unit, one);
      unit.flash().place(at, Bytes{static_cast<std::uint8_t>(unit.flash().at(at) ^ 0x10)});
      const SurveyResult found = survey_of(unit);
      for (std::size_t i = 0; i < layout.pieces.size(); ++i) {
        EXPECT_EQ(found.pieces[i] == Holds::same, &layout.pieces[i] != &piece) << hex_address(at);
      }
    }
  }
}

TEST_P(EachGeneration, SurveyThatDoesNotReadCallsEverythingOther) {
  for (const Step& one : layout.steps) install(unit_, one);
  UnitDesk desk(unit_);
  Survey survey(photon, layout, unit_.describe(), false);
  desk.drive(survey);
  EXPECT_EQ(survey.result().pieces, std::vector<Holds>(layout.pieces.size(), Holds::other));
  EXPECT_EQ(desk.count(Request::upload), 5) << "the headers of bootloader, parts, application and factory image";
}

TEST_P(EachGeneration, SessionBringsWhateverIsThereToWhatTheRecipeSays) {
  for (const Holds before : {Holds::same, Holds::blank, Holds::other}) {
    for (const bool rewrite : {false, true}) {
      virt::VirtualUnit unit = made::unit_of(GetParam());
      for (const Step& one : layout.steps) {
        if (before == Holds::same) install(unit, one);
        if (before == Holds::other) unit.flash().place(one.address, Bytes(one.range().size(), 0));
      }
      const SurveyResult found = survey_of(unit);
      UnitDesk desk(unit);
      Session session(photon, layout, make_plan(layout, found, photon, {.rewrite = rewrite}));
      desk.drive(session);
      EXPECT_FALSE(session.fault()) << session.fault()->text;
      EXPECT_TRUE(holds_all(unit));
      const bool writes = rewrite || before != Holds::same;
      for (std::size_t i = 0; i < layout.steps.size(); ++i) {
        EXPECT_EQ(session.steps()[i].verified_bytes, layout.steps[i].range().size());
        EXPECT_EQ(session.steps()[i].written_bytes, writes ? layout.steps[i].range().size() : 0);
      }
      EXPECT_EQ(session.device_time(), session.planned());
      desk.now += 1s;
      EXPECT_TRUE(desk.gone()) << "it was told to leave";
      // The floor is the unit's own time: what was really needed is never less, and close to it.
      EXPECT_EQ(unit.work().erases, rewrite || before == Holds::other ? 4u : 0u);
    }
  }
}

// Each transfer of a whole session fails in each way: exactly one fault, which names its place, and never a verified
// step that the unit does not hold.
TEST_P(EachGeneration, EveryFailureOfEveryTransferIsOneFaultThatNamesItsPlace) {
  virt::VirtualUnit fresh = made::unit_of(GetParam());
  const SurveyResult found = survey_of(fresh);
  const Plan plan = make_plan(layout, found, photon, {.rewrite = true});
  UnitDesk count(fresh);
  Session whole(photon, layout, plan);
  count.drive(whole);
  const int all = static_cast<int>(count.asked.size());
  for (int position = 0; position < all; ++position) {
    for (const TransferStatus status : failures) {
      virt::VirtualUnit unit = made::unit_of(GetParam());
      int number = 0;
      ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
        if (number++ == position) return {status, {}};
        const virt::Reaction reaction = unit.control(transfer.setup, transfer.data);
        return {reaction.status, reaction.data};
      });
      Session session(photon, layout, plan);
      desk.drive(session);
      const bool leaving = position >= all - 2;
      SCOPED_TRACE("transfer " + std::to_string(position) + " of " + std::to_string(all));
      // A refused block is asked about once.
      const dfu::Setup& asked = count.asked[static_cast<std::size_t>(position)];
      const bool data = asked.length > 0 && (is(asked, Request::dnload) || is(asked, Request::upload));
      const bool one_more = data && status == TransferStatus::stall;
      EXPECT_EQ(number, leaving && position == all - 2 ? all - 1 : position + (one_more ? 2 : 1));
      ASSERT_EQ(session.fault().has_value(), !leaving);
      if (leaving) continue;
      EXPECT_FALSE(session.fault()->step.empty());
      EXPECT_TRUE(session.fault()->operation);
      EXPECT_TRUE(session.fault()->address);
      EXPECT_FALSE(session.fault()->text.empty());
      for (std::size_t i = 0; i < layout.steps.size(); ++i) {
        if (session.steps()[i].verified_bytes == layout.steps[i].range().size()) {
          EXPECT_TRUE(holds(unit, layout.steps[i]));
        }
      }
    }
  }
}

TEST_P(EachGeneration, OneWrongBitInAnyBlockIsSeenAndNamedToTheByte) {
  const SurveyResult found = survey_of(unit_);
  for (const Step& one : layout.steps) {
    for (const std::uint32_t at : {one.address, one.address + one.range().size() / 2, one.range().end - 1}) {
      virt::VirtualUnit unit =
          made::unit_of(GetParam(), {{virt::FaultKind::corrupt, {virt::FaultPoint::Kind::address, at}, 1}});
      UnitDesk desk(unit);
      Session session(photon, layout, make_plan(layout, found, photon, {}));
      desk.drive(session);
      ASSERT_TRUE(session.fault()) << hex_address(at);
      EXPECT_EQ(session.fault()->code, FaultCode::verify_mismatch);
      EXPECT_EQ(session.fault()->address, at);
      EXPECT_EQ(session.fault()->step, one.name);
      EXPECT_FALSE(desk.gone()) << "a unit that is not right is not told to leave";
      desk.now += 5s;
      EXPECT_FALSE(desk.gone());
    }
  }
}

TEST_P(EachGeneration, StopEndsTheSessionAfterTheOperationThatRuns) {
  const Plan plan = make_plan(layout, survey_of(unit_), photon, {});
  Session session(photon, layout, plan);
  UnitDesk desk(unit_);
  session.stop();
  desk.drive(session);
  ASSERT_TRUE(session.fault());
  EXPECT_EQ(session.fault()->code, FaultCode::cancelled);
  EXPECT_TRUE(desk.asked.empty());
}

TEST(Survey, EveryFailureOfEveryTransferIsOneFault) {
  virt::VirtualUnit fresh = made::unit_of(8);
  for (const Step& one : layout.steps) install(fresh, one);
  virt::VirtualUnit counted = fresh;
  UnitDesk count(counted);
  Survey whole(photon, layout, counted.describe(), true);
  count.drive(whole);
  const int all = static_cast<int>(count.asked.size());
  ASSERT_GT(all, 10);
  for (int position = 0; position < all; ++position) {
    for (const TransferStatus status : failures) {
      virt::VirtualUnit unit = fresh;
      int number = 0;
      ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
        if (number++ == position) return {status, {}};
        const virt::Reaction reaction = unit.control(transfer.setup, transfer.data);
        return {reaction.status, reaction.data};
      });
      Survey survey(photon, layout, unit.describe(), true);
      desk.drive(survey);
      SCOPED_TRACE("transfer " + std::to_string(position) + " of " + std::to_string(all));
      // While the unit is brought to dfuIDLE a refusal or a silence has a cure; afterwards nothing has.
      const bool curable = position < 2 && (status == TransferStatus::stall || status == TransferStatus::timed_out);
      EXPECT_EQ(survey.fault().has_value(), !curable);
      if (survey.fault()) {
        EXPECT_LE(number, position + 2);
      }
    }
  }
}

TEST(Survey, ShortUploadIsAFaultAndNotADifference) {
  for (const std::size_t length : {0u, 1u, 63u, 4095u}) {
    virt::VirtualUnit unit = made::unit_of(8);
    ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
      const virt::Reaction reaction = unit.control(transfer.setup, transfer.data);
      Bytes data = reaction.data;
      if (is(transfer.setup, Request::upload)) data.resize(length);
      return {reaction.status, data};
    });
    Survey survey(photon, layout, unit.describe(), true);
    desk.drive(survey);
    ASSERT_TRUE(survey.fault());
    EXPECT_EQ(survey.fault()->code, FaultCode::device_error);
    EXPECT_EQ(survey.fault()->operation, OperationKind::survey);
  }
}

TEST(Survey, UnitWithoutATransferSizeOrAMapIsRefused) {
  virt::VirtualUnit unit = made::unit_of(8);
  UnitInfo info = unit.describe();
  info.configuration.functional.reset();
  UnitDesk desk(unit);
  Survey none(photon, layout, info, true);
  desk.drive(none);
  ASSERT_TRUE(none.fault());
  EXPECT_EQ(none.fault()->code, FaultCode::map_mismatch);
  EXPECT_TRUE(desk.asked.empty());
  for (const char* name : {"", "DFU", "@Flash", "@Flash/0x08000000/04*016"}) {
    ScriptDesk script([&](const Transfer& transfer) -> TransferResult {
      if (transfer.setup.request_type == request_type_standard_in) {
        return {TransferStatus::ok, encode_string_descriptor(name)};
      }
      const virt::Reaction reaction = unit.control(transfer.setup, transfer.data);
      return {reaction.status, reaction.data};
    });
    Survey survey(photon, layout, unit.describe(), true);
    script.drive(survey);
    ASSERT_TRUE(survey.fault()) << name;
    EXPECT_EQ(survey.fault()->code, FaultCode::map_mismatch);
  }
}

}  // namespace
}  // namespace dfu
