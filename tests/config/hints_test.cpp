// Hints are walked: each one is followed by the letter, as somebody would who knows no better, until the recipe is
// good.
#include <regex>

#include <gtest/gtest.h>

#include "config/recipe.h"
#include "dfu/hash.h"
#include "tests/config/support.h"
#include "tests/dfu/image/samples.h"

namespace config {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// "key = value" wherever it stands in a sentence.
Lines settings_in(const std::string& hint) {
  static const std::regex setting(R"((\w+) = (\[[^\]]*\]|"[^"]*"|0x[0-9a-f]+|\d+|true|false))");
  Lines found;
  for (std::sregex_iterator at(hint.begin(), hint.end(), setting), end; at != end; ++at) found.push_back(at->str());
  return found;
}

std::string key_of(const std::string& line) {
  return line.substr(0, line.find(' '));
}

// Into the table that begins at or before this line; a line with the same key gives way.
void set(Lines& lines, std::size_t from, const std::string& setting) {
  std::size_t begin = std::min(from, lines.size() - 1);
  while (begin > 0 && !lines[begin].starts_with('[')) --begin;
  for (std::size_t i = begin + 1; i < lines.size() && !lines[i].starts_with('['); ++i) {
    if (key_of(lines[i]) == key_of(setting)) {
      lines[i] = setting;
      return;
    }
  }
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(begin) + 1, setting);
}

bool says(const std::string& hint, std::string_view words) {
  return hint.find(words) != std::string::npos;
}

// Where steps begin, from the first on.
std::vector<std::size_t> steps_in(const Lines& lines) {
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == "[[step]]") at.push_back(i);
  }
  return at;
}

void follow(Lines& lines, const Diagnostic& said) {
  const auto here = static_cast<std::size_t>(said.line - 1);
  const std::string& hint = said.hint;
  const Lines settings = settings_in(hint.substr(0, hint.find("; or,")));  // the first of two ways
  if (says(hint, "Write instead: ")) {
    lines[here] = settings.at(0);
  } else if (says(hint, "add to each step")) {
    for (const std::size_t step : steps_in(lines)) set(lines, step, settings.at(0));
  } else if (says(hint, "[[device.memory]] with")) {
    Lines table{"[[device.memory]]"};
    // The three points stand for what only the unit knows.
    for (const std::string& one : settings)
      table.push_back(std::regex_replace(one, std::regex(R"(\.\.\.)"), "16*064Kg"));
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(steps_in(lines).front()), table.begin(), table.end());
  } else if (says(hint, "The addresses beside it that fit are ")) {
    lines[here] = "address = " + hint.substr(hint.find("0x"), 10);
  } else {
    // The first way that it names; a place that it names is the whole way.
    const bool moves = !settings.empty() && settings[0].starts_with("address");
    for (const std::string& one : settings) {
      set(lines, here, one);
      if (moves) break;
    }
  }
  const bool gone = says(hint, "emove the line") || std::regex_search(hint, std::regex("Remove '\\w+' from this step"));
  if (gone) lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(here));
}

const std::string stm32 = "usb = \"0483:df11\"\nmap = \"@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg\"\n";
const std::string plain = "usb = \"2fe3:ffff\"\ndialect = \"dfu11\"\n";

struct Row {
  const char* what;
  std::string device;
  std::string step;
  dfu::Bytes file;
};

// A record of Intel HEX.
std::string record(std::uint8_t kind, std::uint16_t address, const dfu::Bytes& data) {
  dfu::Bytes bytes{static_cast<std::uint8_t>(data.size()), static_cast<std::uint8_t>(address >> 8),
                   static_cast<std::uint8_t>(address), kind};
  bytes.insert(bytes.end(), data.begin(), data.end());
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : bytes) sum = static_cast<std::uint8_t>(sum + byte);
  bytes.push_back(static_cast<std::uint8_t>(-sum));
  return ":" + dfu::to_hex(bytes) + "\n";
}

dfu::Bytes hex(const std::vector<std::uint32_t>& addresses) {
  std::string text;
  for (const std::uint32_t at : addresses) {
    text += record(4, 0, {static_cast<std::uint8_t>(at >> 24), static_cast<std::uint8_t>(at >> 16)});
    text += record(0, static_cast<std::uint16_t>(at), dfu::Bytes(16, 0x5A));
  }
  return dfu::bytes_of(text + record(1, 0, {}));
}

