// Real firmware, where it is at hand: third parties' binaries are never part of the repository. Each must be named as
// the manifest beside them says.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "dfu/image/image.h"

namespace dfu {
namespace {

namespace fs = std::filesystem;

fs::path folder() {
  return fs::path(FLASHLINE_SOURCE_DIR) / ".." / "shared" / "firmware";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Bytes read_bytes(const fs::path& path) {
  const std::string text = read_file(path);
  return Bytes(text.begin(), text.end());
}

// One flat object of the manifest: strings and numbers by key, and the dependencies.
struct Entry {
  std::map<std::string, std::string> values;
  std::vector<std::string> dependencies;

  bool has(const std::string& key) const { return values.contains(key); }
  const std::string& operator[](const std::string& key) const { return values.at(key); }
};

// The text between the first and the last quotation mark; for a number, the text as it is.
std::string unquoted(const std::string& text) {
  const auto first = text.find('"');
  if (first == std::string::npos) return text.substr(0, text.find(','));
  return text.substr(first + 1, text.rfind('"') - first - 1);
}

// The manifest has one member a line, so that no JSON library is needed here.
std::vector<Entry> manifest() {
  std::istringstream lines(read_file(folder() / "manifest.json"));
  std::vector<Entry> entries;
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find("\": ");
    if (line.find('{') != std::string::npos) {
      entries.emplace_back();
    } else if (colon != std::string::npos) {
      entries.back().values[unquoted(line.substr(0, colon + 1))] = unquoted(line.substr(colon + 3));
    } else if (line.find('"') != std::string::npos) {
      entries.back().dependencies.push_back(unquoted(line));
    }
  }
  return entries;
}

std::uint32_t number(const std::string& text) {
  return static_cast<std::uint32_t>(std::stoul(text, nullptr, 0));
}

class RealImages : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(folder() / "manifest.json")) GTEST_SKIP() << "no real images at " << folder();
  }
};

void expect_no_module(const Entry& entry, const ImageFacts& facts) {
  EXPECT_FALSE(facts.module);
  if (entry["bytes"] == "0") {
    EXPECT_EQ(facts.kind, ImageKind::empty);
  } else if (entry["file"].find("html") != std::string::npos) {
    EXPECT_EQ(facts.kind, ImageKind::html);
  } else {
    EXPECT_EQ(facts.kind, ImageKind::legacy_core);
  }
}

void expect_module(const Entry& entry, const ImageFacts& facts) {
  EXPECT_EQ(facts.kind, ImageKind::particle_module);
  EXPECT_EQ(facts.sound, entry["crc"] == "ok") << facts.problem;
  ASSERT_TRUE(facts.module);
  const particle::Module& module = *facts.module;
  EXPECT_EQ(module.header_offset, number(entry["header_offset"]));
  EXPECT_EQ(to_string(module.platform), entry["platform"]);
  EXPECT_EQ(to_string(module.function), entry["function"]);
  EXPECT_EQ(module.index, number(entry["index"]));
  EXPECT_EQ(module.version, number(entry["version"]));
  EXPECT_EQ(module.start, number(entry["start"]));
  EXPECT_EQ(module.end, number(entry["end"]));
  std::vector<std::string> dependencies;
  for (const particle::Dependency& d : module.dependencies) {
    const std::string index = d.index == 0 ? "" : " " + std::to_string(d.index);
    dependencies.push_back(std::string(to_string(d.function)) + index + " >= " + std::to_string(d.version));
  }
  EXPECT_EQ(dependencies, entry.dependencies);
}

TEST_F(RealImages, AreNamedAsTheirManifestSays) {
  const std::vector<Entry> entries = manifest();
  ASSERT_GE(entries.size(), 16u);
  for (const Entry& entry : entries) {
    SCOPED_TRACE(entry["file"]);
    const auto image = make_image(entry["file"], read_bytes(folder() / entry["file"]));
    EXPECT_EQ(image->file.size(), number(entry["bytes"]));
    EXPECT_EQ(to_hex(image->sha256), entry["sha256"]);
    if (entry.has("module")) {
      expect_no_module(entry, image->facts);
    } else {
      expect_module(entry, image->facts);
    }
  }
}

TEST_F(RealImages, HashOfEachModuleIsTheOneInItsTail) {
  for (const Entry& entry : manifest()) {
    const Bytes file = read_bytes(folder() / entry["file"]);
    const ImageFacts facts = identify(file);
    if (!facts.module) continue;
    ASSERT_TRUE(facts.module->hash) << entry["file"];
    EXPECT_EQ(sha256(ByteView(file).first(file.size() - 4 - 34)), *facts.module->hash) << entry["file"];
  }
}

TEST_F(RealImages, NoTruncatedModuleIsSound) {
  for (const Entry& entry : manifest()) {
    if (entry.has("module")) continue;
    const Bytes file = read_bytes(folder() / entry["file"]);
    for (std::size_t size = 0; size < file.size(); size += size < 0x400 ? 1 : file.size() / 40) {
      ASSERT_FALSE(identify(ByteView(file).first(size)).sound) << entry["file"] << " cut to " << size;
    }
  }
}

TEST_F(RealImages, NoModuleWithAChangedByteIsSound) {
  std::mt19937 random(4);
  for (const Entry& entry : manifest()) {
    if (entry.has("module")) continue;
    Bytes file = read_bytes(folder() / entry["file"]);
    const std::size_t header = number(entry["header_offset"]);
    for (std::size_t round = 0; round < 24 + 40; ++round) {
      const std::size_t at = round < 24 ? header + round : random() % file.size();
      file[at] ^= 0x04;
      ASSERT_FALSE(identify(file).sound) << entry["file"] << " changed at " << at;
      file[at] ^= 0x04;
    }
  }
}

}  // namespace
}  // namespace dfu
