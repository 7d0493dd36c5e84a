#include "dfu/virtual/unit.h"

#include <map>

#include <gtest/gtest.h>

#include "dfu/memory_map.h"
#include "dfu/virtual/generations.h"
#include "tests/dfu/virtual/dfu_states.h"
#include "tests/dfu/virtual/modules.h"
#include "tests/dfu/virtual/status.h"

namespace dfu::virt {
namespace {

using namespace testing;
using namespace std::chrono_literals;

class EachGeneration : public ::testing::TestWithParam<int> {
 protected:
  VirtualUnit unit_ = unit_of(GetParam());
  const PhotonGeneration& generation_ = *find_generation(GetParam());
  bool tells_ = generation_.reports_failures;
  TransferStatus failure_ = tells_ ? TransferStatus::stall : TransferStatus::ok;
};
INSTANTIATE_TEST_SUITE_P(Photon, EachGeneration, ::testing::ValuesIn(generation_numbers()),
                         [](const auto& one) { return "Generation" + std::to_string(one.param); });

// ---- what it says of itself

TEST_P(EachGeneration, DescriptorsAreThoseOfAPhotonInDfuMode) {
  const auto device = unit_.control({0x80, 6, 0x0100, 0, 18});
  ASSERT_EQ(device.data.size(), 18u);
  EXPECT_EQ(le16(device.data, 8), 0x2B04);
  EXPECT_EQ(le16(device.data, 10), 0xD006);
  EXPECT_EQ(le16(device.data, 12), GetParam() < 8 ? 0x0200 : 0x0250);
  const auto head = unit_.control({0x80, 6, 0x0200, 0, 9});
  ASSERT_EQ(head.data.size(), 9u);
  const auto whole = unit_.control({0x80, 6, 0x0200, 0, le16(head.data, 2)});
  ASSERT_EQ(whole.data.size(), le16(head.data, 2));
  EXPECT_EQ(whole.data[whole.data.size() - 8], descriptor_type_dfu_functional) << "behind the last alternate setting";
  const auto info = parse_configuration(whole.data);
  ASSERT_TRUE(info);
  ASSERT_EQ(info->alternates.size(), 2u);
  ASSERT_TRUE(info->functional);
  EXPECT_TRUE(info->functional->can_download && info->functional->can_upload && info->functional->will_detach);
  EXPECT_FALSE(info->functional->manifestation_tolerant);
  EXPECT_EQ(info->functional->detach_timeout, 255ms);
  EXPECT_EQ(info->functional->transfer_size, 4096);
  EXPECT_TRUE(info->functional->dfuse());
  const std::map<int, const char*> maps{{0, "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg"},
                                        {1, "@DCT Flash   /0x00000000/01*016Kg"}};
  for (const auto& alternate : info->alternates) {
    EXPECT_TRUE(alternate.is_dfu());
    EXPECT_EQ(alternate.protocol, 2);
    const auto name = unit_.control({0x80, 6, static_cast<std::uint16_t>(0x0300 | alternate.name_index), 0x0409, 255});
    EXPECT_EQ(parse_string_descriptor(name.data), maps.at(alternate.alternate));
    EXPECT_TRUE(parse_memory_map(parse_string_descriptor(name.data)));
  }
}

TEST_P(EachGeneration, TheSerialIsAConstantBeforeGenerationEightAndTheIdSince) {
  const auto info = unit_.describe();
  const auto text = parse_string_descriptor(unit_.control({0x80, 6, 0x0303, 0x0409, 255}).data);
  EXPECT_EQ(info.serial, text);
  if (GetParam() < 8) {
    EXPECT_EQ(text, "00000000010C");
  } else {
    EXPECT_EQ(text.size(), 24u);
    EXPECT_EQ(text == unit_.id(), GetParam() >= 12);
    EXPECT_EQ(strcasecmp(text.c_str(), unit_.id().c_str()), 0);
  }
}

TEST_P(EachGeneration, StandardRequestsAreAnsweredAndUnknownOnesRefused) {
  EXPECT_EQ(unit_.control({0x80, 8, 0, 0, 1}).data, Bytes{1});
  EXPECT_EQ(unit_.control({0x00, 9, 1, 0, 0}).status, TransferStatus::ok);
  EXPECT_EQ(unit_.control({0x00, 9, 2, 0, 0}).status, TransferStatus::stall);
  EXPECT_EQ(unit_.control({0x01, 11, 1, 0, 0}).status, TransferStatus::ok);
  EXPECT_EQ(unit_.control({0x81, 10, 0, 0, 1}).data, Bytes{1});
  EXPECT_EQ(unit_.control({0x01, 11, 2, 0, 0}).status, TransferStatus::stall);
  EXPECT_EQ(unit_.control({0x01, 11, 0, 1, 0}).status, TransferStatus::stall);
  EXPECT_EQ(unit_.control({0x81, 6, 0x2100, 0, 9}).data.size(), 9u);
  EXPECT_EQ(unit_.control({0x80, 6, 0x0300, 0, 255}).data, (Bytes{4, 3, 9, 4}));
  EXPECT_EQ(unit_.control({0x80, 6, 0x0320, 0, 255}).status, TransferStatus::stall);
  EXPECT_EQ(unit_.control({0x80, 6, 0x0600, 0, 10}).status, TransferStatus::stall);
  EXPECT_EQ(unit_.control({0x80, 12, 0, 0, 2}).status, TransferStatus::stall);
  EXPECT_EQ(unit_.control({0xC0, 0x50, 0, 20, 64}).status, TransferStatus::stall);
}

// ---- the state machine

// Brings a fresh unit into the state, by its own requests.
VirtualUnit in_state(State state, int generation) {
  VirtualUnit unit = unit_of(generation);
  switch (state) {
    case State::dfu_idle:
      break;
    case State::dnload_sync:
      download(unit, 0, dfuse_set_address(user_at));
      break;
    case State::dnload_idle:
      work(unit, 0, dfuse_set_address(user_at));
      break;
    case State::manifest_sync:
      download(unit, 0, {});
      break;
    case State::upload_idle:
      upload(unit, 2, 4096);
      break;
    case State::error:
      simple(unit, Request::clrstatus);
      break;
    case State::app_idle:
    case State::app_detach:
    case State::dnbusy:
    case State::manifest:
    case State::manifest_wait_reset:
      ADD_FAILURE() << "no host ever finds a Photon in this state";
  }
  EXPECT_EQ(unit.dfu().state(), state);
  return unit;
}

TEST_P(EachGeneration, EveryRequestInEveryStateDoesWhatTheTableSays) {
  for (const auto& [state, row] : expected) {
    for (const auto& one : asked) {
      if (state == State::manifest_sync && std::string(one.name) == "status") continue;  // leave: tests of its own
      VirtualUnit unit = in_state(state, GetParam());
      const auto reaction = unit.control(one.setup, one.data);
      const bool stalled = reaction.status == TransferStatus::stall;
      const std::string got = (stalled ? "x" : "") + std::to_string(static_cast<int>(unit.dfu().state()));
      EXPECT_EQ(got, row.at(one.name)) << to_string(state) << " " << one.name;
      EXPECT_TRUE(reaction.answered);
      const std::string name = one.name;
      EXPECT_TRUE(name != "status" || parse_status(reaction.data)) << to_string(state);
      EXPECT_TRUE(name != "state" || reaction.data == Bytes{static_cast<std::uint8_t>(state)}) << to_string(state);
    }
  }
}

TEST_P(EachGeneration, ClearStatusInTheWrongStateMakesAnErrorAndInTheRightOneEndsIt) {
  simple(unit_, Request::clrstatus);
  EXPECT_EQ(parsed(get_status(unit_)).status, Status::err_unknown);
  simple(unit_, Request::abort);
  EXPECT_EQ(parsed(get_status(unit_)).state, State::error) << "abort does not leave dfuERROR";
  simple(unit_, Request::clrstatus);
  const auto report = parsed(get_status(unit_));
  EXPECT_EQ(report.state, State::dfu_idle);
  EXPECT_EQ(report.status, Status::ok);
}

TEST_P(EachGeneration, ABusResetEndsEveryStateInIdle) {
  for (const auto& entry : expected) {
    VirtualUnit unit = in_state(entry.first, GetParam());
    EXPECT_EQ(unit.usb_reset(), AfterReset::stays);
    EXPECT_EQ(unit.dfu().state(), State::dfu_idle);
    EXPECT_EQ(parsed(get_status(unit)).status, Status::ok);
  }
}

TEST_P(EachGeneration, AbortBeforeTheFirstStatusDropsTheWork) {
  work(unit_, 0, dfuse_set_address(user_at));
  download(unit_, 2, Bytes(64, 0));
  simple(unit_, Request::abort);
  EXPECT_EQ(parsed(get_status(unit_)).state, State::dfu_idle);
  EXPECT_EQ(unit_.flash().at(user_at), 0xFF);
  EXPECT_EQ(unit_.work().words, 0u);
}

TEST_P(EachGeneration, DetachReconnectsAndStaysInDfuMode) {
  const auto reaction = simple(unit_, Request::detach);
  ASSERT_TRUE(reaction.departure);
  EXPECT_EQ(reaction.departure->cause, Departure::Cause::reconnect);
  EXPECT_EQ(unit_.mode(), VirtualUnit::Mode::dfu);
}

TEST_P(EachGeneration, CommandsItDoesNotKnowAreStalledInsideTheStatus) {
  for (const Bytes& bad :
       {Bytes{0x41}, Bytes{0x92}, Bytes{0x21, 0, 0, 0}, Bytes{0x41, 0, 0, 0, 8, 0}, Bytes{0x99, 0, 0, 0, 8}}) {
    EXPECT_EQ(download(unit_, 0, bad).status, TransferStatus::ok);
    EXPECT_EQ(get_status(unit_).status, TransferStatus::stall);
    const auto after = parsed(get_status(unit_));
    EXPECT_EQ(after.status, Status::ok);
    EXPECT_EQ(after.state, State::dnload_idle);
  }
  EXPECT_EQ(unit_.work().erases, 0u);
}

TEST_P(EachGeneration, GetCommandsNamesTheThree) {
  EXPECT_EQ(upload(unit_, 0, 64).data, (Bytes{0x00, 0x21, 0x41}));
}

// ---- flash

TEST_P(EachGeneration, WorkIsDoneInsideTheFirstStatusWhichSaysBusy) {
  const Bytes data{1, 2, 3, 4, 5, 6, 7, 8};
  work(unit_, 0, dfuse_set_address(user_at));
  download(unit_, 2, data);
  EXPECT_EQ(unit_.flash().at(user_at), 0xFF);
  EXPECT_EQ(parsed(get_status(unit_)).state, State::dnbusy);
  EXPECT_TRUE(std::ranges::equal(unit_.flash().view({user_at, user_at + 8}), data));
  EXPECT_EQ(parsed(get_status(unit_)).state, State::dnload_idle);
}

TEST_P(EachGeneration, PollTimesAreThoseOfTheGeneration) {
  const std::map<int, std::pair<int, int>> polls{{3, {50, 0}}, {6, {50, 0}},   {7, {50, 0}},
                                                 {8, {50, 0}}, {10, {50, 50}}, {12, {0, 0}}};
  for (const Bytes& one : {dfuse_set_address(user_at), dfuse_erase(user_at)}) {
    download(unit_, 0, one);
    EXPECT_EQ(parsed(get_status(unit_)).poll_timeout.count(), polls.at(GetParam()).first);
    EXPECT_EQ(parsed(get_status(unit_)).poll_timeout.count(), polls.at(GetParam()).second);
  }
}

TEST_P(EachGeneration, BlocksCountFromTheAddressPointer) {
  work(unit_, 0, dfuse_set_address(user_at));
  for (const std::uint16_t block : {5, 2, 33}) work(unit_, block, Bytes(4, static_cast<std::uint8_t>(block)));
  EXPECT_EQ(unit_.flash().at(user_at), 2);
  EXPECT_EQ(unit_.flash().at(user_at + 3 * 4096), 5);
  EXPECT_EQ(unit_.flash().at(user_at + 31 * 4096), 33);
  simple(unit_, Request::abort);
  EXPECT_EQ(upload(unit_, 5, 4).data, Bytes(4, 5));
  EXPECT_EQ(unit_.blocks(), 3u);
}

TEST_P(EachGeneration, ErasingTakesAnyAddressInTheSectorAndMovesThePointer) {
  Flash& flash = unit_.flash();
  flash.place(0x0809FFFF, Bytes(0x20002, 0));
  work(unit_, 0, dfuse_erase(0x080B1234));
  EXPECT_EQ(flash.at(0x0809FFFF), 0);
  EXPECT_EQ(flash.at(0x080A0000), 0xFF);
  EXPECT_EQ(flash.at(0x080BFFFF), 0xFF);
  EXPECT_EQ(flash.at(0x080C0000), 0);
  work(unit_, 2, Bytes(4, 7));
  EXPECT_EQ(flash.at(0x080B1234), 7);
}

TEST_P(EachGeneration, ALengthThatIsNoMultipleOfFourIsPaddedWithOnes) {
  for (std::uint16_t size = 1; size <= 9; ++size) {
    VirtualUnit unit = unit_of(GetParam());
    work(unit, 0, dfuse_set_address(user_at));
    work(unit, 2, Bytes(size, 0));
    for (std::uint32_t i = 0; i < 12; ++i) EXPECT_EQ(unit.flash().at(user_at + i), i < size ? 0 : 0xFF) << size;
    EXPECT_EQ(unit.work().words, (size + 3u) / 4);
  }
}

TEST_P(EachGeneration, ProgrammingOverOldBytesLeavesOldAndNewAndIsToldFromGenerationSevenOn) {
  unit_.flash().place(user_at, Bytes{0xF0, 0x0F, 0xAA, 0xFF});
  work(unit_, 0, dfuse_set_address(user_at));
  download(unit_, 2, {0x33, 0x0F, 0x55, 0x12});
  EXPECT_EQ(get_status(unit_).status, failure_);
  EXPECT_EQ(unit_.flash().word(user_at), 0x12000F30u);
  const auto after = parsed(get_status(unit_));
  EXPECT_EQ(after.status, Status::ok) << "no generation says so in its status";
  EXPECT_EQ(after.state, State::dnload_idle);
}

TEST_P(EachGeneration, ProgrammingTheSameBytesAgainIsNoFailure) {
  work(unit_, 0, dfuse_set_address(user_at));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(work(unit_, 2, {1, 2, 3, 4}).status, TransferStatus::ok);
}

TEST_P(EachGeneration, NothingBelowTheSystemPartsCanBeChanged) {
  const Bytes before = unit_.flash().bytes();
  for (const std::uint32_t address : {0x08000000u, 0x08004000u, 0x0800C000u, 0x08010000u, 0x0801FFFCu}) {
    EXPECT_EQ(work(unit_, 0, dfuse_erase(address)).status, failure_);
    EXPECT_EQ(work(unit_, 0, dfuse_set_address(address)).status, TransferStatus::ok);
    EXPECT_EQ(work(unit_, 2, Bytes(4, 0)).status, failure_);
  }
  EXPECT_EQ(unit_.flash().bytes(), before);
  EXPECT_EQ(unit_.work().erases, 0u);
  EXPECT_EQ(work(unit_, 0, dfuse_erase(0x08020000)).status, TransferStatus::ok);
  EXPECT_EQ(unit_.work().erases, 1u);
}

TEST_P(EachGeneration, NothingOutsideTheFlashCanBeChanged) {
  for (const std::uint32_t address : {0x07FFFFFCu, 0x08100000u, 0x1FFF7A10u, 0xFFFFF000u}) {
    EXPECT_EQ(work(unit_, 0, dfuse_erase(address)).status, failure_) << address;
    EXPECT_EQ(work(unit_, 0, dfuse_set_address(address)).status, TransferStatus::ok);
    EXPECT_EQ(work(unit_, 2, Bytes(4, 0)).status, failure_) << address;
  }
  work(unit_, 0, dfuse_set_address(0x080FFFFC));
  EXPECT_EQ(work(unit_, 2, Bytes(8, 0)).status, failure_) << "the second word is beyond the end";
  EXPECT_EQ(unit_.flash().word(0x080FFFFC), 0u);
}

TEST_P(EachGeneration, AnAddressThatIsNotAlignedProgramsNothing) {
  work(unit_, 0, dfuse_set_address(user_at + 2));
  EXPECT_EQ(work(unit_, 2, Bytes(8, 0)).status, failure_);
  EXPECT_EQ(unit_.flash().word(user_at), 0xFFFFFFFFu);
}

TEST_P(EachGeneration, TheBootloaderAndEveryModuleHeaderCanBeReadInDfuMode) {
  for (const std::uint32_t address : {0x08000184u, 0x08020184u, 0x080A0000u, 0x080FFFE8u}) {
    work(unit_, 0, dfuse_set_address(address));
    simple(unit_, Request::abort);
    const auto part = unit_.flash().view({address, address + 24});
    EXPECT_TRUE(std::ranges::equal(upload(unit_, 2, 24).data, part));
    simple(unit_, Request::abort);
  }
}

TEST_P(EachGeneration, ReadingOutsideTheFlashGivesTheStaleBufferOrZeros) {
  work(unit_, 0, dfuse_set_address(0x20000000));
  simple(unit_, Request::abort);
  const auto data = upload(unit_, 2, 16).data;
  Bytes stale(16, 0);
  const Bytes last = dfuse_set_address(0x20000000);
  std::ranges::copy(last, stale.begin());
  EXPECT_EQ(data, generation_.zeros_outside ? Bytes(16, 0) : stale);
}

TEST_P(EachGeneration, TheConfigurationStoreIsChosenByAddressAtFirstAndByAlternateFromSevenOn) {
  unit_.flash().place(0x08004000 + 100, Bytes{1, 2, 3, 4});
  install(unit_.flash(), 207);
  for (const std::uint16_t alternate : {0, 1}) {
    unit_.control({0x01, 11, alternate, 0, 0});
    work(unit_, 0, dfuse_set_address(100));
    simple(unit_, Request::abort);
    const bool there = GetParam() < 7 || alternate == 1;
    EXPECT_EQ(upload(unit_, 2, 4).data == (Bytes{1, 2, 3, 4}), there) << alternate;
    simple(unit_, Request::abort);
  }
  EXPECT_EQ(work(unit_, 0, dfuse_set_address(100)).status, TransferStatus::ok);
  EXPECT_EQ(work(unit_, 2, {9, 8}).status, TransferStatus::ok);
  EXPECT_EQ(unit_.flash().at(0x08004000 + 100), 9) << "old contents do not matter there";
  EXPECT_EQ(unit_.flash().at(0x08004000 + 102), 3);
}

TEST(VirtualUnit, TheNewestBootloaderReadsZerosFromTheConfigurationStoreWithoutItsSystemPart) {
  VirtualUnit unit = unit_of(12);
  unit.control({0x01, 11, 1, 0, 0});
  EXPECT_EQ(work(unit, 0, dfuse_set_address(0)).status, TransferStatus::ok);
  EXPECT_EQ(work(unit, 2, {1, 2, 3, 4}).status, TransferStatus::stall);
  simple(unit, Request::abort);
  EXPECT_EQ(upload(unit, 2, 8).data, Bytes(8, 0));
}

// ---- time

TEST_P(EachGeneration, EraseTimesAreThoseOfTheDataSheet) {
  EXPECT_EQ(stm32f2_flash().erase_time(*stm32f2_flash().sector(0x0800C000)), 250ms);
  EXPECT_EQ(stm32f2_flash().erase_time(*stm32f2_flash().sector(0x08010000)), 550ms);
  for (std::uint32_t address = 0x08020000; address < 0x08100000; address += 0x20000) {
    download(unit_, 0, dfuse_erase(address));
    EXPECT_EQ(get_status(unit_).takes, 1s + 500us);
    EXPECT_EQ(get_status(unit_).takes, 500us);
  }
}

TEST_P(EachGeneration, ABlockTakesItsWireTimeAndItsWords) {
  work(unit_, 0, dfuse_set_address(user_at));
  const Duration wire(4962LL * 1'000'000 / 1500);
  EXPECT_EQ(download(unit_, 2, Bytes(4096, 0x11)).takes, wire);
  EXPECT_EQ(get_status(unit_).takes, 1024 * 16us + 500us);
  get_status(unit_);
  simple(unit_, Request::abort);
  EXPECT_EQ(upload(unit_, 2, 4096).takes, wire);
  EXPECT_EQ(upload(unit_, 2, 64).takes, 500us);
}

TEST_P(EachGeneration, PowerLostWhileProgrammingLeavesTheWordsThatWereDone) {
  for (int words = 0; words <= 16; ++words) {
    VirtualUnit unit = unit_of(GetParam());
    work(unit, 0, dfuse_set_address(user_at));
    download(unit, 2, Bytes(64, 0));
    get_status(unit);
    unit.power_off(500us + words * 16us + 1us);
    for (int i = 0; i < 16; ++i) {
      EXPECT_EQ(unit.flash().word(user_at + 4 * static_cast<std::uint32_t>(i)), i < words ? 0u : 0xFFFFFFFFu);
    }
  }
}

TEST_P(EachGeneration, PowerLostWhileErasingLeavesASectorThatIsNeitherOldNorBlank) {
  const Bytes old(0x20000, 0x42);
  unit_.flash().place(user_at, old);
  download(unit_, 0, dfuse_erase(user_at));
  get_status(unit_);
  unit_.power_off(400ms);
  const ByteView now = unit_.flash().view({user_at, user_at + 0x20000});
  EXPECT_FALSE(std::ranges::equal(now, old));
  EXPECT_FALSE(std::ranges::all_of(now, [](auto byte) { return byte == 0xFF; }));
}

TEST_P(EachGeneration, PowerLostAfterTheWorkChangesNothing) {
  work(unit_, 0, dfuse_set_address(user_at));
  work(unit_, 2, Bytes(64, 0));
  unit_.power_off(0us);
  EXPECT_EQ(unit_.flash().word(user_at + 60), 0u);
}

// ---- leaving, and what comes back

TEST_P(EachGeneration, LeaveDropsInsideTheStatusUpToThreeAndEndsCleanlySince) {
  work(unit_, 0, dfuse_set_address(user_at));
  EXPECT_EQ(download(unit_, 2, {}).status, TransferStatus::ok);
  const auto reaction = get_status(unit_);
  ASSERT_TRUE(reaction.departure);
  EXPECT_EQ(reaction.departure->cause, Departure::Cause::restart);
  if (GetParam() <= 3) {
    EXPECT_NE(reaction.status, TransferStatus::ok);
    EXPECT_TRUE(reaction.data.empty());
    EXPECT_EQ(reaction.departure->after, 0s);
  } else {
    EXPECT_EQ(parsed(reaction).state, State::dnload_idle);
    EXPECT_EQ(parsed(reaction).status, Status::ok);
    EXPECT_EQ(reaction.departure->after, 500ms);
  }
}

TEST(VirtualUnit, ALineOfOldUnitsShowsEveryWayToDropOut) {
  std::map<TransferStatus, int> seen;
  for (const auto& spec : photon_line(8, 3).units) {
    VirtualUnit unit(spec);
    download(unit, 0, {});
    ++seen[get_status(unit).status];
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_FALSE(seen.contains(TransferStatus::ok));
}

TEST_P(EachGeneration, ABlankUnitComesBackInDfuMode) {
  ASSERT_TRUE(unit_.restart());
  EXPECT_EQ(unit_.mode(), VirtualUnit::Mode::dfu);
  EXPECT_EQ(unit_.last_boot()->outcome, BootOutcome::dfu);
}

TEST_P(EachGeneration, TheApplicationShowsTheSerialOfItsSystemVersion) {
  for (const std::uint16_t version : {3, 21, 102, 207}) {
    install(unit_.flash(), version);
    ASSERT_TRUE(unit_.restart());
    EXPECT_EQ(unit_.mode(), VirtualUnit::Mode::application);
    const auto info = unit_.describe();
    EXPECT_EQ(info.id, (UsbId{0x2B04, 0xC006}));
    EXPECT_EQ(info.serial, version < 102 ? "00000000050C" : unit_.id());
    EXPECT_FALSE(info.configuration.functional) << "a Photon's application has no DFU interface";
    for (auto& alternate : info.configuration.alternates) EXPECT_FALSE(alternate.is_dfu());
  }
}

TEST_P(EachGeneration, AnApplicationThatIsTouchedAt14400BaudGoesIntoDfuModeOnce) {
  install(unit_.flash(), 3);
  unit_.restart();
  EXPECT_EQ(unit_.control(setup(Request::getstatus, 0, 6)).status, TransferStatus::stall);
  const Bytes slow{0x00, 0xC2, 0x01, 0, 0, 0, 8}, touch{0x40, 0x38, 0, 0, 0, 0, 8};
  EXPECT_FALSE(unit_.control({0x21, 0x20, 0, 0, 7}, slow).departure);
  EXPECT_EQ(unit_.control({0xA1, 0x21, 0, 0, 7}).data, slow);
  const auto reaction = unit_.control({0x21, 0x20, 0, 0, 7}, touch);
  EXPECT_EQ(reaction.status, TransferStatus::ok);
  ASSERT_TRUE(reaction.departure);
  unit_.restart();
  EXPECT_EQ(unit_.mode(), VirtualUnit::Mode::dfu);
  unit_.restart();
  EXPECT_EQ(unit_.mode(), VirtualUnit::Mode::application) << "the next reset boots normally";
}

TEST_P(EachGeneration, AUnitThatCrashesIsNotOnTheBus) {
  install(unit_.flash(), 3);
  unit_.flash().place(0x08060000 + 5000, Bytes{0});
  EXPECT_FALSE(unit_.restart());
  EXPECT_EQ(unit_.mode(), VirtualUnit::Mode::off_bus);
}

TEST_P(EachGeneration, TheBootloaderInPlaceIsOfThisGeneration) {
  EXPECT_EQ(bootloader_version(unit_.flash()), generation_.module_version);
  UnitSpec spec;
  spec.generation = GetParam();
  Flash kept;
  kept.place(0x08000000, synthetic_bootloader(42));
  kept.place(user_at, Bytes{1});
  const VirtualUnit other(spec, kept);
  EXPECT_EQ(bootloader_version(other.flash()), generation_.module_version);
  EXPECT_EQ(other.flash().at(user_at), 1);
}

}  // namespace
}  // namespace dfu::virt
