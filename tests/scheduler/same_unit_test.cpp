// The one rule about who is on a port.
#include "scheduler/same_unit.h"

#include <gtest/gtest.h>

#include "scheduler/enumerations.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;

const dfu::Profile& photon() {
  static const dfu::Profile profile = *dfu::find_profile("photon");
  return profile;
}

dfu::UnitInfo shows(dfu::UsbId id, const std::string& serial, std::uint16_t release = 0x0250) {
  dfu::UnitInfo unit;
  unit.id = id;
  unit.serial = serial;
  unit.release = release;
  return unit;
}

constexpr dfu::UsbId dfu_id{0x2B04, 0xD006}, app_id{0x2B04, 0xC006};
const std::string a_id = "3b002c001847353236343033", b_id = "aa002c001847353236343033";

Gap own_reset(dfu::Duration absence) {
  return {.departures = 1, .absence = absence, .told_to_go = true};
}

std::optional<Evidence> evidence(const SameUnit& who) {
  const auto* same = std::get_if<Same>(&who);
  return same ? std::optional(same->by) : std::nullopt;
}

TEST(SameUnit, TheSameIdIsEvidenceWhateverHappenedAndWhicheverCaseItIsShownIn) {
  KnownUnit known;
  known.note(shows(dfu_id, "3B002C001847353236343033"), photon());
  Gap hour{.departures = 3, .absence = 1h, .handed = true};
  EXPECT_EQ(evidence(same_unit(known, shows(app_id, a_id), hour, photon())), Evidence::id);
  EXPECT_EQ(evidence(same_unit(known, shows(dfu_id, a_id), hour, photon())), Evidence::id);
  EXPECT_TRUE(std::holds_alternative<Other>(same_unit(known, shows(app_id, b_id), own_reset(1s), photon())));
}

TEST(SameUnit, WithoutAnIdOnlyAnAbsenceThatItsOwnResetExplainsIsEvidence) {
  KnownUnit known;
  known.note(shows(dfu_id, "00000000010C", 0x0200), photon());
  const dfu::UnitInfo back = shows(app_id, "00000000050C", 0x0200);
  EXPECT_EQ(evidence(same_unit(known, back, own_reset(photon().reset_time), photon())), Evidence::reset_time);
  EXPECT_FALSE(evidence(same_unit(known, back, own_reset(photon().reset_time + 1ms), photon())));
  Gap twice = own_reset(1s);
  twice.departures = 2;
  EXPECT_FALSE(evidence(same_unit(known, back, twice, photon())));
  Gap untold = own_reset(1s);
  untold.told_to_go = false;
  EXPECT_FALSE(evidence(same_unit(known, back, untold, photon()))) << "a hand, a USB reset, port power";
  Gap handed = own_reset(1s);
  handed.handed = true;
  EXPECT_FALSE(evidence(same_unit(known, back, handed, photon())));
}

TEST(SameUnit, TheTimeInWhichTheHostEnumeratedOthersIsNoAbsenceOfItsOwn) {
  KnownUnit known;
  known.note(shows(dfu_id, "00000000010C", 0x0200), photon());
  const dfu::UnitInfo back = shows(app_id, "00000000050C", 0x0200);
  Gap busy = own_reset(9s);
  busy.queued = 6s;
  EXPECT_EQ(evidence(same_unit(known, back, busy, photon())), Evidence::reset_time);
  busy.queued = 5900ms;
  EXPECT_FALSE(evidence(same_unit(known, back, busy, photon())));
}

TEST(SameUnit, AStoredIdIsWeakEvidence) {
  KnownUnit known;
  known.note(shows(dfu_id, "00000000010C", 0x0200), photon());
  known.note_stored(a_id);
  EXPECT_EQ(evidence(same_unit(known, shows(app_id, a_id), own_reset(1s), photon())), Evidence::id);
  EXPECT_FALSE(evidence(same_unit(known, shows(app_id, a_id), own_reset(10s), photon())));
  EXPECT_TRUE(std::holds_alternative<Unknown>(same_unit(known, shows(app_id, b_id), own_reset(1s), photon())))
      << "copied, or another unit: its bytes decide";
}

