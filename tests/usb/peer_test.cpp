// The program and an unmodified dfu-util 0.11, each with a unit of its own that has the same unusual descriptors and
// memory: where dfu-util does the right thing, so do we, and what lies beside the image is as it was.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/hash.h"
#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"

namespace usb_mock {
namespace {

using dfu::Bytes;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr double speed = 40;
const std::string port = "1-1.1";
constexpr char f4[] = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg";

Bytes noise(std::size_t size, std::uint32_t state = 1) {
  Bytes data(size);
  for (auto& byte : data) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return data;
}

// One image in one memory.
struct Part {
  int alt = 0;
  std::uint32_t address = 0x08004000;
  std::size_t bytes = 3000;
};

struct Case {
  std::string name;
  dfu::virt::UnitSpec unit{};
  std::string device{};    // keys of the recipe
  std::string dfu_util{};  // options
  std::vector<Part> parts{Part{}};
};
void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

std::string map_of(const Case& one) {
  return one.unit.map.empty() ? f4 : one.unit.map;
}

Case with_map(std::string name, std::string map, std::uint32_t granule, std::uint32_t address = 0x08000000,
              std::size_t bytes = 3072) {
  Case one{.name = std::move(name)};
  one.unit.map = map;
  one.unit.part = dfu::virt::geometry_of_map(map, granule);
  one.parts = {{0, address, bytes}};
  return one;
}

// The unit's map is spelled as some real ones are, the recipe's as it should be.
Case damaged(std::string name, std::string map) {
  Case one{.name = std::move(name)};
  one.unit.map = std::move(map);
  one.device = "map = \"" + std::string(f4) + "\"\n";
  return one;
}

Case with_qspi(std::string name, std::vector<Part> parts) {
  Case one{.name = std::move(name)};
  const std::string map = "@External Flash  /0x90000000/64*004Kg";
  one.unit.beside = {{1, map, dfu::virt::geometry_of_map(map, 4), {}}};
  one.device = "[[device.memory]]\nalt = 1\nmap = \"" + map + "\"\n";
  one.parts = std::move(parts);
  return one;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::uint8_t number : {1, 2, 7}) {
    Case one{.name = "Interface" + std::to_string(number)};
    one.unit.interface_number = number;
    all.push_back(one);
  }
  for (const std::uint16_t size : {64, 1024, 4096, 65535}) {
    Case one{.name = "TransferSize" + std::to_string(size)};
    one.unit.transfer_size = size;
    all.push_back(one);
  }
  Case silent{.name = "TransferSize0", .device = "transfer_size = 2048\n", .dfu_util = "-t 2048 "};
  silent.unit.shown_transfer_size = 0;
  all.push_back(silent);
  // It counts its blocks in 2048 bytes all the same.
  silent.name = "TransferSize0AndSmallerBlocks";
  silent.device = "transfer_size = 64\n";
  all.push_back(silent);
  all.push_back(with_map("PagesOf256Bytes", "@Internal Flash  /0x08000000/128*256 g", 4, 0x08000100));
  all.push_back(with_map("PagesOf256KiB", "@Internal Flash  /0x08000000/04*256Kg", 32, 0x08040000));
  all.push_back(with_map("Granule8", "@Internal Flash  /0x08000000/32*002Kg", 8, 0x08000800));
  all.push_back(with_map("Granule32", "@Internal Flash  /0x08000000/08*128Kg", 32, 0x08020000));
  all.push_back(with_map("AcrossTwoBanks", "@Internal Flash  /0x08000000/04*016Kg,02*064Kg,04*016Kg,02*064Kg", 4,
                         0x0802FC00, 2048));
  all.push_back(
      with_map("SecondBankOfItsOwn", "@Internal Flash  /0x08000000/08*004Kg/0x08010000/08*004Kg", 4, 0x08010000));
  all.push_back(damaged("MapWithALastSlash", std::string(f4) + "/"));
  all.push_back(damaged("MapWithBlanks", "@Internal Flash  /0x08000000/04*016Kg, 01*064Kg,07*128Kg"));
  all.push_back(with_qspi("ExternalFlashAlone", {{1, 0x90001000, 5000}}));
  all.push_back(with_qspi("InternalAndExternalFlash", {{0, 0x08004000, 3000}, {1, 0x90001000, 5000}}));
  all.push_back(with_qspi("ExternalFlashFirst", {{1, 0x90000000, 5000}, {0, 0x08000000, 3000}}));
  return all;
}

class Peer : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "flashline-peer-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    for (std::size_t i = 0; i < parts().size(); ++i) write("image" + std::to_string(i) + ".bin", image(i));
  }
  void TearDown() override { fs::remove_all(folder_); }

  static const std::vector<Part>& parts() { return GetParam().parts; }
  static Bytes image(std::size_t i) { return noise(parts()[i].bytes, static_cast<std::uint32_t>(i + 7)); }

  void write(const std::string& name, const Bytes& data) const {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
  }

  // A unit that was used before: every byte of it is something.
  static std::unique_ptr<MockKernel> kernel() {
    dfu::virt::LineSpec line;
    line.speed = speed;
    line.hubs = {{.port = {"1-1"}}};
    line.units = {GetParam().unit};
    line.units[0].profile = "stm32-rom";
    line.units[0].port = {port};
    auto mock = std::make_unique<MockKernel>(KernelSpec{.line = line});
    mock->line().with_unit({port}, [](dfu::virt::VirtualUnit& unit) {
      for (dfu::virt::Flash* one : memories(unit)) one->place(one->range().begin, noise(one->range().size(), 99));
    });
    return mock;
  }

  static std::vector<dfu::virt::Flash*> memories(dfu::virt::VirtualUnit& unit) {
    std::vector<dfu::virt::Flash*> all{&unit.flash()};
    for (std::size_t i = 0; i < GetParam().unit.beside.size(); ++i) all.push_back(&unit.beside(i));
    return all;
  }

  static std::vector<Bytes> contents(MockKernel& mock) {
    std::vector<Bytes> all;
    mock.line().with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
      for (const dfu::virt::Flash* one : memories(unit)) all.push_back(one->bytes());
    });
    return all;
  }

  static std::uint32_t base(std::size_t memory) {
    if (memory != 0) return GetParam().unit.beside[memory - 1].part->range.begin;
    return 0x08000000;
  }

  // What a memory must hold after a pass that leaves everything beside the images alone.
  static std::vector<Bytes> wanted(std::vector<Bytes> before) {
    for (std::size_t i = 0; i < parts().size(); ++i) {
      const std::size_t memory = static_cast<std::size_t>(parts()[i].alt);
      const Bytes bytes = image(i);
      std::ranges::copy(bytes, before[memory].begin() + (parts()[i].address - base(memory)));
    }
    return before;
  }

  std::string recipe() const {
    const bool has_map = GetParam().device.starts_with("map");
    std::string text = "[recipe]\nname = \"peer\"\n[device]\nusb = \"0483:df11\"\n";
    if (!has_map) text += "map = \"" + map_of(GetParam()) + "\"\n";
    text += GetParam().device;
    for (std::size_t i = 0; i < parts().size(); ++i) {
      const std::string number = std::to_string(i);
      text += "[[step]]\nname = \"s" + number + "\"\nimage = \"image" + number +
              ".bin\"\nformat = \"raw\"\naddress = " + dfu::hex_address(parts()[i].address) + "\n";
      if (parts()[i].alt != 0) text += "alt = " + std::to_string(parts()[i].alt) + "\n";
    }
    return text + "[policy]\nconfirm = \"none\"\nunpinned = \"allow\"\n";
  }

  fs::path folder_;
};
INSTANTIATE_TEST_SUITE_P(Peers, Peer, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

TEST_P(Peer, DfuUtilWritesItsImages) {
  const auto mock = kernel();
  for (std::size_t i = 0; i < parts().size(); ++i) {
    const Part& part = parts()[i];
    const std::string at = dfu::hex_address(part.address), name = "image" + std::to_string(i) + ".bin";
    std::vector<std::string> words{"dfu-util", "-a", std::to_string(part.alt), "-s", at, "-D", name};
    if (!GetParam().dfu_util.empty()) words.insert(words.end(), {"-t", "2048"});
    const Ran ran = run(words, mock->environment(false), folder_);
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    const auto memory = static_cast<std::size_t>(part.alt);
    const Bytes held = contents(*mock)[memory];
    const Bytes bytes = image(i);
    EXPECT_TRUE(std::ranges::equal(bytes, std::span(held).subspan(part.address - base(memory), bytes.size())));
  }
}

TEST_P(Peer, SoDoWeAndNothingBesideThemChanges) {
  const auto mock = kernel();
  const std::vector<Bytes> before = contents(*mock);
  std::ofstream(folder_ / "r.toml") << recipe();
  const Ran ran =
      run({FLASHLINE_PROGRAM, "flash", "r.toml", "--json", "--db", "r.db"}, mock->environment(true), folder_);
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err << recipe();
  EXPECT_THAT(ran.out, HasSubstr("\"outcome\":\"passed\""));
  EXPECT_THAT(ran.out, HasSubstr("\"verified\":true"));
  for (std::size_t i = 0; i < parts().size(); ++i) {
    EXPECT_THAT(ran.out, HasSubstr("\"readback_sha256\":\"" + dfu::to_hex(dfu::sha256(image(i))) + '"'));
    const std::string alt = parts()[i].alt == 0 ? "null" : std::to_string(parts()[i].alt);
    EXPECT_THAT(ran.out, HasSubstr("\"alt\":" + alt + ','));
  }
  const std::vector<Bytes> after = contents(*mock), should = wanted(before);
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_TRUE(after[i] == should[i]) << "memory " << i << ", from byte "
                                       << std::ranges::mismatch(after[i], should[i]).in1 - after[i].begin();
  }
  EXPECT_EQ(mock->counts(port).opens, 1);
  EXPECT_EQ(mock->counts(port).unclaimed, 0);
}

