// A recipe that is read from a folder with images beside it.
#pragma once

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/recipe.h"
#include "tests/config/support.h"

namespace config {

inline constexpr std::string_view good = R"([recipe]
name = "photon-0.4.3-tinker"
revision = "A"

[device]
profile = "photon"
enter_dfu = false

[[step]]
name = "system-part1"
image = "part1.bin"

[[step]]
name = "system-part2"
image = "part2.bin"

[[step]]
name = "user"
image = "user.bin"
address = 0x080A0000

[policy]
attempts = 3
verify = "read-back"
unchanged = "rewrite"
confirm = "none"
)";

class RecipeFile : public testing::Test {
 protected:
  RecipeFile() {
    folder.write("part1.bin", build_module(system_part(1, 3)));
    folder.write("part2.bin", build_module(system_part(2, 3, {needs_part(1, 3)})));
    folder.write("user.bin", build_module(user_part({needs_part(2, 1)})));
  }

  RecipeResult load(std::string_view text) { return load_recipe(folder.write("r.toml", text)); }

  // A photon recipe with one step, and what is said about it.
  RecipeResult load_step(const std::string& lines) {
    return load("[recipe]\nname = \"r\"\n[device]\nprofile = \"photon\"\n[[step]]\nname = \"s\"\n" + lines);
  }
  RecipeResult load_image(const dfu::Bytes& image) {
    folder.write("one.bin", image);
    return load_step("image = \"one.bin\"\n");
  }
  // The only diagnostic; it must be an error at the image of load_step.
  std::string refused(const RecipeResult& result) {
    EXPECT_EQ(result.recipe, nullptr);
    EXPECT_THAT(places(result.diagnostics), testing::ElementsAre("7:9")) << all(result.diagnostics);
    return all(result.diagnostics);
  }

  // With the policy line, or the device lines, of the caller.
  RecipeResult load_with(const std::string& device, const std::string& policy) {
    return load("[recipe]\nname = \"r\"\n[device]\n" + device +
                "\n[[step]]\nname = \"user\"\nimage = \"user.bin\"\n[policy]\n" + policy + "\n");
  }

  Folder folder;
};

// A Cortex-M program: stack pointer, then handlers just behind the vectors.
inline dfu::Bytes program(std::uint32_t stack, std::uint32_t base) {
  dfu::Bytes out;
  dfu::append_le32(out, stack);
  for (std::uint32_t vector = 1; vector < 128; ++vector) dfu::append_le32(out, base + 513);
  out.resize(4000, 0x42);
  return out;
}

}  // namespace config
