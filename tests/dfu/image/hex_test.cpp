// Intel HEX and S-records as vendors and tools ship them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/image/containers.h"
#include "dfu/image/image.h"
#include "dfu/image/linked.h"
#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string record(std::uint8_t type, std::uint16_t offset, const Bytes& data) {
  Bytes raw{static_cast<std::uint8_t>(data.size()), static_cast<std::uint8_t>(offset >> 8),
            static_cast<std::uint8_t>(offset), type};
  raw.insert(raw.end(), data.begin(), data.end());
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : raw) sum = static_cast<std::uint8_t>(sum + byte);
  raw.push_back(static_cast<std::uint8_t>(-sum));
  return ":" + to_hex(raw) + "\n";
}

std::string s_record(char type, std::uint32_t address, int address_bytes, const Bytes& data) {
  Bytes raw{static_cast<std::uint8_t>(static_cast<std::size_t>(address_bytes) + data.size() + 1)};
  for (int i = address_bytes - 1; i >= 0; --i) raw.push_back(static_cast<std::uint8_t>(address >> 8 * i));
  raw.insert(raw.end(), data.begin(), data.end());
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : raw) sum = static_cast<std::uint8_t>(sum + byte);
  raw.push_back(static_cast<std::uint8_t>(~sum));
  return std::string("S") + type + to_hex(raw) + "\n";
}

const std::string at_flash = record(4, 0, {0x08, 0x00});
const std::string data = record(0, 0, {1, 2, 3, 4, 5, 6, 7, 8});
const std::string end_record = record(1, 0, {});
const std::string plain = at_flash + data + end_record;

std::string problem_of(const std::string& text) {
  const ImageFacts facts = identify(bytes_of(text));
  return facts.sound ? "nothing" : facts.problem;
}

// Whatever is put around the records, the same bytes go to the same place.
void expect_same(const std::string& text, const std::string& what) {
  const auto image = make_image("x.hex", bytes_of(text));
  EXPECT_EQ(image->facts.kind, ImageKind::intel_hex) << what;
  ASSERT_TRUE(image->facts.sound) << what << ": " << image->facts.problem;
  EXPECT_EQ(image->facts.ranges, (std::vector<Range>{{0x08000000, 0x08000008}})) << what;
  EXPECT_EQ(image->content, (Bytes{1, 2, 3, 4, 5, 6, 7, 8})) << what;
}

TEST(VendorHex, WhatCarriesNoDataMayStandAroundTheRecords) {
  expect_same(plain, "plain");
  expect_same("\xEF\xBB\xBF" + plain, "byte order mark");
  for (const std::string line : {"", "   ", "; made by a tool", "# version 1.2", "// (c)", ";", "\t; 4 words"}) {
    expect_same(line + "\n" + plain, "before: " + line);
    expect_same(line + "\r\n" + at_flash + line + "\n" + data + line + "\n" + end_record, "between: " + line);
    expect_same(plain + line + "\n", "behind: " + line);
  }
  for (const std::string& tail : {std::string(1, '\x1A'), std::string(100, '\0'), std::string("\r\n\x1A"),
                                  std::string(9, '\xFF'), std::string("\n\n \n")}) {
    expect_same(plain + tail, "tail");
  }
  expect_same("  " + at_flash + "\t" + data + end_record, "indented");
  expect_same(at_flash + data.substr(0, data.size() - 1) + "   ; the first words\n" + end_record, "a comment behind");
}

TEST(VendorHex, StartRecordsAndSegmentsAreRead) {
  expect_same(at_flash + record(5, 0, {8, 0, 1, 0x41}) + data + end_record, "start address");
  expect_same(record(3, 0, {0, 0, 0, 0}) + at_flash + data + end_record, "start segment");
  const auto low = parse_intel_hex(bytes_of(record(2, 0, {0x10, 0x00}) + data + end_record));
  EXPECT_EQ(std::get<Content>(low).ranges, (std::vector<Range>{{0x10000, 0x10008}}));
}

