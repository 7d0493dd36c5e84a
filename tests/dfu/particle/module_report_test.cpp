#include "dfu/particle/module_report.h"

#include <gtest/gtest.h>

namespace dfu::particle {
namespace {

// As 0.4.5 writes it: indexes are strings, and dependencies end in an empty member.
const std::string hash_text = "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20";
const std::string body =
    R"("p":6,"m":[{"s":16384,"l":"m","vc":30,"vv":28,"f":"b","n":"0","v":2,"d":[]},)"
    R"({"s":262144,"l":"m","vc":30,"vv":30,"f":"s","n":"1","v":6,"d":[]},)"
    R"({"s":262144,"l":"m","vc":30,"vv":30,"f":"s","n":"2","v":6,"d":[{"f":"s","n":"1","v":6,"_":""}]},)"
    R"({"s":131072,"l":"m","vc":30,"vv":26,"u":")" +
    hash_text +
    R"(","f":"u","n":"1","v":3,"d":[{"f":"s","n":"2","v":7,"_":""}]},)"
    R"({"s":131072,"l":"f","vc":30,"vv":0,"d":[]}])";

void expect_the_body(const std::optional<ModuleReport>& report) {
  ASSERT_TRUE(report);
  EXPECT_EQ(report->platform, 6);
  ASSERT_EQ(report->modules.size(), 4u) << "a place without a module is none";
  EXPECT_FALSE(report->modules[0].intact);
  EXPECT_TRUE(report->modules[1].intact && report->modules[1].dependencies_met && report->modules[1].well_placed);
  const ReportedModule* user = report->find(Function::user_part, 1);
  ASSERT_NE(user, nullptr);
  EXPECT_TRUE(user->intact);
  EXPECT_FALSE(user->dependencies_met);
  EXPECT_EQ(user->version, 3);
  ASSERT_TRUE(user->hash);
  EXPECT_EQ((*user->hash)[31], 0x20);
  EXPECT_EQ(user->dependencies, (std::vector<Dependency>{{Function::system_part, 2, 7}}));
  EXPECT_EQ(report->find(Function::system_part, 3), nullptr);
}

TEST(JsonReport, IsReadWithAndWithoutBracesAndBehindOtherText) {
  expect_the_body(parse_json_report(body));
  expect_the_body(parse_json_report("{" + body + "}\r\n"));
  expect_the_body(parse_json_report("hello from the application\r\n{" + body + "}"));
  expect_the_body(parse_json_report("{\"p\":6,\"id\":\"abc\",\"n\":[1,{\"x\":[]}]," + body.substr(6) + "}"));
}

TEST(JsonReport, CutShortAnywhereItSaysNothing) {
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(parse_json_report(std::string_view(body).substr(0, size))) << size;
  }
}

TEST(JsonReport, AnyByteChangedToAnyOtherIsReadOrRefusedAndNeverMore) {
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (const char c : {'\0', '"', '{', '[', ']', '}', ',', ':', '9', '-', '\\', '\xFF'}) {
      std::string changed = body;
      changed[at] = c;
      const auto report = parse_json_report(changed);
      EXPECT_LE(report ? report->modules.size() : 0, 5u);
    }
  }
}

TEST(JsonReport, BottomlessNestingIsRefused) {
  EXPECT_FALSE(parse_json_report("\"p\":6,\"x\":" + std::string(100000, '[')));
}

TEST(JsonReport, AFactoryModuleIsNotTakenForWhatRuns) {
  const auto report = parse_json_report(
      R"("p":6,"m":[{"s":1,"l":"f","vc":30,"vv":30,"f":"u","n":"1","v":3,"d":[]},{"s":1,"l":"t","vc":30,"vv":30,"f":"u","n":"1","v":4,"d":[]}])");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->modules.size(), 1u);
  EXPECT_EQ(report->find(Function::user_part, 1), nullptr);
}

// bootloader 1006; system-part 1 2202 that needs system-part 2 207; user-part 1 version 6 with a missing dependency.
const Bytes reply{0x0A, 0x03, 0x08, 0x01, 0x18,                                                  // type 1, version...
                  0x00,                                                                          // (patched below)
                  0x0A, 0x10, 0x08, 0x02, 0x10, 0x01, 0x18, 0x9A, 0x11, 0x32, 0x07, 0x08, 0x02,  //
                  0x10, 0x02, 0x18, 0xCF, 0x01,                                                  //
                  0x0A, 0x0C, 0x08, 0x03, 0x10, 0x01, 0x18, 0x06, 0x20, 0x80, 0x80, 0x08, 0x28, 0x02};

TEST(ProtobufReport, IsRead) {
  Bytes bytes = reply;
  bytes[1] = 0x04;
  bytes.erase(bytes.begin() + 5);
  bytes.insert(bytes.begin() + 5, {0xEE, 0x07});
  bytes[1] = 0x05;
  const auto report = parse_protobuf_report(bytes);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->modules.size(), 3u);
  EXPECT_EQ(report->find(Function::bootloader, 0)->version, 1006);
  const ReportedModule* part = report->find(Function::system_part, 1);
  EXPECT_EQ(part->version, 2202);
  EXPECT_EQ(part->dependencies, (std::vector<Dependency>{{Function::system_part, 2, 207}}));
  EXPECT_TRUE(part->intact && part->dependencies_met);
  const ReportedModule* user = report->find(Function::user_part, 1);
  EXPECT_FALSE(user->dependencies_met);
  EXPECT_TRUE(user->intact);
  EXPECT_FALSE(user->hash) << "it does not say which build";
}

TEST(ProtobufReport, AnyBitFlippedAndAnyLengthIsReadOrRefused) {
  for (std::size_t size = 0; size <= reply.size(); ++size) {
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      Bytes changed(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size));
      changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const auto report = parse_protobuf_report(changed);
      EXPECT_LE(report ? report->modules.size() : 0, size / 2);
    }
  }
  EXPECT_FALSE(parse_protobuf_report({}));
  EXPECT_FALSE(parse_protobuf_report(Bytes(40, 0xFF))) << "a number without an end";
}

}  // namespace
}  // namespace dfu::particle
