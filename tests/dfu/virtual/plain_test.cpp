// The virtual unit of plain DFU 1.1, against docs/devices.md, "DFU states", "DFU functional descriptor", "Detach and
// reset".
#include <gtest/gtest.h>

#include "dfu/virtual/plain_dfu.h"
#include "tests/dfu/virtual/diary.h"
#include "tests/dfu/virtual/status.h"

namespace dfu::virt {
namespace {

using namespace testing;

UnitSpec spec_of(std::vector<FaultSpec> faults = {}) {
  UnitSpec spec;
  spec.port = first;
  spec.profile = "dfu11";
  spec.faults = std::move(faults);
  return spec;
}

Bytes image_of(std::size_t size) {
  Bytes image(size);
  for (std::size_t i = 0; i < size; ++i) image[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return image;
}

// Up to, and without, the zero-length DNLOAD. The number of blocks.
std::uint16_t send(VirtualUnit& unit, const Bytes& image) {
  std::uint16_t block = 0;
  for (std::size_t at = 0; at < image.size(); at += plain_transfer_size, ++block) {
    const auto end = std::min<std::size_t>(at + plain_transfer_size, image.size());
    const Bytes part(image.begin() + static_cast<long>(at), image.begin() + static_cast<long>(end));
    EXPECT_EQ(result_of(unit, block, part).state, State::dnload_idle);
  }
  return block;
}

bool holds(const VirtualUnit& unit, const Bytes& image) {
  return std::ranges::equal(unit.flash().view({0, static_cast<std::uint32_t>(image.size())}), image);
}

// ---- download

TEST(Plain, AnImageGoesInBlockAfterBlockAndEachPageIsErasedOnce) {
  for (const std::size_t size : {1u, 3u, 1024u, 1025u, 4096u, 10001u, 100000u}) {
    VirtualUnit unit(spec_of());
    unit.flash().place(0, Bytes(0x3F000, 0x55));
    const Bytes image = image_of(size);
    send(unit, image);
    EXPECT_TRUE(holds(unit, image)) << size;
    EXPECT_EQ(unit.work().erases, 1 + (size + 4095) / 4096) << "and the bootloader's own page";
  }
}

TEST(Plain, BlocksOutOfTurnAndTooLongOnesAreRefused) {
  for (const std::uint16_t number : {1, 2, 7}) {
    VirtualUnit unit(spec_of());
    EXPECT_EQ(download(unit, number, Bytes(64, 1)).status, TransferStatus::stall);
    EXPECT_EQ(parsed(get_status(unit)).status, Status::err_stalledpkt);
    simple(unit, Request::clrstatus);
    EXPECT_EQ(result_of(unit, 0, Bytes(64, 1)).state, State::dnload_idle);
    EXPECT_EQ(download(unit, 0, Bytes(64, 1)).status, TransferStatus::stall) << "the same one again";
  }
  VirtualUnit unit(spec_of());
  EXPECT_EQ(download(unit, 0, Bytes(1025, 1)).status, TransferStatus::stall);
}

TEST(Plain, AnImageThatDoesNotFitIsErrAddress) {
  VirtualUnit unit(spec_of());
  Bytes image = image_of(0x3F000);
  const std::uint16_t next = send(unit, image);
  EXPECT_EQ(result_of(unit, next, {1}).status, Status::err_address);
  EXPECT_EQ(unit.dfu().state(), State::error);
}

TEST(Plain, AnEndWithoutAnImageIsRefused) {
  VirtualUnit unit(spec_of());
  EXPECT_EQ(download(unit, 0, {}).status, TransferStatus::stall);
  EXPECT_EQ(unit.dfu().state(), State::error);
}

TEST(Plain, AnAbandonedImageBeginsAnewAndDoesNotRun) {
  VirtualUnit unit(spec_of());
  plain_install(unit.flash(), image_of(5000));
  EXPECT_TRUE(plain_image_valid(unit.flash()));
  result_of(unit, 0, Bytes(1024, 9));
  EXPECT_FALSE(plain_image_valid(unit.flash())) << "from its first block on";
  simple(unit, Request::abort);
  EXPECT_EQ(result_of(unit, 0, Bytes(1024, 8)).state, State::dnload_idle);
  EXPECT_TRUE(unit.restart());
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::dfu);
}

TEST(Plain, ItsPollTimesAreTrue) {
  VirtualUnit unit(spec_of());
  const std::vector<Duration> wanted{25ms + 25ms + 256 * 20us, 256 * 20us, 256 * 20us, 256 * 20us, 25ms + 256 * 20us};
  for (std::uint16_t block = 0; block < wanted.size(); ++block) {
    download(unit, block, Bytes(1024, 1));
    const auto busy = get_status(unit);
    EXPECT_EQ(busy.works_on, wanted[block]);
    EXPECT_EQ(parsed(busy).poll_timeout, std::chrono::ceil<std::chrono::milliseconds>(wanted[block]));
    get_status(unit);
  }
}

// ---- upload

TEST(Plain, UploadReadsFromTheBeginningAndAShortAnswerEndsIt) {
  VirtualUnit unit(spec_of());
  const Bytes image = image_of(0x3F000);
  unit.flash().place(0, image);
  Bytes read;
  for (std::uint16_t block = 0;; ++block) {
    const auto part = upload(unit, block, 1000).data;
    read.insert(read.end(), part.begin(), part.end());
    if (part.size() < 1000) break;
    EXPECT_EQ(unit.dfu().state(), State::upload_idle);
  }
  EXPECT_EQ(read, image);
  EXPECT_EQ(unit.dfu().state(), State::dfu_idle);
}

TEST(Plain, AUnitThatCannotUploadSaysSoAndRefuses) {
  UnitSpec spec = spec_of();
  spec.can_upload = false;
  VirtualUnit unit(spec);
  EXPECT_FALSE(unit.describe().configuration.functional->can_upload);
  EXPECT_EQ(upload(unit, 0, 64).status, TransferStatus::stall);
  EXPECT_EQ(parsed(get_status(unit)).status, Status::err_stalledpkt);
  EXPECT_TRUE(VirtualUnit(spec_of()).describe().configuration.functional->can_upload);
}

// ---- manifestation

TEST(Plain, ATolerantUnitIsIdleAgainAndCanBeRead) {
  UnitSpec spec = spec_of();
  spec.manifestation_tolerant = true;
  VirtualUnit unit(spec);
  const Bytes image = image_of(3000);
  const std::uint16_t end = send(unit, image);
  download(unit, end, {});
  const auto busy = get_status(unit);
  EXPECT_EQ(parsed(busy).state, State::manifest);
  EXPECT_EQ(parsed(busy).poll_timeout, 100ms);
  EXPECT_FALSE(busy.departure);
  EXPECT_EQ(parsed(get_status(unit)).state, State::dfu_idle);
  const auto read = upload(unit, 0, 1024).data;
  EXPECT_TRUE(std::equal(read.begin(), read.end(), image.begin()));
  EXPECT_EQ(unit.usb_reset(), AfterReset::restarts) << "the host ends it";
  unit.restart();
  EXPECT_EQ(unit.mode(), VirtualUnit::Mode::application);
}

LineSpec line_of(UnitSpec unit) {
  LineSpec spec = photon_line(1, 3);
  spec.units[0] = std::move(unit);
  return spec;
}

// Sends an image of one block and asks for manifestation.
void manifest(Line& line) {
  line.open();
  line.download(0, Bytes(64, 3));
  line.status();
  line.status();
  line.download(1, {});
  EXPECT_EQ(parse_status(line.status().data)->state, State::manifest);
}

TEST(Plain, AUnitThatIsNotTolerantGoesByItselfIfItSaidSo) {
  Line line(line_of(spec_of()));
  manifest(line);
  const Duration asked = line.clock.now();
  line.clock.run();
  EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 app"}));
  EXPECT_EQ(line.times[2] - asked, 100ms + 100ms);
}

TEST(Plain, AndElseItWaitsForTheHostsReset) {
  UnitSpec spec = spec_of();
  spec.will_detach = false;
  Line line(line_of(spec));
  manifest(line);
  line.settle();
  EXPECT_EQ(line.diary.size(), 2u);
  EXPECT_EQ(line.status().status, TransferStatus::stall);
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::lost);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 app");
  line.line.with_unit(first, [](VirtualUnit& unit) { EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::application); });
}