// Altus Metrum's files: the addresses of variables, for the tool that sets them, behind the end.
TEST(VendorHex, RecordsWithoutDataMayFollowTheEnd) {
  const std::string names = record(4, 0, {0x08, 0x00}) + record(0xFE, 0x7BC8, {'a', 'o'});
  expect_same(plain + names, "names behind the end");
  const ImageFacts facts = identify(bytes_of(plain + names));
  ASSERT_EQ(facts.remarks.size(), 1u) << "what is there is said";
  EXPECT_THAT(facts.remarks[0], HasSubstr("2 records without data behind its end record"));
  EXPECT_TRUE(identify(bytes_of(plain)).remarks.empty());
  EXPECT_THAT(problem_of(plain + names + data), HasSubstr("after the end record")) << "two files in one";
  EXPECT_NE(problem_of(at_flash + record(0xFE, 0, {1}) + data + end_record), "nothing");
  std::string damaged = plain + names;
  damaged[damaged.size() - 2] = damaged[damaged.size() - 2] == '0' ? '1' : '0';
  EXPECT_THAT(problem_of(damaged), HasSubstr("checksum"));
}

TEST(VendorHex, AnotherFileBehindTheEndIsRefused) {
  for (const std::string& second : {end_record, plain, data + end_record, record(5, 0, {8, 0, 1, 0x41}),
                                    record(3, 0, {0, 0, 0, 0}), std::string("junk\n"), std::string(":\n")}) {
    EXPECT_NE(problem_of(plain + second), "nothing") << second;
  }
}

TEST(VendorHex, DataMayComeInAnyOrder) {
  std::vector<std::string> lines;
  for (std::uint16_t i = 0; i < 8; ++i) lines.push_back(record(0, i, {static_cast<std::uint8_t>(i + 1)}));
  for (int turn = 0; turn < 8; ++turn) {
    std::rotate(lines.begin(), lines.begin() + 3, lines.end());
    std::string text = at_flash;
    for (const std::string& line : lines) text += line;
    expect_same(text + end_record, "turn " + std::to_string(turn));
  }
}

// A linear address goes on; what a segment means there differs from tool to tool.
TEST(VendorHex, ARecordMayCross64KibiBytesWhereThatIsClear) {
  const auto linear = parse_intel_hex(bytes_of(at_flash + record(0, 0xFFFE, {1, 2, 3, 4}) + end_record));
  EXPECT_EQ(std::get<Content>(linear).ranges, (std::vector<Range>{{0x0800FFFE, 0x08010002}}));
  EXPECT_THAT(problem_of(record(2, 0, {0x10, 0x00}) + record(0, 0xFFFE, {1, 2, 3, 4}) + end_record),
              HasSubstr("64 KiB"));
}

// One character must not take data away unseen.
TEST(VendorHex, ARecordThatWasMadeACommentIsRefused) {
  for (const std::string sign : {";", "#", "//", "; "}) {
    EXPECT_THAT(problem_of(at_flash + sign + data + end_record), HasSubstr("that is commented out")) << sign;
    EXPECT_THAT(problem_of(at_flash + sign + data.substr(1) + end_record), HasSubstr("that is commented out")) << sign;
  }
  EXPECT_THAT(problem_of(plain + data), HasSubstr("after the end record"));
  EXPECT_THAT(problem_of(at_flash + data), HasSubstr("no end record"));
}

TEST(VendorHex, PartsOverEachOtherAreNamedWithBothPlaces) {
  const std::string text = at_flash + data + record(0, 0x100, Bytes(4, 1)) + record(0, 4, Bytes(8, 9)) + end_record;
  EXPECT_THAT(problem_of(text), AllOf(HasSubstr("from 0x08000004 on"), HasSubstr("0x08000000 to 0x08000008"),
                                      HasSubstr("0x08000004 to 0x0800000c")));
}

// ---- S-records

const std::string s_end = s_record('7', 0, 4, {});

