// The images that the build makes for config/examples/photon.toml.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "dfu/image/image.h"
#include "dfu/particle/slots.h"

namespace dfu {
namespace {

std::shared_ptr<const Image> example(const std::string& name) {
  std::ifstream file(std::filesystem::path(FLASHLINE_EXAMPLES) / name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return make_image(name, Bytes(std::istreambuf_iterator<char>(file), {}));
}

TEST(ExampleImages, AreSoundPhotonModulesOfTheRealSizesInTheirSlots) {
  struct Expected {
    const char* name;
    std::size_t size;
    std::uint32_t start;
  };
  for (const Expected& expected :
       {Expected{"system-part1.bin", 248732, 0x08020000}, Expected{"system-part2.bin", 151192, 0x08060000},
        Expected{"user.bin", 86192, 0x080A0000}}) {
    const auto image = example(expected.name);
    EXPECT_EQ(image->file.size(), expected.size);
    ASSERT_TRUE(image->facts.sound) << image->facts.problem;
    const particle::Module& module = image->facts.module.value();
    EXPECT_EQ(module.platform, particle::Platform::photon);
    EXPECT_EQ(module.start, expected.start);
    const auto slot = slot_for(module);
    ASSERT_TRUE(slot);
    EXPECT_EQ(slot->range.begin, module.start);
    EXPECT_LE(module.start + module.stored_size(), slot->range.end);
  }
}

TEST(ExampleImages, DependOnlyOnEachOther) {
  const particle::Module part1 = example("system-part1.bin")->facts.module.value();
  const particle::Module part2 = example("system-part2.bin")->facts.module.value();
  const particle::Module user = example("user.bin")->facts.module.value();
  EXPECT_TRUE(part1.dependencies.empty());
  ASSERT_EQ(part2.dependencies.size(), 1u);
  EXPECT_EQ(part2.dependencies[0].index, part1.index);
  EXPECT_LE(part2.dependencies[0].version, part1.version);
  ASSERT_EQ(user.dependencies.size(), 1u);
  EXPECT_EQ(user.dependencies[0].index, part2.index);
  EXPECT_LE(user.dependencies[0].version, part2.version);
}

}  // namespace
}  // namespace dfu
