// Firmware as it comes: programs for another place, files with parts that belong elsewhere, and sectors that others
// use.
#include <gtest/gtest.h>

#include "config/judge.h"
#include "config/recipe.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A program as a linker makes it: vectors at its beginning, pointers into all of it, the last one to its end.
dfu::Bytes linked(std::uint32_t base, std::uint32_t size) {
  dfu::Bytes bytes;
  dfu::append_le32(bytes, 0x20005000);
  for (std::uint32_t vector = 1; vector < 16; ++vector) dfu::append_le32(bytes, base + 0x141 + vector * 4);
  while (bytes.size() < size) {
    const auto at = static_cast<std::uint32_t>(bytes.size());
    dfu::append_le32(bytes, at % 64 == 0 ? base + at + 1 : 0x4770BF00);
  }
  return bytes;
}

std::string record(std::uint8_t type, std::uint16_t offset, const dfu::Bytes& data) {
  dfu::Bytes raw{static_cast<std::uint8_t>(data.size()), static_cast<std::uint8_t>(offset >> 8),
                 static_cast<std::uint8_t>(offset), type};
  raw.insert(raw.end(), data.begin(), data.end());
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : raw) sum = static_cast<std::uint8_t>(sum + byte);
  raw.push_back(static_cast<std::uint8_t>(-sum));
  return ":" + dfu::to_hex(raw) + "\n";
}

std::string at(std::uint32_t address, const dfu::Bytes& data) {
  return record(4, 0, {static_cast<std::uint8_t>(address >> 24), static_cast<std::uint8_t>(address >> 16)}) +
         record(0, static_cast<std::uint16_t>(address), data);
}

const std::string end_of_file = ":00000001FF\n";

class Firmware : public testing::Test {
 protected:
  RecipeResult load(const std::string& steps, const std::string& map = "04*016Kg,01*064Kg,07*128Kg",
                    const std::string& policy = "") {
    return load_recipe(folder.write("r.toml",
                                    "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\nmap = \"@Internal "
                                    "Flash  /0x08000000/" +
                                        map + "\"\n" + steps + "[policy]\nconfirm = \"none\"\n" + policy));
  }
  static std::string step(const std::string& name, const std::string& image, const std::string& more) {
    return "[[step]]\nname = \"" + name + "\"\nimage = \"" + image + "\"\n" + more + "\n";
  }
  std::string refused(const RecipeResult& result) {
    EXPECT_EQ(result.recipe, nullptr);
    return all(result.diagnostics);
  }

  Folder folder;
};

// ---- programs for another place

TEST_F(Firmware, AProgramThatWasLinkedElsewhereIsRefusedWithTheAddressThatFits) {
  for (const std::uint32_t size : {0x1000u, 0x6000u, 0xC000u, 0x20000u}) {
    for (const std::uint32_t base : {0x08000000u, 0x08004000u, 0x08008000u, 0x08010000u, 0x08020000u}) {
      folder.write("p.bin", linked(base, size));
      for (const std::uint32_t address : {0x08000000u, 0x08004000u, 0x08008000u, 0x08010000u, 0x08020000u}) {
        const RecipeResult result = load(step("p", "p.bin", "address = " + dfu::hex_address(address)));
        const std::string which =
            dfu::hex_address(base) + " at " + dfu::hex_address(address) + ", " + std::to_string(size);
        if (address == base) {
          EXPECT_NE(result.recipe, nullptr) << which << all(result.diagnostics);
        } else {
          EXPECT_THAT(refused(result), AllOf(HasSubstr("is a program that cannot run at " + dfu::hex_address(address)),
                                             HasSubstr("linked for " + dfu::hex_address(base))))
              << which;
        }
      }
    }
  }
}

TEST_F(Firmware, AProgramForAnotherWindowOnTheSameFlashIsTaken) {
  for (const std::uint32_t window : {0x00000000u, 0x00200000u, 0x0C000000u}) {
    folder.write("p.bin", linked(window, 0x1000));
    const RecipeResult result = load(step("p", "p.bin", "address = 0x08000000"));
    EXPECT_NE(result.recipe, nullptr) << dfu::hex_address(window) << all(result.diagnostics);
  }
}

