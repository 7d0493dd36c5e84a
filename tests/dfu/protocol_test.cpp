#include "dfu/protocol.h"

#include <gtest/gtest.h>

#include "dfu/bus.h"
#include "dfu/descriptors.h"
#include "dfu/hash.h"

namespace dfu {
namespace {

TEST(Protocol, StatusReportReadsItsSixBytes) {
  const auto report = parse_status(Bytes{0, 50, 1, 0, 4, 0});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::ok);
  EXPECT_EQ(report->poll_timeout.count(), 306);
  EXPECT_EQ(report->state, State::dnbusy);
  EXPECT_EQ(encode(*report), (Bytes{0, 50, 1, 0, 4, 0}));
}

TEST(Protocol, ShortOrImpossibleStatusIsRefused) {
  EXPECT_FALSE(parse_status(Bytes{0, 0, 0, 0, 2}));
  EXPECT_FALSE(parse_status(Bytes{16, 0, 0, 0, 2, 0}));
  EXPECT_FALSE(parse_status(Bytes{0, 0, 0, 0, 11, 0}));
}

TEST(Protocol, PhotonsFunctionalDescriptorIsReadAndWritten) {
  const Bytes raw{9, 0x21, 0x0B, 0xFF, 0, 0, 0x10, 0x1A, 0x01};
  const auto functional = parse_functional_descriptor(raw);
  ASSERT_TRUE(functional);
  EXPECT_TRUE(functional->can_download && functional->can_upload && functional->will_detach);
  EXPECT_FALSE(functional->manifestation_tolerant);
  EXPECT_EQ(functional->transfer_size, 4096);
  EXPECT_TRUE(functional->dfuse());
  EXPECT_EQ(encode(*functional), raw);
}

TEST(Protocol, SevenByteFunctionalDescriptorIsDfu10) {
  const auto functional = parse_functional_descriptor(Bytes{7, 0x21, 1, 0, 0, 0, 4});
  ASSERT_TRUE(functional);
  EXPECT_EQ(functional->version, 0x0100);
}

TEST(Protocol, FunctionalDescriptorIsFoundBehindTheLastAlternateSetting) {
  const Bytes raw{9, 2, 36, 0, 1, 1,    0, 0xC0, 50, 9, 4,    0,    0,    0, 0xFE, 1,    2,    5,
                  9, 4, 0,  1, 0, 0xFE, 1, 2,    6,  9, 0x21, 0x0B, 0xFF, 0, 0,    0x10, 0x1A, 0x01};
  const auto info = parse_configuration(raw);
  ASSERT_TRUE(info);
  ASSERT_EQ(info->alternates.size(), 2u);
  EXPECT_EQ(info->alternates[1].name_index, 6);
  ASSERT_TRUE(info->functional);
  EXPECT_EQ(info->functional->transfer_size, 4096);
}

TEST(Protocol, EveryTruncationOfAConfigurationIsReadWithoutHarm) {
  const Bytes raw{9,    2, 27, 0, 1, 1,    0,    0xC0, 50, 9, 4,    0,    0, 0,
                  0xFE, 1, 2,  5, 9, 0x21, 0x0B, 0xFF, 0,  0, 0x10, 0x1A, 1};
  for (std::size_t size = 0; size < raw.size(); ++size) {
    const auto info = parse_configuration(ByteView(raw).first(size));
    EXPECT_TRUE(!info || !info->functional) << size;
  }
}

TEST(Protocol, StringDescriptorsSurviveTruncationAndSurrogates) {
  EXPECT_EQ(parse_string_descriptor(encode_string_descriptor("00000000010C")), "00000000010C");
  EXPECT_EQ(parse_string_descriptor(Bytes{20, 3, 'A', 0, 'B', 0}), "AB");
  EXPECT_EQ(parse_string_descriptor(Bytes{6, 3, 0x3D, 0xD8, 0x00, 0xDE}), "\xF0\x9F\x98\x80");
  EXPECT_EQ(parse_string_descriptor(Bytes{4, 3, 0x3D, 0xD8}), "\xEF\xBF\xBD");
}

TEST(Protocol, PortPathsOrderByNumberAndKnowTheirHub) {
  EXPECT_LT((PortPath{"1-1.9"}), (PortPath{"1-1.10"}));
  EXPECT_LT((PortPath{"1-2"}), (PortPath{"1-10"}));
  EXPECT_EQ((PortPath{"1-1.4.2"}).hub(), (PortPath{"1-1.4"}));
  EXPECT_EQ((PortPath{"1-1"}).hub(), (PortPath{"1-0"}));
}

TEST(Protocol, APortIsBehindEachHubOnItsWayToTheControllerAndBehindNoOther) {
  // Hub, port.
  for (const auto& [hub, port] :
       std::vector<std::pair<std::string, std::string>>{{"1-1", "1-1.4"},      // its own port
                                                        {"1-1", "1-1.4.2"},    // behind a hub in its port
                                                        {"1-1.4", "1-1.4.2"},  //
                                                        {"1-0", "1-1"},        // the root hub's own port
                                                        {"1-0", "1-10"},       //
                                                        {"1-0", "1-1.4.2"},    // and whatever is plugged into it
                                                        {"L-1", "L-1.2"},      // as a station file names a controller
                                                        {"L-0", "L-1"},        //
                                                        {"101-0", "101-1.1"}}) {  // of a virtual line
    EXPECT_TRUE(PortPath{port}.is_behind({hub})) << port << " is behind " << hub;
    EXPECT_FALSE(PortPath{hub}.is_behind({port})) << hub << " is not behind " << port;
  }
  for (const auto& [hub, port] :
       std::vector<std::pair<std::string, std::string>>{{"1-1", "1-1"},       // itself
                                                        {"1-0", "1-0"},       //
                                                        {"1-1", "1-10.2"},    // a name that only begins so
                                                        {"1-1.1", "1-1.10"},  //
                                                        {"1-1", "1-2.1"},     // a neighbour
                                                        {"1-1", "2-1.1"},     // of another bus
                                                        {"1-0", "2-1"},       //
                                                        {"1-0", "11-1"},      //
                                                        {"1-10", "1-1"},      // a port that is no root hub
                                                        {"1-1", "L-1.2"}}) {
    EXPECT_FALSE(PortPath{port}.is_behind({hub})) << port << " is not behind " << hub;
  }
  EXPECT_TRUE(PortPath{"1-0"}.is_root());
  EXPECT_FALSE(PortPath{"1-10"}.is_root());
}

TEST(Hash, KnownAnswers) {
  const std::string text = "123456789";
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  EXPECT_EQ(crc32(bytes), 0xCBF43926u);
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace dfu