TEST(SameUnit, AnotherSerialOfTheSameFirmwareIsAnotherUnit) {
  const dfu::Profile plain = dfu::plain_profile({0x1209, 0x0001}, 0);
  KnownUnit known;
  known.note(shows({0x1209, 0x0001}, "A"), plain);
  EXPECT_TRUE(std::holds_alternative<Other>(same_unit(known, shows({0x1209, 0x0001}, "B"), own_reset(1s), plain)));
  EXPECT_FALSE(evidence(same_unit(known, shows({0x1209, 0x0001}, "A"), own_reset(10s), plain)))
      << "the serial may be a constant";
}

TEST(SameUnit, ASerialThatIsMadeFromTheChipsIdIsEvidence) {
  const dfu::Profile rom = *dfu::find_profile("stm32-rom");
  dfu::UnitInfo unit = shows({0x0483, 0xDF11}, "3366355A3335");
  unit.configuration.alternates = {{0, 0, 0xFE, 0x01, 2, 0}};
  KnownUnit known;
  known.note(unit, rom);
  EXPECT_EQ(evidence(same_unit(known, shows({0x0483, 0x5740}, "3366355A3335"), own_reset(10s), rom)), Evidence::id);
  EXPECT_FALSE(evidence(same_unit(known, shows({0x0483, 0x5740}, "1"), own_reset(10s), rom)));
}

TEST(SameUnit, ABoardOfAnotherProfileAndAHubAreOtherDevices) {
  const dfu::Profile rom = *dfu::find_profile("stm32-rom");
  EXPECT_TRUE(std::holds_alternative<Other>(same_unit({}, shows(app_id, a_id), own_reset(1s), rom)));
  dfu::UnitInfo hub = shows({0x1A40, 0x0101}, "");
  hub.configuration.alternates = {{0, 0, 0x09, 0, 0, 0}};
  EXPECT_TRUE(std::holds_alternative<Other>(same_unit({}, hub, own_reset(1s), rom)));
}

TEST(SameUnit, BytesAreInDoubtAfterAnAbsenceThatNobodyHereCausedAndNoResetExplains) {
  EXPECT_FALSE(bytes_in_doubt(own_reset(10s), photon()));
  Gap pulled{.departures = 1, .absence = 2s};
  EXPECT_FALSE(bytes_in_doubt(pulled, photon()));
  pulled.absence = 10s;
  EXPECT_TRUE(bytes_in_doubt(pulled, photon()));
  EXPECT_TRUE(bytes_in_doubt({.departures = 1, .handed = true}, photon()));
}

TEST(Enumerations, ABusIsBusyAsLongAsUnitsComeOneAfterTheOther) {
  Enumerations seen;
  const dfu::Duration one = Enumerations::longest;
  EXPECT_EQ(seen.arrived({"1-1.1"}, {10s}).queued, one);
  EXPECT_EQ(seen.arrived({"1-1.2"}, {10s + 200ms}).queued, one + 200ms);
  EXPECT_EQ(seen.arrived({"1-2.1"}, {10s + 500ms}).queued, one + 500ms);
  EXPECT_EQ(seen.arrived({"2-1.1"}, {10s + 600ms}).queued, one) << "another bus";
  EXPECT_EQ(seen.arrived({"1-1.3"}, {12s}).queued, one) << "after a pause";
}

TEST(Enumerations, WhileTheComputerStandsStillThereIsNoPause) {
  Enumerations seen;
  const dfu::Duration one = Enumerations::longest;
  seen.left({"1-1.2"}, {9s, 0s});
  EXPECT_EQ(seen.arrived({"1-1.1"}, {10s, 0s}).queued, one);
  const Enumerations::Return back = seen.arrived({"1-1.2"}, {10s + 500ms, 300ms});
  EXPECT_EQ(back.queued, one + 500ms);
  EXPECT_EQ(back.late, 300ms);
  EXPECT_EQ(seen.arrived({"1-1.3"}, {11s + 101ms, 600ms}).queued, one) << "a pause beside it is one";
}

TEST(Enumerations, AUnitThatComesAgainAndAgainKeepsNobodyWaitingForLonger) {
  Enumerations seen;
  for (dfu::Duration now = 10s; now < 30s; now += 200ms) seen.arrived({"1-1.1"}, {now});
  EXPECT_EQ(seen.arrived({"1-1.2"}, {30s}).queued, 2 * Enumerations::longest);
}

}  // namespace
}  // namespace scheduler