TEST_F(Firmware, VectorsMayPointIntoAnotherStep) {
  dfu::Bytes vectors = linked(0x08010000, 0x200);
  folder.write("vectors.bin", vectors);
  folder.write("code.bin", linked(0x08010000, 0x2000));
  const std::string alone = step("vectors", "vectors.bin", "address = 0x08000000");
  EXPECT_THAT(refused(load(alone)), HasSubstr("where no step puts anything"));
  const RecipeResult both = load(alone + step("code", "code.bin", "address = 0x08010000"));
  EXPECT_NE(both.recipe, nullptr) << all(both.diagnostics);
}

TEST_F(Firmware, TwoProgramsThatAreExchangedAreRefusedWithTheAddressOfEach) {
  folder.write("boot.bin", linked(0x08000000, 0x4000));
  folder.write("app.bin", linked(0x08010000, 0x2000));
  EXPECT_THAT(
      refused(load(step("boot", "boot.bin", "address = 0x08010000") + step("app", "app.bin", "address = 0x08000000"))),
      AllOf(HasSubstr("into 'app.bin', whose own vectors point elsewhere too: are the two exchanged?"),
            HasSubstr("into 'boot.bin', whose"), HasSubstr("address = 0x08000000"), HasSubstr("address = 0x08010000")));
  EXPECT_NE(
      load(step("boot", "boot.bin", "address = 0x08000000") + step("app", "app.bin", "address = 0x08010000")).recipe,
      nullptr);
}

TEST_F(Firmware, AProgramWhoseStartIsInNoStepIsRefusedAlsoIfOtherHandlersAreInItsOwnBytes) {
  dfu::Bytes program = linked(0x08004000, 0x4180);
  program[4] = 0x01, program[5] = 0x42;  // the start, at 0x08004200
  folder.write("p.bin", program);
  EXPECT_THAT(refused(load(step("p", "p.bin", "address = 0x08000000"))),
              AllOf(HasSubstr("its vectors point to 0x08004200 and above, where no step puts anything"),
                    HasSubstr("address = 0x08004000")));
  EXPECT_NE(load(step("p", "p.bin", "address = 0x08004000")).recipe, nullptr);
}

TEST_F(Firmware, AVectorTableThatNoProcessorFindsIsRefusedWithTheAddressesThatFit) {
  folder.write("p.bin", linked(0x08004010, 0x1000));
  EXPECT_THAT(refused(load(step("p", "p.bin", "address = 0x08004010"))),
              AllOf(HasSubstr("begins with a vector table"), HasSubstr("0x08004000 or 0x08004080")));
}

// Vectors and a table of pointers, each to a function of its own, all in its first KiB; what follows is a font or a
// sound, to which nothing points.
dfu::Bytes with_functions(std::uint32_t base, std::uint32_t size) {
  dfu::Bytes bytes;
  dfu::append_le32(bytes, 0x20005000);
  for (std::uint32_t vector = 1; vector < 32; ++vector) dfu::append_le32(bytes, base + 0x201 + vector * 16);
  while (bytes.size() < 0x200) dfu::append_le32(bytes, 0);
  while (bytes.size() < 0x400) dfu::append_le32(bytes, bytes.size() % 16 == 0 ? 0x4B01B510 : 0xBD10BF00);
  while (bytes.size() < size) dfu::append_le32(bytes, 0x12121212);
  return bytes;
}

