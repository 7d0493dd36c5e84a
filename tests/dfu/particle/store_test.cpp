#include "dfu/particle/store.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace dfu::particle {
namespace {

std::string refused(std::string_view name, const std::string& value) {
  const auto result = setting(name, value);
  const auto* problem = std::get_if<std::string>(&result);
  return problem ? *problem : "";
}

Setting taken(std::string_view name, const std::string& value) {
  return std::get<Setting>(setting(name, value));
}

TEST(Store, ValuesBecomeTheBytesOfTheirPlaces) {
  EXPECT_EQ(taken("country-code", "DE").offset, 1758u);
  EXPECT_EQ(taken("country-code", "DE").bytes, (Bytes{'D', 'E', 0, 0}));
  EXPECT_EQ(taken("claim-code", std::string(63, 'x')).bytes, Bytes(63, 'x'));
  EXPECT_EQ(taken("antenna", "external").bytes, Bytes{1});
  Bytes prefix{4, 'P', 'h', '-', '1'};
  prefix.resize(26);
  EXPECT_EQ(taken("ssid-prefix", "Ph-1").bytes, prefix);
}

TEST(Store, WrongValuesAreRefusedWithWhatIsRight) {
  for (const char* value : {"", "D", "de", "DEU", "D1"}) EXPECT_NE(refused("country-code", value), "");
  EXPECT_EQ(refused("claim-code", std::string(62, 'x')), "must be 63 characters long, and has 62");
  for (const std::string& value : {std::string(), std::string(26, 'a'), std::string("a/b")}) {
    EXPECT_NE(refused("ssid-prefix", value), "");
  }
  EXPECT_NE(refused("antenna", "left"), "");
}

// docs/devices.md, "Configuration store": the places of private keys, secrets, the list of copies, and the system's own
// flags.
TEST(Store, NoSettingReachesAKeyASecretOrTheListOfCopies) {
  const Range forbidden[] = {{0, 1634}, {2082, 2976}, {3106, 3630}, {8119, 0x4000}};
  const std::pair<const char*, std::string> values[] = {{"antenna", "auto"},
                                                        {"claim-code", std::string(63, 'x')},
                                                        {"country-code", "US"},
                                                        {"ssid-prefix", std::string(25, 'x')}};
  ASSERT_EQ(setting_names().size(), std::size(values));
  for (const auto& [name, value] : values) {
    const Setting one = taken(name, value);
    const Range range{one.offset, one.offset + static_cast<std::uint32_t>(one.bytes.size())};
    EXPECT_TRUE(std::ranges::none_of(forbidden, [&](const Range& part) { return part.overlaps(range); })) << name;
  }
}

}  // namespace
}  // namespace dfu::particle
