// Files that nobody recognises: refused with a way that works, and taken where their owner says which bytes he means.
#include <regex>

#include <gtest/gtest.h>

#include "config/recipe.h"
#include "dfu/hash.h"
#include "tests/config/support.h"
#include "tests/dfu/image/samples.h"

namespace config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* stm32 =
    "usb = \"0483:df11\"\nmap = \"@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg\"\n";
constexpr const char* plain = "usb = \"2fe3:ffff\"\ndialect = \"dfu11\"\n";
constexpr const char* photon = "profile = \"photon\"\n";

class RawFiles : public testing::Test {
 protected:
  RecipeResult load(const std::string& device, const std::string& step, const std::string& policy = "") {
    const bool can_ask = device == photon;
    return load_recipe(folder.write("r.toml", "[recipe]\nname = \"r\"\n[device]\n" + device +
                                                  "[[step]]\nname = \"s\"\nimage = \"x\"\n" + step + "\n[policy]\n" +
                                                  (can_ask ? "" : "confirm = \"none\"\n") + policy));
  }
  std::string refused(const RecipeResult& result) {
    EXPECT_EQ(result.recipe, nullptr);
    return all(result.diagnostics);
  }
  static std::string pin(const dfu::Bytes& file) { return "sha256 = \"" + dfu::to_hex(dfu::sha256(file)) + "\"\n"; }

  Folder folder;
  // The second half of a split program: no vectors, no mark.
  const dfu::Bytes half = dfu::Bytes(1024, 0xA5);
};

const std::string at_flash = "address = 0x08010000\n";

TEST_F(RawFiles, AreRefusedUnlessTheRecipeSaysSo) {
  folder.write("x", half);
  EXPECT_THAT(refused(load(stm32, at_flash)), AllOf(HasSubstr("of no known firmware format"),
                                                    HasSubstr("format = \"raw\" and " + pin(half).substr(0, 20))));
  EXPECT_THAT(refused(load(stm32, at_flash + pin(half))), HasSubstr("format = \"raw\""))
      << "a pin alone does not say it";
}

TEST_F(RawFiles, AreTakenWithTheirPin) {
  folder.write("x", half);
  const RecipeResult result = load(stm32, at_flash + "format = \"raw\"\n" + pin(half));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->layout.steps[0].payload(result.recipe->layout.steps[0].ranges()[0]).size(), half.size());
}

TEST_F(RawFiles, WithoutAPinOnlyWhereThePolicySaysSo) {
  folder.write("x", half);
  const std::string said = refused(load(stm32, at_flash + "format = \"raw\""));
  EXPECT_THAT(said, AllOf(HasSubstr(pin(half).substr(0, 40)), HasSubstr("unpinned = \"allow\"")));
  EXPECT_NE(load(stm32, at_flash + "format = \"raw\"", "unpinned = \"allow\"\n").recipe, nullptr);
}

TEST_F(RawFiles, AWrongPinIsAWrongPin) {
  folder.write("x", half);
  EXPECT_THAT(refused(load(stm32, at_flash + "format = \"raw\"\n" + pin({1, 2, 3}))), HasSubstr("not the pinned file"));
}

TEST_F(RawFiles, OfAnyLookAreTakenWhole) {
  for (const dfu::Bytes& file : {dfu::bytes_of(":00000001FF\n"), dfu::bytes_of("<html>"),
                                 dfu::bytes_of("\x7F"
                                               "ELF..."),
                                 dfu::bytes_of("PK\x03\x04...")}) {
    folder.write("x", file);
    const RecipeResult result = load(stm32, at_flash + "format = \"raw\"\n" + pin(file));
    ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
    EXPECT_EQ(result.recipe->layout.steps[0].size(), file.size());
  }
  folder.write("x", "");
  EXPECT_THAT(refused(load(stm32, at_flash + "format = \"raw\"\n" + pin({}))), HasSubstr("is empty"));
}

TEST_F(RawFiles, NoPlaceIsGuessed) {
  folder.write("x", half);
  EXPECT_THAT(refused(load(stm32, "format = \"raw\"\n" + pin(half))), HasSubstr("address = 0x"));
}

TEST_F(RawFiles, AProgramForAnotherPlaceIsTakenWhereItsOwnerSaysThatItIsCopied) {
  const dfu::Bytes program = dfu::program(0x20020000, 0x90000000, 4096);
  folder.write("x", program);
  EXPECT_THAT(refused(load(stm32, at_flash)), AllOf(HasSubstr("cannot run at"), HasSubstr("format = \"raw\"")));
  EXPECT_NE(load(stm32, at_flash + "format = \"raw\"\n" + pin(program)).recipe, nullptr);
}