TEST_F(Firmware, PointersThatLeadToNoFunctionsThereShowAnotherPlace) {
  folder.write("p.bin", with_functions(0x08020000, 0x30000));
  EXPECT_THAT(refused(load(step("p", "p.bin", "address = 0x08008000"))),
              AllOf(HasSubstr("its pointers show that it was linked for another place"),
                    HasSubstr("address = 0x08020000, or link it for 0x08008000")));
  EXPECT_NE(load(step("p", "p.bin", "address = 0x08020000")).recipe, nullptr);
  // Its functions lie behind the font, so that a place further up has room for its vectors too.
  dfu::Bytes late = with_functions(0x08008000, 0x400);
  late.resize(0x200);
  late.resize(0x8000, 0x12);
  for (std::uint32_t vector = 1; vector < 32; ++vector) {
    const std::uint32_t handler = 0x08008000 + 0x8001 + vector * 16;
    for (std::uint32_t byte = 0; byte < 4; ++byte)
      late[vector * 4 + byte] = static_cast<std::uint8_t>(handler >> (8 * byte));
  }
  while (late.size() < 0x8400) dfu::append_le32(late, late.size() % 16 == 0 ? 0x4B01B510 : 0xBD10BF00);
  folder.write("late.bin", late);
  EXPECT_NE(load(step("p", "late.bin", "address = 0x08008000")).recipe, nullptr);
  EXPECT_THAT(refused(load(step("p", "late.bin", "address = 0x0800C000"))), HasSubstr("address = 0x08008000"));
}

TEST_F(Firmware, AProgramForAWindowIsHeldAgainstTheFlashBehindIt) {
  folder.write("p.bin", linked(0x00008000, 0x1000));
  EXPECT_NE(load(step("p", "p.bin", "address = 0x08008000")).recipe, nullptr);
  EXPECT_THAT(refused(load(step("p", "p.bin", "address = 0x08000000"))), HasSubstr("address = 0x08008000"));
}

// A vector table and its code are apart in many a .hex, and several programs may be in one.
TEST_F(Firmware, EachProgramOfAHexFileIsJudged) {
  const auto hex = [](std::uint32_t address, const dfu::Bytes& data) {
    std::string lines;
    for (std::size_t i = 0; i < data.size(); i += 16)
      lines += at(address + static_cast<std::uint32_t>(i),
                  {data.begin() + static_cast<std::ptrdiff_t>(i), data.begin() + static_cast<std::ptrdiff_t>(i) + 16});
    return lines;
  };
  const std::string boot = hex(0x08000000, linked(0x08000000, 0x400));
  folder.write("right.hex", boot + hex(0x08008000, linked(0x08008000, 0x400)) + end_of_file);
  EXPECT_NE(load(step("x", "right.hex", "")).recipe, nullptr);
  folder.write("second.hex", boot + hex(0x08008000, linked(0x08010000, 0x400)) + end_of_file);
  EXPECT_THAT(refused(load(step("x", "second.hex", ""))), HasSubstr("has a program that cannot run at 0x08008000"));
  folder.write("settings.hex",
               at(0x08000000, dfu::Bytes(16, 7)) + hex(0x08008000, linked(0x08010000, 0x400)) + end_of_file);
  EXPECT_THAT(refused(load(step("x", "settings.hex", ""))), HasSubstr("has a program that cannot run at 0x08008000"));
  // Vectors, a gap, code.
  dfu::Bytes code = linked(0x08000000, 0x400);
  const dfu::Bytes vectors(code.begin(), code.begin() + 0x40);
  code.erase(code.begin(), code.begin() + 0x140);
  folder.write("gap.hex", hex(0x08000000, vectors) + hex(0x08000140, code) + end_of_file);
  EXPECT_NE(load(step("x", "gap.hex", "")).recipe, nullptr);
  folder.write("moved.hex", hex(0x08004000, vectors) + hex(0x08004140, code) + end_of_file);
  EXPECT_THAT(refused(load(step("x", "moved.hex", ""))), HasSubstr("cannot run at 0x08004000"));
}