// ---- run-time mode

TEST(Plain, InRunTimeModeItHasAnInterfaceOfProtocolOne) {
  VirtualUnit unit(spec_of());
  plain_install(unit.flash(), image_of(100));
  unit.restart();
  const UnitInfo info = unit.describe();
  ASSERT_EQ(info.configuration.alternates.size(), 1u);
  EXPECT_EQ(info.configuration.alternates[0].protocol, 1);
  EXPECT_EQ(info.configuration.functional->version, 0x0110);
  EXPECT_EQ(info.id, (UsbId{0x1209, 0x0002}));
  EXPECT_EQ(parsed(get_status(unit)).state, State::app_idle);
  EXPECT_EQ(download(unit, 0, {1}).status, TransferStatus::stall);
}

class Detach : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Plain, Detach, ::testing::Bool(),
                         [](const auto& one) { return std::string(one.param ? "GoesByItself" : "NeedsAReset"); });

TEST_P(Detach, LeadsToDfuModeOnceAndTheNextStartRunsTheImage) {
  UnitSpec spec = spec_of();
  spec.will_detach = GetParam();
  spec.starts = Starts::absent;
  Line line(line_of(spec));
  line.line.with_unit(first, [](VirtualUnit& unit) { plain_install(unit.flash(), image_of(5000)); });
  line.line.plug(first);
  line.clock.run();
  ASSERT_EQ(line.diary.back(), "+1-1.1 app");
  line.open();
  EXPECT_EQ(line.submit(setup(Request::detach, 500, 0)).status, TransferStatus::ok);
  if (!GetParam()) {
    EXPECT_EQ(parse_status(line.status().data)->state, State::app_detach);
    EXPECT_EQ(line.reset(line.handle()), ResetStatus::lost);
  }
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 dfu");
  line.open();
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::lost);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 app");
}

