// The corpora through every parser without a fuzzer: as they are, cut, and changed at random but always alike. What a
// fuzzer finds is put into its corpus and stays found.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <gtest/gtest.h>

#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

namespace fs = std::filesystem;

dfu::Bytes read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return dfu::Bytes(std::istreambuf_iterator<char>(file), {});
}

std::vector<dfu::Bytes> corpus(std::string_view name) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(FLASHLINE_FUZZ_CORPUS) / name)) paths.push_back(entry);
  std::ranges::sort(paths);
  std::vector<dfu::Bytes> files;
  for (const fs::path& path : paths) files.push_back(read(path));
  return files;
}

class Parser : public testing::TestWithParam<Target> {};

TEST_P(Parser, KeepsItsPromisesOnItsCorpusAndOnEveryCutOfIt) {
  const auto files = corpus(GetParam().name);
  ASSERT_GE(files.size(), 2u);
  for (const dfu::Bytes& file : files) {
    GetParam().run(file);
    const std::size_t step = std::max<std::size_t>(1, file.size() / 300);
    for (std::size_t size = 0; size < file.size(); size += step) GetParam().run(dfu::ByteView(file).first(size));
  }
}

TEST_P(Parser, KeepsItsPromisesWhateverIsChanged) {
  const auto files = corpus(GetParam().name);
  std::mt19937 random(6);
  for (int round = 0; round < 800; ++round) {
    dfu::Bytes file = files[random() % files.size()];
    for (unsigned changes = 1 + random() % 8; changes > 0 && !file.empty(); --changes) {
      const std::size_t at = random() % file.size();
      switch (random() % 4) {
        case 0:
          file[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
          break;
        case 1:
          file[at] = random() % 2 ? 0xFF : 0x00;
          break;
        case 2:
          file.erase(file.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 3:
          file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random()));
          break;
      }
    }
    GetParam().run(file);
  }
}

std::string name_of(const testing::TestParamInfo<Target>& info) {
  std::string name(info.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, Parser, testing::ValuesIn(targets()), name_of);

}  // namespace
}  // namespace fuzz