// MCUboot moves what lies in a second slot.
TEST_F(Firmware, AnMcubootImageForAnotherSlotIsAWarning) {
  constexpr std::uint32_t header = 0x200;
  const dfu::Bytes program = linked(0x08008000 + header, 0x2000);
  dfu::Bytes image;
  for (const std::uint32_t word : {0x96F3B83Du, 0u, header, static_cast<std::uint32_t>(program.size()), 0u, 1u, 0u, 0u})
    dfu::append_le32(image, word);
  image.resize(header);
  image.insert(image.end(), program.begin(), program.end());
  dfu::append_le32(image, 0x00046907);
  folder.write("app.bin", image);
  const RecipeResult own = load(step("app", "app.bin", "address = 0x08008000"));
  ASSERT_NE(own.recipe, nullptr) << all(own.diagnostics);
  EXPECT_TRUE(own.diagnostics.empty()) << all(own.diagnostics);
  const std::string second = step("second", "app.bin", "address = 0x08020000");
  const RecipeResult other = load(second);
  ASSERT_NE(other.recipe, nullptr) << all(other.diagnostics);
  EXPECT_THAT(all(other.diagnostics), AllOf(HasSubstr("warning"), HasSubstr("linked for the slot at 0x08008000"),
                                            HasSubstr("address = 0x08008000")));
  const RecipeResult both = load(step("app", "app.bin", "address = 0x08008000") + second);
  ASSERT_NE(both.recipe, nullptr);
  EXPECT_TRUE(both.diagnostics.empty()) << all(both.diagnostics);
}

TEST_F(Firmware, AStepThatIsMissingIsOneMistake) {
  folder.write("vectors.bin", linked(0x08010000, 0x200));
  const RecipeResult result =
      load(step("vectors", "vectors.bin", "address = 0x08000000") + step("code", "absent.bin", "address = 0x08010000"));
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_EQ(result.diagnostics.size(), 1u) << all(result.diagnostics);
}

// ---- sectors that others use

TEST_F(Firmware, NeighboursAreKeptUnlessTheStepSaysOtherwise) {
  folder.write("app.bin", linked(0x08005000, 0x2000));
  const RecipeResult kept = load(step("app", "app.bin", "address = 0x08005000"));
  ASSERT_NE(kept.recipe, nullptr) << all(kept.diagnostics);
  ASSERT_EQ(kept.recipe->layout.kept.size(), 2u);
  EXPECT_EQ(kept.recipe->layout.kept[0].data, (dfu::Range{0x08004000, 0x08005000}));
  EXPECT_EQ(kept.recipe->layout.kept[1].data, (dfu::Range{0x08007000, 0x08008000}));
  EXPECT_TRUE(kept.diagnostics.empty()) << all(kept.diagnostics);
  const RecipeResult erased = load(step("app", "app.bin", "address = 0x08005000\nneighbours = \"erase\""));
  ASSERT_NE(erased.recipe, nullptr) << all(erased.diagnostics);
  EXPECT_TRUE(erased.recipe->layout.kept.empty());
  EXPECT_THAT(all(erased.diagnostics), AllOf(HasSubstr("warning: 8192 bytes that belong to no step are lost"),
                                             HasSubstr("0x08004000 to 0x08005000, 0x08007000 to 0x08008000")));
  EXPECT_THAT(refused(load(step("app", "app.bin", "address = 0x08005000\nneighbours = \"maybe\""))),
              HasSubstr("'neighbours' must be one of keep and erase"));
}