TEST_F(RawFiles, AProgramForRamIsAWarning) {
  folder.write("x", dfu::program(0x20020000, 0x20000000, 4096));
  const RecipeResult result = load(stm32, at_flash);
  EXPECT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("was linked for RAM"));
}

TEST_F(RawFiles, PlainDfuTakesWhatItsOwnerPins) {
  for (const dfu::Bytes& file : {half, dfu::bytes_of("\x1F\x8B\x08 compressed"), dfu::bytes_of("some text")}) {
    folder.write("x", file);
    EXPECT_NE(load(plain, pin(file)).recipe, nullptr) << all(load(plain, pin(file)).diagnostics);
    EXPECT_EQ(load(plain, "").recipe, nullptr);
  }
  const dfu::Bytes page = dfu::bytes_of("<!doctype html><html>404");
  folder.write("x", page);
  EXPECT_THAT(refused(load(plain, pin(page))), HasSubstr("web page"));
}

TEST_F(RawFiles, AParticleUnitTakesModulesOnly) {
  folder.write("x", half);
  EXPECT_THAT(refused(load(photon, "")), Not(HasSubstr("format =")));
  EXPECT_THAT(refused(load(photon, "format = \"raw\"\n" + pin(half))), HasSubstr("has no Particle module header"));
}

// ---- hints

// The lines that a hint tells to write: "format = ...", "sha256 = ...", "address = ...".
std::string lines_of(const std::string& hint) {
  std::string lines;
  const std::regex line("(format = \"raw\"|sha256 = \"[0-9a-f]+\"|address = 0x[0-9a-f]+)");
  for (std::sregex_iterator at(hint.begin(), hint.end(), line), end; at != end; ++at) lines += at->str() + "\n";
  return lines;
}

TEST_F(RawFiles, EveryHintThatNamesLinesLeadsToARecipeThatIsGood) {
  const struct {
    const char* what;
    dfu::Bytes file;
    std::string step;
  } rows[] = {
      {"nothing known", half, at_flash},
      {"text", dfu::bytes_of("hello, this is text"), at_flash},
      {"gzip", dfu::bytes_of("\x1F\x8B\x08 and so on"), at_flash},
      {"Git LFS", dfu::bytes_of("version https://git-lfs.github.com/spec/v1\n"), at_flash},
      {"for QSPI", dfu::program(0x20020000, 0x90000000, 4096), at_flash},
      {"for another sector", dfu::program(0x20020000, 0x08010000, 4096), "address = 0x08000000\n"},
      {"not pinned", half, at_flash + "format = \"raw\"\n"},
  };
  for (const auto& row : rows) {
    folder.write("x", row.file);
    const RecipeResult first = load(stm32, row.step);
    ASSERT_EQ(first.recipe, nullptr) << row.what;
    ASSERT_EQ(first.diagnostics.size(), 1u) << row.what << all(first.diagnostics);
    const std::string lines = lines_of(first.diagnostics[0].hint);
    const std::string only_address = lines.substr(0, lines.find('\n') + 1);
    const bool moves = lines.starts_with("address");
    const bool has_format = row.step.find("format") != std::string::npos;
    const std::string step = moves ? only_address : row.step + lines;
    EXPECT_NE(load(stm32, step).recipe, nullptr) << row.what << has_format << ": " << first.diagnostics[0].hint << "\n"
                                                 << all(load(stm32, step).diagnostics);
  }
}

TEST_F(RawFiles, EveryNamedFormatGoesToItsPlace) {
  for (const auto& [mark, name] : {std::pair{"littlefs", "file-system"}, std::pair{"hsqs", "file-system"}}) {
    dfu::Bytes file(1024, 0);
    const std::size_t at = std::string(mark) == "littlefs" ? 8 : 0;
    std::copy_n(mark, std::string(mark).size(), file.begin() + static_cast<std::ptrdiff_t>(at));
    folder.write("x", file);
    EXPECT_NE(load(stm32, at_flash).recipe, nullptr) << name << all(load(stm32, at_flash).diagnostics);
    EXPECT_NE(load(plain, "").recipe, nullptr) << name;
  }
}

}  // namespace
}  // namespace config