TEST(SRecords, AllLengthsOfAddressAreRead) {
  const Bytes two{1, 2};
  const std::string text = s_record('0', 0, 2, bytes_of("HDR")) + s_record('1', 0x1000, 2, two) +
                           s_record('2', 0x012000, 3, two) + s_record('3', 0x08000000, 4, two) +
                           s_record('5', 3, 2, {}) + s_end;
  const auto image = make_image("x.srec", bytes_of(text));
  EXPECT_EQ(image->facts.kind, ImageKind::s_record);
  EXPECT_EQ(to_string(image->facts.kind), "s-record");
  ASSERT_TRUE(image->facts.sound) << image->facts.problem;
  EXPECT_EQ(image->facts.ranges, (std::vector<Range>{{0x1000, 0x1002}, {0x12000, 0x12002}, {0x08000000, 0x08000002}}));
}

TEST(SRecords, ANumberOfRecordsThatIsRightEndsAFileToo) {
  const std::string one = s_record('3', 0x08000000, 4, {1, 2, 3}), two = s_record('3', 0x08000003, 4, {4});
  EXPECT_EQ(problem_of(one + two + s_record('5', 2, 2, {})), "nothing")
      << "as srec_cat leaves it without a start address";
  EXPECT_THAT(problem_of(one + s_record('5', 1, 2, {}) + two), HasSubstr("no end record"));
  EXPECT_THAT(problem_of(one + s_record('5', 2, 2, {})), HasSubstr("counts 2 records before it, not 1"));
}

TEST(SRecords, EachMistakeIsNamedWithItsLine) {
  const std::string one = s_record('1', 0, 2, {1, 2, 3});
  std::string bad = one;
  bad[8] = bad[8] == '1' ? '2' : '1';
  EXPECT_THAT(problem_of(one + bad + s_end), AllOf(HasSubstr("line 2"), HasSubstr("checksum")));
  EXPECT_THAT(problem_of(one), HasSubstr("no end record"));
  EXPECT_THAT(problem_of(one + s_record('5', 2, 2, {}) + s_end), HasSubstr("counts 2 records before it, not 1"));
  EXPECT_THAT(problem_of(one + s_record('4', 0, 2, {1}) + s_end), HasSubstr("S4"));
  EXPECT_THAT(problem_of(one + s_record('1', 2, 2, {1}) + s_end), HasSubstr("two parts"));
}

// ---- parts that are left out

TEST(Omitted, WhatIsLeftHasItsOwnRanges) {
  const auto image = make_image("x.hex", bytes_of(plain));
  const auto rest = without(*image, {{0x08000006, 0x09000000}, {0x08000002, 0x08000003}});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->facts.ranges, (std::vector<Range>{{0x08000000, 0x08000002}, {0x08000003, 0x08000006}}));
  EXPECT_EQ(rest->content, (Bytes{1, 2, 4, 5, 6}));
  EXPECT_EQ(rest->sha256, image->sha256) << "it is the same file";
  EXPECT_EQ(without(*image, {{0, 0x10000000}}), nullptr);
  EXPECT_EQ(without(*make_image("x.bin", Bytes(8, 1)), {{0, 1}}), nullptr);
}

TEST(Omitted, AModuleWithAHoleIsNoModule) {
  const Bytes module = particle::build_module(user_part_spec(400));
  std::string text = record(4, 0, {0x08, 0x0A});
  for (std::size_t at = 0; at < module.size(); at += 16) {
    const std::size_t size = std::min<std::size_t>(16, module.size() - at);
    text += record(0, static_cast<std::uint16_t>(at),
                   Bytes(module.begin() + static_cast<std::ptrdiff_t>(at),
                         module.begin() + static_cast<std::ptrdiff_t>(at + size)));
  }
  const auto image = make_image("x.hex", bytes_of(text + end_record));
  ASSERT_TRUE(image->facts.module);
  EXPECT_FALSE(without(*image, {{0x080A0100, 0x080A0110}})->facts.module);
}

}  // namespace
}  // namespace dfu
