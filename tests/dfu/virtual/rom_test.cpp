// The virtual STM32 with ST's ROM, against docs/devices.md, "DFU states", "DfuSe commands", "DfuSe blocks and
// addresses", "Leaving DFU mode", "Read protection".
#include <gtest/gtest.h>

#include "dfu/memory_map.h"
#include "tests/dfu/virtual/diary.h"
#include "tests/dfu/virtual/status.h"

namespace dfu::virt {
namespace {

using namespace testing;

constexpr std::uint32_t program_at = 0x08008000;

UnitSpec spec_of(bool read_protected = false, std::vector<FaultSpec> faults = {}) {
  UnitSpec spec;
  spec.port = first;
  spec.profile = "stm32-rom";
  spec.read_protected = read_protected;
  spec.faults = std::move(faults);
  return spec;
}

// A vector table and something behind it.
Bytes program(std::uint32_t at) {
  Bytes image;
  append_le32(image, 0x20020000);
  append_le32(image, at + 0x201);
  image.resize(4096, 0x33);
  return image;
}

TEST(Rom, ShowsStsIdsItsFourMapsAndATransferSizeOf2048) {
  VirtualUnit unit(spec_of());
  const UnitInfo info = unit.describe();
  EXPECT_EQ(info.id, (UsbId{0x0483, 0xDF11}));
  EXPECT_EQ(info.serial.size(), 12u);
  ASSERT_EQ(info.configuration.alternates.size(), 4u);
  EXPECT_EQ(info.configuration.functional->transfer_size, 2048);
  EXPECT_TRUE(info.configuration.functional->dfuse());
  for (const auto& alternate : info.configuration.alternates) {
    const auto name = unit.control({0x80, 6, static_cast<std::uint16_t>(0x0300 | alternate.name_index), 0x0409, 255});
    EXPECT_TRUE(parse_memory_map(parse_string_descriptor(name.data)));
  }
  EXPECT_EQ(upload(unit, 0, 64).data, (Bytes{0x00, 0x21, 0x41, 0x92}));
}

TEST(Rom, WorkBeginsWithTheFirstStatusWhichNamesItsTrueTime) {
  VirtualUnit unit(spec_of());
  struct Row {
    std::uint32_t address;
    Duration takes;
  };
  for (const Row& row : {Row{0x08000000, 250ms}, Row{0x08010000, 550ms}, Row{0x080E1234, 1s}}) {
    unit.flash().place(row.address, Bytes{0});
    download(unit, 0, dfuse_erase(row.address));
    EXPECT_EQ(unit.flash().at(row.address), 0);
    const auto busy = get_status(unit);
    EXPECT_EQ(parsed(busy).state, State::dnbusy);
    EXPECT_EQ(parsed(busy).poll_timeout, row.takes);
    EXPECT_EQ(busy.takes, 500us) << "the answer comes at once";
    EXPECT_EQ(busy.works_on, row.takes);
    EXPECT_EQ(parsed(get_status(unit)).state, State::dnload_idle);
    EXPECT_EQ(unit.flash().at(row.address), 0xFF);
  }
  result_of(unit, 0, dfuse_set_address(0x08020000));
  download(unit, 2, Bytes(2048, 1));
  const auto busy = get_status(unit);
  EXPECT_EQ(busy.works_on, 512 * 16us);
  EXPECT_EQ(parsed(busy).poll_timeout, 9ms) << "rounded up";
}

TEST(Rom, BlocksCountFromThePointerInStepsOf2048) {
  VirtualUnit unit(spec_of());
  result_of(unit, 0, dfuse_set_address(program_at));
  for (const std::uint16_t block : {2, 3, 9}) {
    EXPECT_EQ(result_of(unit, block, Bytes(2048, static_cast<std::uint8_t>(block))).state, State::dnload_idle);
  }
  simple(unit, Request::abort);
  for (const std::uint16_t block : {2, 3, 9}) {
    EXPECT_EQ(unit.flash().at(program_at + (block - 2u) * 2048), block);
    EXPECT_EQ(upload(unit, block, 2048).data, Bytes(2048, static_cast<std::uint8_t>(block)));
  }
}

TEST(Rom, BlocksHaveTwoTo2048Bytes) {
  for (const int size : {1, 2, 2047, 2048, 2049, 4096}) {
    VirtualUnit unit(spec_of());
    result_of(unit, 0, dfuse_set_address(program_at));
    const bool good = size >= 2 && size <= 2048;
    EXPECT_EQ(download(unit, 2, Bytes(static_cast<std::size_t>(size), 1)).status,
              good ? TransferStatus::ok : TransferStatus::stall);
    EXPECT_EQ(unit.dfu().state(), good ? State::dnload_sync : State::error);
  }
}

TEST(Rom, AddressesOutsideTheFlashAreErrTarget) {
  for (const std::uint32_t address : {0x07FFFFFCu, 0x08100000u, 0x20000000u, 0x1FFF0000u}) {
    for (const Bytes& command : {dfuse_set_address(address), dfuse_erase(address)}) {
      VirtualUnit unit(spec_of());
      const auto report = result_of(unit, 0, command);
      EXPECT_EQ(report.state, State::error);
      EXPECT_EQ(report.status, Status::err_target);
      simple(unit, Request::clrstatus);
      EXPECT_EQ(parsed(get_status(unit)).state, State::dfu_idle);
    }
  }
  VirtualUnit unit(spec_of());
  result_of(unit, 0, dfuse_set_address(0x080FFC00));
  EXPECT_EQ(result_of(unit, 2, Bytes(2048, 0)).status, Status::err_target) << "beyond the end";
  EXPECT_EQ(unit.flash().at(0x080FFC00), 0xFF);
}

TEST(Rom, ProgrammingOverOldBytesMixesThemAndIsCalledWell) {
  VirtualUnit unit(spec_of());
  unit.flash().place(program_at, Bytes{0xF0, 0x0F, 0xAA, 0xFF});
  result_of(unit, 0, dfuse_set_address(program_at));
  EXPECT_EQ(result_of(unit, 2, {0x33, 0x0F, 0x55, 0x12}).status, Status::ok);
  EXPECT_EQ(unit.flash().word(program_at), 0x12000F30u);
}

TEST(Rom, WhatIsUnexpectedIsStalledAndLeadsToAnErrorThatOnlyClearStatusEnds) {
  const std::vector<std::pair<dfu::Setup, Bytes>> bad{
      {setup(Request::detach, 1000, 0), {}},  {setup(Request::dnload, 1, 64), Bytes(64, 0)},
      {setup(Request::upload, 1, 64), {}},    {{request_type_out, 7, 0, 0, 0}, {}},
      {{request_type_in, 0x2A, 0, 0, 8}, {}},
  };
  for (const auto& [what, data] : bad) {
    VirtualUnit unit(spec_of());
    EXPECT_EQ(unit.control(what, data).status, TransferStatus::stall);
    EXPECT_EQ(parsed(get_status(unit)).status, Status::err_stalledpkt);
    EXPECT_EQ(simple(unit, Request::abort).status, TransferStatus::stall);
    EXPECT_EQ(parsed(get_status(unit)).state, State::error);
    simple(unit, Request::clrstatus);
    EXPECT_EQ(parsed(get_status(unit)).state, State::dfu_idle);
  }
  VirtualUnit unit(spec_of());
  simple(unit, Request::clrstatus);
  EXPECT_EQ(parsed(get_status(unit)).status, Status::err_unknown) << "sent in the wrong state it makes an error";
}

TEST(Rom, UploadNeedsAnAbortAfterADownload) {
  VirtualUnit unit(spec_of());
  result_of(unit, 0, dfuse_set_address(program_at));
  EXPECT_EQ(upload(unit, 2, 64).status, TransferStatus::stall);
  simple(unit, Request::clrstatus);
  EXPECT_EQ(upload(unit, 2, 64).status, TransferStatus::ok) << "the pointer stays";
}

TEST(Rom, MassEraseTakesEightSecondsAndAllThereIs) {
  VirtualUnit unit(spec_of());
  unit.flash().place(0x08000000, Bytes(0x100000, 0x42));
  download(unit, 0, {dfuse_command_erase});
  const auto busy = get_status(unit);
  EXPECT_EQ(parsed(busy).poll_timeout, 8s);
  EXPECT_EQ(busy.works_on, 8s);
  EXPECT_EQ(parsed(get_status(unit)).state, State::dnload_idle);
  EXPECT_EQ(unit.flash().bytes(), Bytes(0x100000, 0xFF));
}

// ---- read protection

TEST(Rom, AProtectedUnitTakesAddressesAndRefusesEverythingElse) {
  UnitSpec spec = spec_of(true);
  Flash kept;
  kept.place(program_at, Bytes{1, 2, 3, 4});
  VirtualUnit unit(spec, kept);
  EXPECT_EQ(result_of(unit, 0, dfuse_set_address(program_at)).status, Status::ok);
  simple(unit, Request::abort);
  EXPECT_EQ(upload(unit, 2, 64).status, TransferStatus::stall);
  EXPECT_EQ(parsed(get_status(unit)).status, Status::err_vendor);
  for (const auto& [block, data] : std::vector<std::pair<std::uint16_t, Bytes>>{
           {std::uint16_t{0}, dfuse_erase(program_at)}, {std::uint16_t{0}, {0x41}}, {std::uint16_t{2}, Bytes(64, 0)}}) {
    simple(unit, Request::clrstatus);
    const auto report = result_of(unit, block, data);
    EXPECT_EQ(report.state, State::error);
    EXPECT_EQ(report.status, Status::err_vendor);
  }
  EXPECT_EQ(unit.flash().bytes(), kept.bytes());
}

TEST(Rom, ReadUnprotectErasesEverythingResetsAndOpensTheUnit) {
  LineSpec spec = photon_line(1, 3);
  spec.units[0] = spec_of(true);
  Line line(spec);
  line.line.with_unit(first, [](VirtualUnit& unit) { unit.flash().place(program_at, Bytes{1, 2, 3, 4}); });
  line.open();
  line.download(0, {dfuse_command_read_unprotect});
  EXPECT_EQ(parse_status(line.status().data)->poll_timeout, 8s);
  const Duration asked = line.clock.now();
  line.clock.run();
  EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 dfu"}));
  EXPECT_GE(line.times.back() - asked, 8s);
  line.line.with_unit(first, [](VirtualUnit& unit) {
    EXPECT_EQ(unit.flash().bytes(), Bytes(0x100000, 0xFF));
    result_of(unit, 0, dfuse_set_address(program_at));
    EXPECT_EQ(result_of(unit, 2, {1, 2, 3, 4}).status, Status::ok);
  });
}

// ---- leaving

TEST(Rom, LeaveJumpsToTheProgramAtThePointerAndIsNotSeenAgain) {
  VirtualUnit unit(spec_of());
  unit.flash().place(program_at, program(program_at));
  result_of(unit, 0, dfuse_set_address(program_at));
  EXPECT_EQ(download(unit, 2, {}).status, TransferStatus::ok);
  EXPECT_EQ(unit.dfu().state(), State::manifest_sync) << "it leaves with the status, not before";
  const auto left = get_status(unit);
  EXPECT_EQ(parsed(left).state, State::manifest);
  ASSERT_TRUE(left.departure);
  EXPECT_FALSE(unit.restart());
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::application);
  EXPECT_EQ(unit.mode(), VirtualUnit::Mode::off_bus);
}

TEST(Rom, ThePointerDecidesWhatRunsNotTheLastBlock) {
  for (const std::uint32_t at : {0x08000000u, program_at, program_at + 4, 0x080FFFFCu}) {
    VirtualUnit unit(spec_of());
    unit.flash().place(program_at, program(program_at));
    result_of(unit, 0, dfuse_set_address(at));
    download(unit, 2, {});
    get_status(unit);
    unit.restart();
    EXPECT_EQ(unit.last_boot()->outcome, at == program_at ? BootOutcome::application : BootOutcome::dfu) << at;
    EXPECT_EQ(unit.mode(), at == program_at ? VirtualUnit::Mode::off_bus : VirtualUnit::Mode::dfu);
  }
}

TEST(Rom, NewPowerAlwaysStartsTheRom) {
  VirtualUnit unit(spec_of());
  unit.flash().place(0x08000000, program(0x08000000));
  download(unit, 2, {});
  get_status(unit);
  unit.restart();
  ASSERT_EQ(unit.mode(), VirtualUnit::Mode::off_bus);
  unit.power_off();
  EXPECT_TRUE(unit.restart());
  EXPECT_EQ(unit.mode(), VirtualUnit::Mode::dfu);
}

// ---- on a line, where time passes

LineSpec rom_line(std::vector<FaultSpec> faults = {}) {
  LineSpec spec = photon_line(1, 3);
  spec.units[0] = spec_of(false, std::move(faults));
  return spec;
}

TEST(Rom, WhoPollsEarlyWaitsUntilTheWorkIsDone) {
  for (const Duration pause : {0ms, 400ms, 999ms, 1000ms, 1500ms}) {
    Line line(rom_line());
    line.open();
    line.download(0, dfuse_erase(0x08020000));
    EXPECT_EQ(parse_status(line.status().data)->state, State::dnbusy);
    const Duration begun = line.clock.now();
    line.clock.run(begun + pause);
    EXPECT_EQ(parse_status(line.status().data)->state, State::dnload_idle);
    EXPECT_EQ(line.clock.now() - begun, std::max<Duration>(pause, 1s) + 500us);
  }
}

TEST(Rom, ALieAboutThePollTimeDoesNotChangeTheWork) {
  Line line(rom_line({{FaultKind::poll_lie, *fault_point_from("request:3")}}));
  line.open();
  line.download(0, dfuse_erase(0x08020000));
  EXPECT_EQ(parse_status(line.status().data)->poll_timeout, 10s);
  const Duration begun = line.clock.now();
  EXPECT_EQ(parse_status(line.status().data)->state, State::dnload_idle);
  EXPECT_EQ(line.clock.now() - begun, 1s + 500us);
}

TEST(Rom, SlowWorkTakesThreeTimesWhatTheUnitSaid) {
  Line line(rom_line({{FaultKind::slow, *fault_point_from("request:3")}}));
  line.open();
  line.download(0, dfuse_erase(0x08020000));
  EXPECT_EQ(parse_status(line.status().data)->poll_timeout, 1s);
  const Duration begun = line.clock.now();
  line.status();
  EXPECT_EQ(line.clock.now() - begun, 3s + 500us);
}

TEST(Rom, PulledInTheMiddleOfAnEraseItsSectorIsUndefined) {
  Line line(rom_line());
  line.line.with_unit(first, [](VirtualUnit& unit) { unit.flash().place(0x08020000, Bytes(0x20000, 0x42)); });
  line.open();
  line.download(0, dfuse_erase(0x08020000));
  line.status();
  line.clock.run(line.clock.now() + 300ms);
  line.line.pull(first);
  line.clock.run();
  line.line.with_unit(first, [](VirtualUnit& unit) {
    const ByteView held = unit.flash().view({0x08020000, 0x08040000});
    EXPECT_GT(std::ranges::count_if(held, [](auto byte) { return byte != 0xFF; }), 0);
    EXPECT_GT(std::ranges::count_if(held, [](auto byte) { return byte != 0x42; }), 0);
  });
}

// Erase, address, two blocks, abort, read, abort, leave, whatever the answers are.
std::uint32_t drive(VirtualUnit& unit) {
  const auto worked = [&](std::uint16_t block, const Bytes& data) {
    download(unit, block, data);
    get_status(unit);
    get_status(unit);
  };
  worked(0, dfuse_erase(program_at));
  worked(0, dfuse_set_address(program_at));
  worked(2, Bytes(2048, 0x21));
  worked(3, Bytes(2048, 0x21));
  simple(unit, Request::abort);
  upload(unit, 2, 2048);
  simple(unit, Request::abort);
  download(unit, 2, {});
  get_status(unit);
  return unit.transfers();
}

TEST(Rom, NewPowerEndsEveryFaultAtEveryRequest) {
  VirtualUnit sound(spec_of());
  const std::uint32_t all = drive(sound);
  for (const std::string& name : fault_kind_names()) {
    for (std::uint32_t n = 1; n <= all; ++n) {
      VirtualUnit unit(spec_of(false, {{*fault_kind_from(name), {FaultPoint::Kind::request, n}}}));
      drive(unit);
      unit.power_off();
      unit.restart();
      EXPECT_EQ(unit.mode(), VirtualUnit::Mode::dfu) << name << " at " << n;
      EXPECT_EQ(parsed(get_status(unit)).state, State::dfu_idle) << name << " at " << n;
      drive(unit);
      const bool corrupt = name == "corrupt";
      EXPECT_TRUE(corrupt || unit.flash().at(program_at + 4095) == 0x21) << name << " at " << n;
    }
  }
}

TEST(Rom, AStatusFaultNamesTheKindOfWorkAndTheWorkIsNotDone) {
  VirtualUnit erasing(spec_of(false, {{FaultKind::status, {FaultPoint::Kind::request, 2}}}));
  erasing.flash().place(program_at, Bytes{1});
  download(erasing, 0, dfuse_erase(program_at));
  EXPECT_EQ(parsed(get_status(erasing)).status, Status::err_erase);
  EXPECT_EQ(erasing.flash().at(program_at), 1);
  VirtualUnit writing(spec_of(false, {{FaultKind::status, {FaultPoint::Kind::block, 1}}}));
  result_of(writing, 0, dfuse_set_address(program_at));
  download(writing, 2, Bytes(4, 0));
  EXPECT_EQ(parsed(get_status(writing)).status, Status::err_write);
  EXPECT_EQ(parsed(get_status(writing)).state, State::error);
  EXPECT_EQ(writing.flash().at(program_at), 0xFF);
}

}  // namespace
}  // namespace dfu::virt