std::vector<Row> rows() {
  const dfu::Bytes half(1024, 0xA5), code = dfu::program(0x20005000, 0x08000000, 4096);
  const std::string at_flash = "address = 0x08010000\n";
  return {
      {"bytes that nobody knows", stm32, at_flash, half},
      {"text", stm32, at_flash, dfu::bytes_of("hello, this is text")},
      {"a compressed file", stm32, at_flash, dfu::bytes_of("\x1F\x8B\x08 and so on")},
      {"a pointer of Git LFS", stm32, at_flash, dfu::bytes_of("version https://git-lfs.github.com/spec/v1\n")},
      {"raw without a pin", stm32, at_flash + "format = \"raw\"\n", half},
      {"a program for external flash", stm32, at_flash, dfu::program(0x20005000, 0x90000000, 4096)},
      {"a program for another sector", stm32, "address = 0x08000000\n", dfu::program(0x20005000, 0x08010000, 4096)},
      {"an address between two words", stm32, "address = 0x08010002\nformat = \"raw\"\n", half},
      {"option bytes in a hex file", stm32, "", hex({0x08010000, 0x1FFFC000})},
      {"a part for RAM in a hex file", stm32, "", hex({0x08010000, 0x20000000})},
      {"an address that a hex file says otherwise", stm32, at_flash, hex({0x08020000})},
      {"memory that cannot be read", "usb = \"0483:df11\"\nmap = \"@Internal Flash  /0x08000000/04*016Kf\"\n",
       "address = 0x08000000\n", code},
      {"another memory that nothing describes", stm32, "alt = 1\naddress = 0x90000000\nformat = \"raw\"\n", half},
      {"another memory by a name that nothing describes", stm32,
       "alt = \"QSPI\"\naddress = 0x90000000\nformat = \"raw\"\n", half},
      {"the serial flash of a P1, for all steps", "profile = \"p1\"\nalt = 2\n", "address = 0x1000\nformat = \"raw\"\n",
       half},
      {"the serial flash of a P1 that is spelled out", "usb = \"2b04:d008\"\nalt = 2\n",
       "address = 0x1000\nformat = \"raw\"\n", half},
      {"an alternate setting that the profile knows", "profile = \"stm32-rom\"\nalt = 0\n", "address = 0x08000000\n",
       code},
      {"a map that the profile knows", "profile = \"stm32-rom\"\nmap = \"@X /0x08000000/1*4Kg\"\n",
       "address = 0x08000000\n", code},
      {"an address for plain DFU", plain, "address = 0x08000000\n", code},
      {"a map for plain DFU", plain + "map = \"@X /0x08000000/1*4Kg\"\n", "", code},
      {"neighbours for plain DFU", plain, "neighbours = \"keep\"\n", code},
      {"omit for a file without addresses", stm32, "address = 0x08000000\nomit = [\"0x08000000+4\"]\n", code},
      {"a module at another address", "profile = \"photon\"\n", "address = 0x08060000\n",
       dfu::particle::build_module(user_part())},
      {"a Photon that is spelled out", "usb = \"2b04:d006\"\n", "", dfu::particle::build_module(user_part())},
  };
}

TEST(Hints, EachLeadsToARecipeThatIsGood) {
  constexpr int most_steps = 4;
  for (const Row& row : rows()) {
    const Folder folder;
    folder.write("x", row.file);
    Lines recipe = lines_of("[recipe]\nname = \"r\"\n[device]\n" + row.device +
                            "[[step]]\nname = \"s\"\nimage = \"x\"\n" + row.step + "[policy]\nconfirm = \"none\"\n");
    std::string timeline;
    bool good = false;
    int steps = 0;
    for (; steps < most_steps; ++steps) {
      const RecipeResult result = load_recipe(folder.write("r.toml", joined(recipe)));
      good = result.recipe != nullptr;
      if (good) break;
      const auto error = std::ranges::find(result.diagnostics, Severity::error, &Diagnostic::severity);
      ASSERT_NE(error, result.diagnostics.end());
      timeline += error->message + " | " + error->hint + "\n";
      ASSERT_FALSE(error->hint.empty()) << row.what << ": " << timeline;
      const Lines before = recipe;
      follow(recipe, *error);
      ASSERT_NE(recipe, before) << row.what << ": nothing to follow in\n" << timeline;
    }
    EXPECT_TRUE(good) << row.what << ":\n" << timeline << joined(recipe);
    EXPECT_GT(steps, 0) << row.what << ": is good from the start, so this row walks no hint";
  }
}

}  // namespace
}  // namespace config
