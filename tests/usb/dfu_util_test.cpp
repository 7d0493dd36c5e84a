// dfu-util 0.11 as Debian ships it, on our virtual units: they are right because a tool that nobody here wrote agrees.
// Messages and exit statuses: docs/devices.md, "dfu-util 0.11". The units' time is scaled; dfu-util's own sleeps are
// not.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/particle/build.h"
#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"

namespace usb_mock {
namespace {

using namespace std::chrono_literals;
using dfu::Bytes;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using testing::HasSubstr;
namespace fs = std::filesystem;

enum Exit { fine = 0, usage = 64, no_input = 66, cannot_create = 73, io_error = 74, reset_not_found = 251 };

constexpr double speed = 50;
const std::string first = "1-1.1", second = "1-1.2";

using Units = std::vector<dfu::virt::UnitSpec>;

constexpr char id[] = "3b002c001847353236343033", big_id[] = "3B002C001847353236343033", short_id[] = "335C34713235";

dfu::virt::UnitSpec unit_of(const char* profile, int generation = 3) {
  dfu::virt::UnitSpec unit;
  unit.profile = profile;
  unit.generation = generation;
  unit.id = id;
  return unit;
}

dfu::virt::LineSpec line_of(Units units) {
  dfu::virt::LineSpec line;
  line.speed = speed;
  line.hubs = {{.port = {"1-1"}}};
  line.units = std::move(units);
  for (std::size_t i = 0; i < line.units.size(); ++i) line.units[i].port = {"1-1." + std::to_string(i + 1)};
  return line;
}

Bytes noise(std::size_t size) {
  Bytes data(size);
  std::uint32_t state = 1;
  for (auto& byte : data) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return data;
}

// A line, and a person with dfu-util in a folder beside it.
class DfuUtilFolder {
 public:
  explicit DfuUtilFolder(Units units) : kernel({.line = line_of(std::move(units))}) {
    std::string name = fs::temp_directory_path() / "flashline-usb-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~DfuUtilFolder() { fs::remove_all(folder_); }

  // `words` as one types them.
  Ran dfu_util(const std::string& words) { return type("dfu-util " + words); }
  Ran type(const std::string& line) {
    std::vector<std::string> arguments;
    std::istringstream split(line);
    for (std::string word; split >> word;) arguments.push_back(word);
    return run(arguments, kernel.environment(false), folder_);
  }
  const fs::path& folder() const { return folder_; }
  void write(const std::string& name, const Bytes& data) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
  }
  Bytes read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    const std::string all = text.str();
    return {all.begin(), all.end()};
  }
  Bytes flash(std::uint32_t address, std::size_t size) {
    Bytes out;
    kernel.line().with_unit({first}, [&](dfu::virt::VirtualUnit& unit) {
      for (std::uint32_t at = address; at < address + size; ++at) out.push_back(unit.flash().at(at));
    });
    return out;
  }
  std::string product() { return kernel.read(first, "idProduct"); }
  // The unit is there with this product id, soon.
  bool becomes(const std::string& wanted) {
    for (int i = 0; i < 3000; ++i) {
      if (product() == wanted + "\n") return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  MockKernel kernel;

 private:
  fs::path folder_;
};

// ---- every kind of unit: listed, written, read back, left

struct Kind {
  std::string name;
  dfu::virt::UnitSpec unit;
  std::vector<std::string> listed;  // after "Found DFU: "
  std::string address;              // where programs may be written
  bool clean_leave = true;
  std::string says_at_leave = "Submitting leave request...";
};
void PrintTo(const Kind& one, std::ostream* out) {
  *out << one.name;
}

std::string serial(const char* ids, const char* release, const char* alternate, const char* name, const char* number) {
  return std::string("Found DFU: [") + ids + "] ver=" + release +
         ", devnum=3, cfg=1, intf=0, path=\"1-1.1\", alt=" + alternate + ", name=\"" + name + "\", serial=\"" + number +
         "\"";
}

constexpr char photon_flash[] = "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg";
constexpr char photon_dct[] = "@DCT Flash   /0x00000000/01*016Kg";

Kind particle(const char* profile, int generation, const char* ids, const char* release, const char* number) {
  return {.name = std::string(profile) + "_" + std::to_string(generation),
          .unit = unit_of(profile, generation),
          .listed = {serial(ids, release, "0", photon_flash, number), serial(ids, release, "1", photon_dct, number)},
          .address = profile == std::string("electron") ? "0x08080000" : "0x080A0000",
          .clean_leave = generation > 3};
}

std::vector<Kind> kinds() {
  constexpr char constant[] = "00000000010C";
  std::vector<Kind> all{
      particle("photon", 3, "2b04:d006", "0200", constant),   particle("photon", 6, "2b04:d006", "0200", constant),
      particle("photon", 7, "2b04:d006", "0200", constant),   particle("photon", 8, "2b04:d006", "0250", big_id),
      particle("photon", 10, "2b04:d006", "0250", big_id),    particle("photon", 12, "2b04:d006", "0250", id),
      particle("p1", 3, "2b04:d008", "0200", constant),       particle("p1", 12, "2b04:d008", "0250", id),
      particle("electron", 7, "2b04:d00a", "0200", constant), particle("electron", 12, "2b04:d00a", "0250", id)};
  all.push_back(
      {.name = "core",
       .unit = unit_of("core"),
       .listed = {serial("1d50:607f", "0200", "0", "@Internal Flash  /0x08000000/20*001Ka,108*001Kg", short_id),
                  serial("1d50:607f", "0200", "1", "@SPI Flash : SST25x/0x00000000/512*04Kg", short_id)},
       .address = "0x08006000",
       .clean_leave = false});
  constexpr char rom[] = "0483:df11";
  all.push_back(
      {.name = "rom",
       .unit = unit_of("stm32-rom"),
       .listed = {serial(rom, "2200", "0", "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg", short_id),
                  serial(rom, "2200", "1", "@Option Bytes  /0x1FFFC000/01*016 e", short_id),
                  serial(rom, "2200", "2", "@OTP Memory /0x1FFF7800/01*512 e,01*016 e", short_id),
                  serial(rom, "2200", "3", "@Device Feature/0xFFFF0000/01*004 e", short_id)},
       .address = "0x08020000",
       .says_at_leave = "Transitioning to dfuMANIFEST state"});
  return all;
}

class EachKind : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(DfuUtil, EachKind, testing::ValuesIn(kinds()), [](const auto& one) { return one.param.name; });

TEST_P(EachKind, IsListedWithItsMemories) {
  DfuUtilFolder desk(Units{GetParam().unit});
  const Ran ran = desk.dfu_util("-l");
  EXPECT_EQ(ran.status, fine);
  for (const std::string& line : GetParam().listed) EXPECT_THAT(ran.out, HasSubstr(line));
  EXPECT_EQ(ran.err, "");
  // Two strings for each setting, each with the question for the language before.
  EXPECT_EQ(desk.kernel.counts(first).control, static_cast<int>(4 * GetParam().listed.size()));
  EXPECT_EQ(desk.kernel.counts(first).claims, 0);
}

TEST_P(EachKind, HoldsWhatWasWrittenAndReadsItBackAndLeaves) {
  const Kind& kind = GetParam();
  DfuUtilFolder desk(Units{kind.unit});
  const Bytes image = noise(6001);
  desk.write("image.bin", image);
  const Ran written = desk.dfu_util("-a 0 -s " + kind.address + " -D image.bin");
  EXPECT_EQ(written.status, fine) << written.err;
  EXPECT_THAT(written.out, HasSubstr("File downloaded successfully"));
  EXPECT_EQ(desk.flash(static_cast<std::uint32_t>(std::stoul(kind.address, nullptr, 16)), image.size()), image);

  const Ran read = desk.dfu_util("-a 0 -s " + kind.address + ":6001 -U back.bin");
  EXPECT_EQ(read.status, fine) << read.err;
  EXPECT_EQ(desk.read("back.bin"), image);

  const Ran left = desk.dfu_util("-a 0 -s " + kind.address + ":leave -D image.bin");
  EXPECT_EQ(left.status, kind.clean_leave ? fine : io_error) << left.err;
  EXPECT_THAT(left.out, HasSubstr("File downloaded successfully"));
  EXPECT_THAT(left.out, HasSubstr(kind.says_at_leave));
  EXPECT_EQ(left.err.find("Error during download get_status") == std::string::npos, kind.clean_leave) << left.err;
}

// ---- a Photon's whole recipe

class EachGeneration : public testing::TestWithParam<int> {
 protected:
  dfu::virt::UnitSpec photon() const { return unit_of("photon", GetParam()); }
  static constexpr int last_with_broken_leave = 3;
};
INSTANTIATE_TEST_SUITE_P(DfuUtil, EachGeneration, testing::ValuesIn(dfu::virt::generation_numbers()),
                         testing::PrintToStringParamName());

// Small ones, because dfu-util sleeps at each step.
Bytes module(dfu::particle::Function function, std::uint8_t index, std::uint32_t start,
             std::vector<dfu::particle::Dependency> needs) {
  return dfu::particle::build_module({.platform = dfu::particle::Platform::photon,
                                      .function = function,
                                      .index = index,
                                      .version = 3,
                                      .start = start,
                                      .file_size = 5000,
                                      .dependencies = std::move(needs),
                                      .seed = index});
}

TEST_P(EachGeneration, BootsWhenItsThreePartsAreWritten) {
  using dfu::particle::Function;
  DfuUtilFolder desk(Units{photon()});
  desk.write("part1.bin", module(Function::system_part, 1, 0x08020000, {}));
  desk.write("part2.bin", module(Function::system_part, 2, 0x08060000, {{Function::system_part, 1, 3}}));
  desk.write("user.bin", module(Function::user_part, 1, 0x080A0000, {{Function::system_part, 2, 1}}));
  EXPECT_EQ(desk.dfu_util("-d ,2b04:d006 -a 0 -s 0x08020000 -D part1.bin").status, fine);
  EXPECT_EQ(desk.dfu_util("-d ,2b04:d006 -a 0 -s 0x08060000 -D part2.bin").status, fine);
  const Ran left = desk.dfu_util("-d ,2b04:d006 -a 0 -s 0x080A0000:leave -D user.bin");
  EXPECT_EQ(left.status, GetParam() <= last_with_broken_leave ? io_error : fine);
  EXPECT_TRUE(desk.becomes("c006")) << desk.product();
}

TEST_P(EachGeneration, ReadsItsConfigurationStore) {
  DfuUtilFolder desk(Units{photon()});
  // From 0.7.0 on the bootloader reads it with code of the system part.
  const Bytes part2 = module(dfu::particle::Function::system_part, 2, 0x08060000, {});
  desk.kernel.line().with_unit({first}, [&](auto& unit) { unit.flash().place(0x08060000, part2); });
  const Ran read = desk.dfu_util("-a 1 -s 0x00000000:16384 -U dct.bin");
  EXPECT_EQ(read.status, fine) << read.err;
  EXPECT_EQ(desk.read("dct.bin").size(), 16384u);
}

TEST_P(EachGeneration, StaysInDfuModeAfterAReset) {
  DfuUtilFolder desk(Units{photon()});
  desk.write("image.bin", noise(100));
  // DETACH makes it leave the bus and come back as it was, so that the reset that follows finds nothing.
  const Ran ran = desk.dfu_util("-a 0 -R -s 0x080A0000 -D image.bin");
  EXPECT_EQ(ran.status, reset_not_found);
  EXPECT_THAT(ran.out, HasSubstr("Resetting USB to switch back to Run-Time mode"));
  EXPECT_TRUE(desk.kernel.wait_for(first, true));
  EXPECT_TRUE(desk.becomes("d006"));
}

// ---- as many transfers as on the real ones: docs/devices.md, "dfu-util 0.11" counts them without SET_INTERFACE

struct Count {
  std::size_t bytes;
  std::string where;
  int transfers;
};
void PrintTo(const Count& one, std::ostream* out) {
  *out << one.bytes;
}

class EachSize : public testing::TestWithParam<Count> {};
INSTANTIATE_TEST_SUITE_P(DfuUtil, EachSize,
                         testing::Values(Count{2936, "0x080A0000:leave", 21}, Count{248732, "0x08020000", 379},
                                         Count{151192, "0x08060000", 235}, Count{86192, "0x080A0000:leave", 147}),
                         [](const auto& one) { return std::to_string(one.param.bytes); });

TEST_P(EachSize, TakesSoManyTransfers) {
  DfuUtilFolder desk(Units{unit_of("photon", 12)});
  desk.write("image.bin", noise(GetParam().bytes));
  EXPECT_EQ(desk.dfu_util("-a 0 -s " + GetParam().where + " -D image.bin").status, fine);
  const Counts counts = desk.kernel.counts(first);
  EXPECT_EQ(counts.control - counts.settings, GetParam().transfers);
  EXPECT_EQ(counts.settings, 1);
}

// ---- which unit

TEST(DfuUtil, FindsNothingOnAnEmptyLine) {
  DfuUtilFolder desk(Units{});
  const Ran ran = desk.dfu_util("-a 0 -s 0x080A0000 -U back.bin");
  EXPECT_EQ(ran.status, io_error);
  EXPECT_THAT(ran.err, HasSubstr("No DFU capable USB device available"));
}

TEST(DfuUtil, TakesTwoMemoriesForTwoUnits) {
  DfuUtilFolder desk(Units(1));
  desk.write("image.bin", noise(100));
  const Ran ran = desk.dfu_util("-s 0x080A0000 -D image.bin");
  EXPECT_EQ(ran.status, io_error);
  EXPECT_THAT(ran.err, HasSubstr("More than one DFU capable USB device found!"));
}

TEST(DfuUtil, TellsTwoUnitsWithOneSerialApartByTheirPortsOnly) {
  DfuUtilFolder desk(Units(2));
  desk.write("image.bin", noise(100));
  const Ran both = desk.dfu_util("-a 0 -s 0x080A0000 -D image.bin");
  EXPECT_EQ(both.status, io_error);
  EXPECT_THAT(both.err, HasSubstr("More than one DFU capable USB device found!"));

  const Counts before = desk.kernel.counts(first);
  EXPECT_EQ(desk.dfu_util("-p 1-1.2 -a 0 -s 0x080A0000 -D image.bin").status, fine);
  EXPECT_EQ(desk.kernel.counts(first).control, before.control) << "the other unit was spoken to";
  EXPECT_EQ(desk.flash(0x080A0000, 4), Bytes(4, 0xFF));

  EXPECT_EQ(desk.dfu_util("-S 00000000010C -a 0 -s 0x080A0000 -D image.bin").status, io_error);
  EXPECT_GT(desk.kernel.counts(first).control, before.control) << "a serial is asked of every unit";
}

TEST(DfuUtil, WritesToAUnitThatWasNotNamed) {
  DfuUtilFolder desk(Units(1));
  desk.write("image.bin", noise(100));
  EXPECT_EQ(desk.dfu_util("-d 1234:5678 -a 0 -s 0x080A0000 -D image.bin").status, fine);
  EXPECT_EQ(desk.flash(0x080A0000, 100), noise(100));
  const Ran strict = desk.dfu_util("-d ,1234:5678 -a 0 -s 0x080A0000 -D image.bin");
  EXPECT_EQ(strict.status, io_error);
  EXPECT_THAT(strict.err, HasSubstr("No DFU capable USB device available"));
}

// ---- refused before anything is erased

struct Refusal {
  std::string name;
  std::size_t bytes;
  std::string words;
  int status;
  std::string says;
};
void PrintTo(const Refusal& one, std::ostream* out) {
  *out << one.name;
}

class EachRefusal : public testing::TestWithParam<Refusal> {};
INSTANTIATE_TEST_SUITE_P(
    DfuUtil, EachRefusal,
    testing::Values(
        Refusal{"CoreAddress", 75000, "-s 0x08005000 -D image.bin", usage, "Page at 0x08005000 is not writeable"},
        Refusal{"Monolith", 0x78914, "-s 0x080A0000 -D image.bin", usage, "Last page at 0x08118913 is not writeable"},
        Refusal{"Fast", 100, "-s 0x080A0000:fast -D image.bin", usage, "Invalid dfuse modifier: fast"},
        Refusal{"MassEraseWithoutForce", 100, "-s 0x080A0000:mass-erase -D image.bin", usage, "force"},
        Refusal{"NoFile", 100, "-s 0x080A0000 -D nothing.bin", no_input, "Could not open file nothing.bin"},
        Refusal{"FileThere", 100, "-s 0x080A0000:16 -U image.bin", cannot_create, "File exists"}),
    [](const auto& one) { return one.param.name; });

TEST_P(EachRefusal, ErasesNothing) {
  DfuUtilFolder desk(Units(1));
  desk.write("image.bin", noise(GetParam().bytes));
  const Ran ran = desk.dfu_util("-a 0 " + GetParam().words);
  EXPECT_EQ(ran.status, GetParam().status);
  EXPECT_THAT(ran.err, HasSubstr(GetParam().says));
  desk.kernel.line().with_unit({first}, [](auto& unit) { EXPECT_EQ(unit.work().erases, 0u); });
}

TEST(DfuUtil, RefusesAFileWhoseSuffixNamesAnotherBoard) {
  DfuUtilFolder desk(Units(1));
  desk.write("core.dfu", noise(100));
  ASSERT_EQ(desk.type("dfu-suffix -v 1d50 -p 607f -a core.dfu").status, fine);
  const Ran ran = desk.dfu_util("-d 2b04:d006 -a 0 -s 0x080A0000 -D core.dfu");
  EXPECT_EQ(ran.status, usage);
  EXPECT_THAT(ran.err, HasSubstr("File ID 1d50:607f does not match device (2b04:d006"));
}

// ---- what goes wrong on the way

struct Trouble {
  std::string name;
  FaultKind kind;
  FaultPoint at;
  std::string says;
};
void PrintTo(const Trouble& one, std::ostream* out) {
  *out << one.name;
}

class EachTrouble : public testing::TestWithParam<Trouble> {};
// The eighth transfer asks for the end of the erase, the twentieth for that of the second chunk.
constexpr FaultPoint in_erase{FaultPoint::Kind::request, 8}, in_chunk{FaultPoint::Kind::request, 20},
    at_chunk{FaultPoint::Kind::block, 2}, at_leave{FaultPoint::Kind::leave};
INSTANTIATE_TEST_SUITE_P(
    DfuUtil, EachTrouble,
    testing::Values(
        Trouble{"UnplugInErase", FaultKind::unplug, in_erase, "Error during special command \"ERASE_PAGE\" get_status"},
        Trouble{"StallInErase", FaultKind::stall, in_erase, "Error during special command \"ERASE_PAGE\" get_status"},
        Trouble{"UnplugInChunk", FaultKind::unplug, in_chunk, "Error during download get_status"},
        Trouble{"StallInChunk", FaultKind::stall, in_chunk, "Error during download get_status"},
        Trouble{"UnplugAtChunk", FaultKind::unplug, at_chunk, "Error during download"},
        Trouble{"ErrorInChunk", FaultKind::status, in_chunk,
                "state(10) = dfuERROR, status(3) = Device is unable to write memory"},
        Trouble{"UnplugAtLeave", FaultKind::unplug, at_leave, "Error during download get_status"},
        Trouble{"StallAtLeave", FaultKind::stall, at_leave, "Error during download get_status"}),
    [](const auto& one) { return one.param.name; });

TEST_P(EachTrouble, EndsWithAnInputOutputError) {
  dfu::virt::UnitSpec unit = unit_of("photon", 12);
  unit.faults.push_back({GetParam().kind, GetParam().at});
  DfuUtilFolder desk(Units{unit});
  desk.write("image.bin", noise(6001));
  const Ran ran = desk.dfu_util("-a 0 -s 0x080A0000:leave -D image.bin");
  EXPECT_EQ(ran.status, io_error);
  EXPECT_THAT(ran.err, HasSubstr(GetParam().says));
  // Only the leave comes after these words, which is why the status alone tells nothing.
  const bool all_written = GetParam().at.kind == FaultPoint::Kind::leave;
  EXPECT_EQ(ran.out.find("File downloaded successfully") != std::string::npos, all_written);
}

TEST(DfuUtil, StaysAtAUnitThatIsLeftBusy) {
  dfu::virt::UnitSpec unit = unit_of("photon");
  unit.faults.push_back({FaultKind::hang, in_erase});
  DfuUtilFolder desk(Units{unit});
  desk.write("image.bin", noise(100));
  Child stuck({"dfu-util", "-a", "0", "-s", "0x080A0000", "-D", "image.bin"}, desk.kernel.environment(false),
              desk.folder());
  for (int i = 0; i < 1000 && desk.kernel.counts(first).control < 12; ++i) std::this_thread::sleep_for(10ms);
  stuck.signal(SIGKILL);
  stuck.wait();
  const Ran next = desk.dfu_util("-a 0 -s 0x080A0000 -D image.bin");
  EXPECT_EQ(next.status, io_error);
  EXPECT_THAT(next.err, HasSubstr("Error during special command \"ERASE_PAGE\" download"));
}

// ---- ST's ROM beside what all have in common

TEST(DfuUtil, FindsAProtectedRomUnableToErase) {
  dfu::virt::UnitSpec unit = unit_of("stm32-rom");
  unit.read_protected = true;
  DfuUtilFolder desk(Units{unit});
  desk.write("image.bin", noise(100));
  const Ran ran = desk.dfu_util("-a 0 -s 0x08020000 -D image.bin");
  EXPECT_EQ(ran.status, io_error);
  EXPECT_THAT(ran.err, HasSubstr("ERASE_PAGE not correctly executed"));
  const Ran again = desk.dfu_util("-a 0 -s 0x08020000 -D image.bin");
  EXPECT_THAT(again.out, HasSubstr("DFU state(10) = dfuERROR, status(11)"));
  EXPECT_THAT(again.out, HasSubstr("Clearing status"));
}

// ---- plain DFU 1.1

dfu::virt::UnitSpec plain(bool tolerant, bool will_detach) {
  dfu::virt::UnitSpec unit = unit_of("dfu11");
  unit.manifestation_tolerant = tolerant;
  unit.will_detach = will_detach;
  return unit;
}

TEST(DfuUtil, WritesAndReadsAPlainUnitThatStays) {
  DfuUtilFolder desk(Units{plain(true, true)});
  const Ran listed = desk.dfu_util("-l");
  EXPECT_THAT(listed.out, HasSubstr(serial("1209:0001", "0100", "0", "Firmware", id)));
  desk.write("image.bin", noise(6001));
  const Ran written = desk.dfu_util("-D image.bin");
  EXPECT_EQ(written.status, fine) << written.err;
  EXPECT_THAT(written.out, HasSubstr("DFU state(7) = dfuMANIFEST"));
  EXPECT_THAT(written.out, HasSubstr("Done!"));
  EXPECT_EQ(desk.dfu_util("-U back.bin").status, fine);
  Bytes back = desk.read("back.bin");
  ASSERT_GE(back.size(), 6001u);
  back.resize(6001);
  EXPECT_EQ(back, noise(6001));
}

TEST(DfuUtil, LosesAPlainUnitThatLeavesWithItsImage) {
  DfuUtilFolder desk(Units{plain(false, true)});
  desk.write("image.bin", noise(6001));
  const Ran ran = desk.dfu_util("-D image.bin");
  EXPECT_EQ(ran.status, io_error);
  EXPECT_THAT(ran.out, HasSubstr("DFU state(7) = dfuMANIFEST"));
  EXPECT_THAT(ran.err, HasSubstr("unable to read DFU status after completion (LIBUSB_ERROR_NO_DEVICE)"));
  EXPECT_TRUE(desk.becomes("0002"));
}

// Two places for images, as MCUboot's and others' loaders have them: each image goes where it was sent, also ours.
TEST(DfuUtil, WritesTheSecondImageOfAPlainUnit) {
  dfu::virt::UnitSpec unit = plain(true, true);
  unit.beside = {{1, "image_1", std::make_shared<const dfu::virt::FlashGeometry>(dfu::virt::plain_flash()), {}}};
  DfuUtilFolder desk(Units{unit});
  EXPECT_THAT(desk.dfu_util("-l").out, HasSubstr(serial("1209:0001", "0100", "1", "image_1", id)));
  desk.write("image.bin", noise(6001));
  const Ran written = desk.dfu_util("-a 1 -D image.bin");
  EXPECT_EQ(written.status, fine) << written.err;
  desk.kernel.line().with_unit({first}, [](dfu::virt::VirtualUnit& one) {
    EXPECT_TRUE(std::ranges::equal(one.beside(0).view({0, 6001}), noise(6001)));
    EXPECT_EQ(one.flash().bytes(), dfu::Bytes(one.flash().range().size(), 0xFF));
  });
}

class RunTime : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(DfuUtil, RunTime, testing::Bool(),
                         [](const auto& one) { return one.param ? "GoesByItself" : "NeedsAReset"; });

TEST_P(RunTime, UnitGoesToDfuModeWhenAsked) {
  DfuUtilFolder desk(Units{plain(true, GetParam())});
  desk.write("image.bin", noise(2000));
  EXPECT_EQ(desk.dfu_util("-R -D image.bin").status, reset_not_found) << "the reset starts the application";
  ASSERT_TRUE(desk.becomes("0002"));
  EXPECT_THAT(desk.dfu_util("-l").out, HasSubstr("Found Runtime: [1209:0002]"));
  desk.write("image.bin", noise(3000));
  const Ran ran = desk.dfu_util("-d 1209:0002,1209:0001 -E 5 -D image.bin");  // longer than a busy machine takes
  EXPECT_EQ(ran.status, fine) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(GetParam() ? "Device will detach and reattach..." : "Resetting USB..."));
  EXPECT_THAT(ran.out, HasSubstr("Done!"));
}

}  // namespace
}  // namespace usb_mock