// Plain DFU with two places for images: dfu-util is tested with it in dfu_util_test.cpp.
TEST(PlainPeer, TheSecondImageGoesWhereDfuUtilPutsIt) {
  for (const std::string alt : {"1", "\"image_1\""}) {
    dfu::virt::LineSpec line;
    line.speed = speed;
    line.hubs = {{.port = {"1-1"}}};
    dfu::virt::UnitSpec& unit = line.units.emplace_back();
    unit.port = {port};
    unit.profile = "dfu11";
    unit.manifestation_tolerant = true;
    unit.beside = {{1, "image_1", std::make_shared<const dfu::virt::FlashGeometry>(dfu::virt::plain_flash()), {}}};
    MockKernel mock(KernelSpec{.line = line});
    std::string name = fs::temp_directory_path() / "flashline-peer-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const fs::path folder = name;
    const Bytes image = noise(6001);
    std::ofstream(folder / "image.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
    std::ofstream(folder / "r.toml")
        << "[recipe]\nname = \"plain\"\n[device]\nusb = \"1209:0001\"\ndialect = \"dfu11\"\n[[step]]\nname = \"s\"\n"
           "image = \"image.bin\"\nformat = \"raw\"\nalt = "
        << alt << "\n[policy]\nconfirm = \"none\"\nunpinned = \"allow\"\n";
    const Ran ran =
        run({FLASHLINE_PROGRAM, "flash", "r.toml", "--json", "--db", "r.db"}, mock.environment(true), folder);
    fs::remove_all(folder);
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("\"alt\":1,"));
    EXPECT_THAT(ran.out, HasSubstr("\"readback_sha256\":\"" + dfu::to_hex(dfu::sha256(image)) + '"'));
    mock.line().with_unit({port}, [&](dfu::virt::VirtualUnit& one) {
      EXPECT_TRUE(std::ranges::equal(one.beside(0).view({0, 6001}), image));
      EXPECT_EQ(one.flash().bytes(), Bytes(one.flash().range().size(), 0xFF)) << "the first place";
    });
  }
}

}  // namespace
}  // namespace usb_mock