TEST(Plain, ADetachWithoutItsResetIsForgottenAfterTheTimeTheHostNamed) {
  UnitSpec spec = spec_of();
  spec.will_detach = false;
  spec.starts = Starts::absent;
  Line line(line_of(spec));
  line.line.with_unit(first, [](VirtualUnit& unit) { plain_install(unit.flash(), image_of(5000)); });
  line.line.plug(first);
  line.clock.run();
  line.open();
  line.submit(setup(Request::detach, 500, 0));
  line.clock.run(line.clock.now() + 490ms);
  EXPECT_EQ(parse_status(line.status().data)->state, State::app_detach);
  line.clock.run(line.clock.now() + 20ms);
  EXPECT_EQ(parse_status(line.status().data)->state, State::app_idle);
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::ok);
  EXPECT_EQ(line.diary.back(), "+1-1.1 app");
}

// ---- resets and faults

TEST(Plain, AResetWithoutAnImageIsErrFirmware) {
  VirtualUnit unit(spec_of());
  EXPECT_EQ(unit.usb_reset(), AfterReset::stays);
  EXPECT_EQ(parsed(get_status(unit)).status, Status::err_firmware);
  simple(unit, Request::clrstatus);
  EXPECT_EQ(result_of(unit, 0, {1, 2, 3, 4}).state, State::dnload_idle);
}

TEST(Plain, PulledAtAnyMomentOfABlockItHasNoImage) {
  for (const Duration into : {0ms, 10ms, 30ms, 49ms, 52ms, 80ms}) {
    Line line(line_of(spec_of()));
    line.line.with_unit(first, [](VirtualUnit& unit) { plain_install(unit.flash(), image_of(5000)); });
    line.open();
    line.download(0, Bytes(1024, 0));
    line.status();
    line.clock.run(line.clock.now() + into);
    line.line.pull(first);
    line.line.plug(first);
    line.clock.run();
    EXPECT_EQ(line.diary.back(), "+1-1.1 dfu");
  }
}

TEST(Plain, EveryFaultAtEveryPointEndsWithNewPower) {
  for (const std::string& name : fault_kind_names()) {
    for (const char* at : {"block:1", "block:3", "address:0x00000800", "leave", "survey", "request:5", "return"}) {
      VirtualUnit unit(spec_of({{*fault_kind_from(name), *fault_point_from(at)}}));
      upload(unit, 0, 64);
      simple(unit, Request::abort);
      for (std::uint16_t block = 0; block < 4; ++block) {
        download(unit, block, Bytes(1024, 5));
        get_status(unit);
        get_status(unit);
      }
      download(unit, 4, {});
      get_status(unit);
      unit.power_off();
      ASSERT_TRUE(unit.restart()) << name << " " << at;
      EXPECT_EQ(unit.mode() == VirtualUnit::Mode::application, plain_image_valid(unit.flash())) << name << " " << at;
    }
  }
}

TEST(Plain, ACorruptedBlockIsWhatManifestsAndRuns) {
  VirtualUnit unit(spec_of({{FaultKind::corrupt, *fault_point_from("address:0x00000005")}}));
  const Bytes image = image_of(2000);
  const std::uint16_t end = send(unit, image);
  download(unit, end, {});
  get_status(unit);
  EXPECT_FALSE(holds(unit, image));
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::application) << "only reading it back would tell";
}

}  // namespace
}  // namespace dfu::virt
