#include "dfu/particle/build.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "dfu/hash.h"

namespace dfu::particle {
namespace {

struct Kind {
  Platform platform;
  Function function;
  std::uint8_t index;
  std::uint32_t start;
  std::uint32_t header_offset;  // as the real files have it (docs/devices.md, "Where the header is")
};

const std::vector<Kind>& kinds() {
  using P = Platform;
  using F = Function;
  static const std::vector<Kind> all = {
      {P::core, F::monolithic, 0, 0x08005000, 0x10C},
      {P::photon, F::bootloader, 0, 0x08000000, 0x184},
      {P::photon, F::system_part, 1, 0x08020000, 0x184},
      {P::photon, F::system_part, 2, 0x08060000, 0x184},
      {P::photon, F::user_part, 1, 0x080A0000, 0},
      {P::photon, F::monolithic, 0, 0x08020000, 0x184},
      {P::p1, F::system_part, 1, 0x08020000, 0x184},
      {P::p1, F::user_part, 1, 0x080A0000, 0},
      {P::electron, F::system_part, 1, 0x08020000, 0x184},
      {P::electron, F::system_part, 2, 0x08040000, 0x184},
      {P::electron, F::system_part, 3, 0x08060000, 0},
      {P::electron, F::user_part, 1, 0x08080000, 0},
      {P::argon, F::system_part, 1, 0x00030000, 0x200},
      {P::argon, F::bootloader, 0, 0x000F4000, 0x200},
      {P::argon, F::ncp_firmware, 0, 0, 0},
      {P::boron, F::user_part, 1, 0x000D4000, 0},
      {P::xenon, F::radio_stack, 0, 0x00001000, 0},
      {P::esomx, F::user_part, 2, 0x000B4000, 0},
      {P::asom, F::monolithic, 0, 0x00030000, 0x200},
      {P::bsom, F::user_part, 1, 0x000D4000, 0},
      {P::xsom, F::user_part, 1, 0x000D4000, 0},
      {P::b5som, F::user_part, 1, 0x000D4000, 0},
      {P::tracker, F::system_part, 1, 0x00030000, 0x200},
      {P::trackerm, F::bootloader, 0, 0x08004000, 0x20},
      {P::p2, F::bootloader, 0, 0x08004000, 0x20},
      {P::p2, F::system_part, 1, 0x08060000, 0},
      {P::p2, F::user_part, 1, 0x085FF000, 0},
      {P::msom, F::user_part, 1, 0x085FF000, 0},
      {P::core, F::asset, 0, 0, 0},
  };
  return all;
}

ModuleSpec spec_of(const Kind& kind) {
  ModuleSpec spec;
  spec.platform = kind.platform;
  spec.function = kind.function;
  spec.index = kind.index;
  spec.version = 1234;
  spec.start = kind.start;
  spec.file_size = 4096;
  spec.dependencies = {{Function::system_part, 2, 207}, {Function::bootloader, 0, 101}};
  spec.seed = 7;
  return spec;
}

TEST(BuildModule, EachKindIsReadBackAsWhatItWasMadeFor) {
  for (const Kind& kind : kinds()) {
    const ModuleSpec spec = spec_of(kind);
    const Bytes file = build_module(spec);
    const ModuleResult result = parse_module(file);
    const auto* module = std::get_if<Module>(&result);
    ASSERT_NE(module, nullptr) << to_string(kind.platform) << ' ' << to_string(kind.function);
    EXPECT_EQ(module->header_offset, kind.header_offset) << describe(*module);
    EXPECT_EQ(module->range(), (Range{kind.start, kind.start + 4092}));
    EXPECT_EQ(module->stored_size(), file.size());
    EXPECT_EQ(module->platform, kind.platform);
    EXPECT_EQ(module->function, kind.function);
    EXPECT_EQ(module->index, kind.index);
    EXPECT_EQ(module->version, 1234);
    EXPECT_EQ(module->flags, 0);
    EXPECT_EQ(module->dependencies, spec.dependencies);
  }
}

TEST(BuildModule, CrcIsStoredMostSignificantByteFirstAndTheHashCoversWhatIsBeforeIt) {
  for (const Kind& kind : kinds()) {
    const Bytes file = build_module(spec_of(kind));
    const ByteView body = ByteView(file).first(file.size() - 4);
    EXPECT_EQ(be32(file, file.size() - 4), crc32(body));
    EXPECT_EQ(le16(body, body.size() - 2), 40);
    const Sha256 hash = sha256(body.first(body.size() - 34));
    EXPECT_TRUE(std::ranges::equal(hash, body.subspan(body.size() - 34, 32)));
    const Module module = std::get<Module>(parse_module(file));
    EXPECT_EQ(module.hash, hash);
    EXPECT_EQ(module.product_id, static_cast<std::uint16_t>(kind.platform));
    EXPECT_FALSE(module.product_version);
  }
}

TEST(BuildModule, ModulesBehindAVectorTablePassTheDevicesStackTestAndUserPartsDoNot) {
  for (const Kind& kind : kinds()) {
    const std::uint32_t first_word = le32(build_module(spec_of(kind)), 0);
    if (kind.header_offset == 0x184) {
      EXPECT_EQ(first_word & 0x2FF10000, 0x20000000u);
    }
    if (kind.header_offset == 0) {
      EXPECT_EQ(first_word, kind.start);
      EXPECT_NE(first_word & 0x2FF10000, 0x20000000u);
    }
  }
}

TEST(BuildModule, FillingDependsOnTheSeedAloneAndNeverLooksErased) {
  ModuleSpec spec = spec_of(kinds().front());
  spec.file_size = 60000;
  const Bytes file = build_module(spec);
  EXPECT_EQ(file, build_module(spec));
  const auto body = ByteView(file).subspan(0x200, 59000);
  EXPECT_EQ(std::ranges::count(body, 0xFF), 0);
  spec.seed = 8;
  EXPECT_NE(file, build_module(spec));
}

TEST(BuildModule, SmallestModuleIsStillSound) {
  ModuleSpec spec = spec_of(kinds().front());
  spec.file_size = 0x10C + 24 + 40 + 4;
  EXPECT_TRUE(std::holds_alternative<Module>(parse_module(build_module(spec))));
}

}  // namespace
}  // namespace dfu::particle