TEST_F(Firmware, WhatCannotBeReadCannotBeKept) {
  folder.write("app.bin", linked(0x08005000, 0x2000));
  const std::string blind = "01*016Kg,01*016Kf,02*016Kg";
  const RecipeResult blind_recipe = load_recipe(folder.write(
      "b.toml", "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\nmap = \"@F/0x08000000/" + blind + "\"\n" +
                    step("app", "app.bin", "address = 0x08005000") + "[policy]\nverify = \"none\"\n"));
  EXPECT_THAT(refused(blind_recipe),
              AllOf(HasSubstr("This memory cannot be read"), HasSubstr("neighbours = \"erase\"")));

  const RecipeResult result = load(step("app", "app.bin", "address = 0x08005000"));
  ASSERT_NE(result.recipe, nullptr);
  Recipe recipe = *result.recipe;
  recipe.policy.verify = Verify::none;
  dfu::SurveyResult survey;
  survey.map = dfu::parse_memory_map(recipe.profile.map).value();
  survey.transfer_size = 2048;
  survey.pieces.assign(recipe.layout.pieces.size(), dfu::Holds::other);
  survey.kept.resize(recipe.layout.kept.size());
  const auto judged = judge(recipe, survey);
  ASSERT_TRUE(std::holds_alternative<dfu::Fault>(judged));
  EXPECT_EQ(std::get<dfu::Fault>(judged).code, dfu::FaultCode::image_unfit);
  EXPECT_THAT(std::get<dfu::Fault>(judged).text, HasSubstr("could not be written back"));
}

TEST_F(Firmware, AParticleSlotBelongsToItsStepAsAWhole) {
  folder.write("user.bin", build_module(user_part()));
  const RecipeResult result = load_recipe(folder.write(
      "p.toml", "[recipe]\nname = \"r\"\n[device]\nprofile = \"photon\"\n" + step("user", "user.bin", "")));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_TRUE(result.recipe->layout.kept.empty());
  EXPECT_TRUE(result.recipe->layout.given_up.empty());
}

TEST_F(Firmware, PlainDfuHasNoNeighbours) {
  folder.write("p.bin", linked(0, 0x1000));
  const auto with = [&](const std::string& more) {
    return load_recipe(
        folder.write("d.toml", "[recipe]\nname = \"r\"\n[device]\nprofile = \"dfu11\"\n" + step("p", "p.bin", more)));
  };
  const RecipeResult plain = with("");
  ASSERT_NE(plain.recipe, nullptr) << all(plain.diagnostics);
  EXPECT_TRUE(plain.recipe->layout.kept.empty());
  EXPECT_THAT(refused(with("neighbours = \"keep\"")), HasSubstr("units of plain DFU have no sectors"));
}

// ---- memory maps

TEST_F(Firmware, APartOfAMapThatMakesNoSenseIsToldAndNoStepCanBeThere) {
  folder.write("p.bin", linked(0x08000000, 0x1000));
  folder.write("q.bin", linked(0x08004000, 0x1000));
  const std::string map = "01*016Kg,01*016K,02*016Kg,";
  const RecipeResult result = load(step("p", "p.bin", "address = 0x08000000"), map);
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_THAT(all(result.diagnostics),
              AllOf(HasSubstr("warning: 'map' has a part that cannot be understood"),
                    HasSubstr("\"01*016K\", whose type is not known"), HasSubstr("a ',' at the end")));
  EXPECT_THAT(refused(load(step("q", "q.bin", "address = 0x08004000"), map)), HasSubstr("has nothing at 0x08004000"));
}

// ---- parts that are left out

TEST_F(Firmware, APartThatBelongsElsewhereIsLeftOutOnPurpose) {
  folder.write("x.hex", at(0x08000000, dfu::Bytes(16, 1)) + at(0x1FFFF800, dfu::Bytes(16, 2)) +
                            at(0x20000000, dfu::Bytes(4, 3)) + end_of_file);
  EXPECT_THAT(refused(load(step("x", "x.hex", ""))),
              AllOf(HasSubstr("option bytes"), HasSubstr("omit = [\"0x1ffff800+16\"]")));
  EXPECT_THAT(refused(load(step("x", "x.hex", "omit = [\"0x1FFFF800+16\"]"))),
              AllOf(HasSubstr("has nothing at 0x20000000"), HasSubstr("omit = [\"0x1ffff800+16\", \"0x20000000+4\"]")));
  const RecipeResult result = load(step("x", "x.hex", "omit = [\"0x1FFFF800+0x10\", \"536870912 + 4\"]"));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  const dfu::Step& left = result.recipe->layout.steps[0];
  EXPECT_EQ(left.ranges(), (std::vector<dfu::Range>{{0x08000000, 0x08000010}}));
  EXPECT_EQ(left.size(), 16u);
  EXPECT_EQ(left.image->omitted, (std::vector<dfu::Range>{{0x1FFFF800, 0x1FFFF810}, {0x20000000, 0x20000004}}));
}

TEST_F(Firmware, OnlyWhatIsThereIsLeftOut) {
  folder.write("x.hex", at(0x08000000, dfu::Bytes(16, 1)) + end_of_file);
  folder.write("p.bin", linked(0x08000000, 0x1000));
  EXPECT_THAT(refused(load(step("x", "x.hex", "omit = [\"0x08000010+4\"]"))),
              AllOf(HasSubstr("has nothing there to leave out"), HasSubstr("0x08000000 to 0x08000010")));
  EXPECT_THAT(refused(load(step("x", "x.hex", "omit = [\"0x08000000+16\"]"))), HasSubstr("is left"));
  EXPECT_THAT(refused(load(step("p", "p.bin", "address = 0x08000000\nomit = [\"0x08000000+16\"]"))),
              HasSubstr("does not say where its bytes go"));
  for (const std::string wrong : {"0x08000000", "0x08000000+0", "x+1", "0x08000000-0x08000010", "+4"}) {
    EXPECT_THAT(refused(load(step("x", "x.hex", "omit = [\"" + wrong + "\"]"))),
                HasSubstr("'omit' must have places like"))
        << wrong;
  }
  for (const std::string wrong : {"0xFFFFFFFF+2", "0x08000000+99999999999", "99999999999999999999999+1"}) {
    const RecipeResult result = load(step("x", "x.hex", "omit = [\"0x08000000+4\", \"" + wrong + "\"]"));
    EXPECT_THAT(refused(result), HasSubstr("'omit' reaches past the last address, 0xffffffff")) << wrong;
    EXPECT_EQ(result.diagnostics.size(), 1u) << all(result.diagnostics);
  }
}

TEST_F(Firmware, APartThatIsLeftOutTwiceIsLeftOutOnce) {
  folder.write("x.hex", at(0x08000000, dfu::Bytes(16, 1)) + at(0x1FFFF800, dfu::Bytes(16, 2)) + end_of_file);
  const RecipeResult result = load(step("x", "x.hex", "omit = [\"0x1FFFF800+16\", \"0x1FFFF800+16\"]"));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->layout.steps[0].image->omitted, (std::vector<dfu::Range>{{0x1FFFF800, 0x1FFFF810}}));
}

TEST_F(Firmware, AMisspeltKeyOfAPlaceIsOneMistake) {
  folder.write("p.bin", linked(0x08000000, 0x1000));
  const std::vector<std::pair<std::string, std::string>> misspelt{{"adress = 0x08000000", "address"},
                                                                  {"addr = 0x08000000", "address"},
                                                                  {"alternate = 1", "alt"},
                                                                  {"atl = 1", "alt"}};
  for (const auto& [line, meant] : misspelt) {
    const RecipeResult result = load(step("p", "p.bin", line));
    ASSERT_EQ(result.diagnostics.size(), 1u) << line << all(result.diagnostics);
    EXPECT_EQ(result.diagnostics[0].hint, "Did you mean '" + meant + "'?");
  }
}

TEST_F(Firmware, PartsOverEachOtherAreRefusedWithBothAddresses) {
  folder.write("x.hex", at(0x08000000, dfu::Bytes(16, 1)) + at(0x08000100, dfu::Bytes(16, 1)) +
                            at(0x08000008, dfu::Bytes(16, 1)) + end_of_file);
  EXPECT_THAT(refused(load(step("x", "x.hex", ""))),
              AllOf(HasSubstr("two parts for the bytes from 0x08000008 on"), HasSubstr("0x08000000 to 0x08000010"),
                    HasSubstr("0x08000008 to 0x08000018")));
}

}  // namespace
}  // namespace config
