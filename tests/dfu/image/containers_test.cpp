#include "dfu/image/containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "dfu/layout.h"
#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using testing::HasSubstr;

struct Part {
  std::uint32_t address = 0;
  Bytes bytes;
};

Bytes filled(std::size_t size, std::uint8_t first) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i * 3);
  return bytes;
}

void close(Bytes& file) {
  append_le16(file, 0xFFFF);
  append_le16(file, 0xDF11);
  append_le16(file, 0x0483);
  append_le16(file, 0x011A);
  for (const char letter : {'U', 'F', 'D'}) file.push_back(static_cast<std::uint8_t>(letter));
  file.push_back(16);
  append_le32(file, ~static_cast<std::uint32_t>(::crc32(0, file.data(), static_cast<uInt>(file.size()))));
}

struct Spec {
  std::uint8_t alternate = 0;
  std::uint8_t version = 1;
  std::uint8_t targets = 1;
  std::int32_t size_off = 0;
  std::int32_t count_off = 0;
};

Bytes target(const std::vector<Part>& parts, const Spec& spec) {
  Bytes elements;
  for (const Part& part : parts) {
    append_le32(elements, part.address);
    append_le32(elements, static_cast<std::uint32_t>(part.bytes.size()));
    elements.insert(elements.end(), part.bytes.begin(), part.bytes.end());
  }
  Bytes file = bytes_of("Target");
  file.push_back(spec.alternate);
  append_le32(file, 0);
  file.resize(file.size() + 255);
  append_le32(file, static_cast<std::uint32_t>(elements.size()) + static_cast<std::uint32_t>(spec.size_off));
  append_le32(file, static_cast<std::uint32_t>(parts.size()) + static_cast<std::uint32_t>(spec.count_off));
  file.insert(file.end(), elements.begin(), elements.end());
  return file;
}

Bytes container_of(const std::vector<Bytes>& targets, std::uint8_t version, std::size_t count) {
  Bytes file = bytes_of("DfuSe");
  file.push_back(version);
  append_le32(file, 0);  // the size that tools do not agree on
  file.push_back(static_cast<std::uint8_t>(count));
  for (const Bytes& one : targets) file.insert(file.end(), one.begin(), one.end());
  close(file);
  return file;
}

Bytes container(const std::vector<Part>& parts, const Spec& spec = {}) {
  return container_of({target(parts, spec)}, spec.version, spec.targets);
}

template <class Result>
std::string problem_of(const Result& result) {
  const auto* problem = std::get_if<std::string>(&result);
  return problem ? *problem : "nothing";
}

// ---- DfuSe

TEST(DfuSe, ElementsAreReadInTheOrderOfTheirAddresses) {
  const Bytes low = filled(300, 1), high = filled(77, 9);
  const auto image = make_image("x.dfu", container({{0x08040000, high}, {0x08000000, low}}, {.alternate = 3}));
  EXPECT_EQ(image->facts.kind, ImageKind::dfuse);
  EXPECT_TRUE(image->facts.sound) << image->facts.problem;
  EXPECT_EQ(image->facts.ranges, (std::vector<Range>{{0x08000000, 0x08000000 + 300}, {0x08040000, 0x08040000 + 77}}));
  EXPECT_EQ(image->facts.alternate, 3);
  EXPECT_EQ(image->facts.suffix->vendor, 0x0483);
  Bytes both = low;
  both.insert(both.end(), high.begin(), high.end());
  EXPECT_TRUE(std::ranges::equal(image->payload(), both));
}

TEST(DfuSe, ElementsThatTouchAreOneRangeAndThoseThatOverlapAreRefused) {
  for (const std::int64_t off : {-1, 0, 1}) {
    const auto second = static_cast<std::uint32_t>(0x08000100 + off);
    const auto result = parse_dfuse(container({{0x08000000, filled(256, 1)}, {second, filled(256, 2)}}));
    if (off < 0) {
      EXPECT_THAT(problem_of(result), HasSubstr("0x080000ff"));
    } else {
      EXPECT_EQ(std::get<0>(result).front().ranges.size(), off == 0 ? 1u : 2u);
    }
  }
}

TEST(DfuSe, EveryChangedByteAndEveryCutIsNoticed) {
  const Bytes whole = container({{0x08000000, filled(64, 1)}, {0x08010000, filled(32, 2)}});
  ASSERT_TRUE(identify(whole).sound);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {0, 4, 7}) {
      Bytes changed = whole;
      changed[at] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_FALSE(identify(changed).sound) << at;
    }
    EXPECT_FALSE(identify(ByteView(whole).first(at)).sound) << at;
  }
}

// With a CRC that is right: made wrong by a tool, not by a cable.
TEST(DfuSe, EverySizeThatDoesNotAddUpIsRefused) {
  const std::vector<Part> parts{{0x08000000, filled(64, 1)}, {0x08010000, filled(32, 2)}};
  for (const std::int32_t off : {-112, -8, -1, 1, 8, 1 << 30}) {
    EXPECT_NE(problem_of(parse_dfuse(container(parts, {.size_off = off}))), "nothing") << off;
  }
  for (const std::int32_t off : {-2, -1, 1, 1 << 30}) {
    EXPECT_NE(problem_of(parse_dfuse(container(parts, {.count_off = off}))), "nothing") << off;
  }
  Bytes element = container(parts);
  for (std::size_t size_at : {285u + 4, 285u + 8 + 64 + 4}) {
    for (const int size : {0, 1, 31, 63, 65, 255}) {
      Bytes changed = element;
      if (changed[size_at] == size) continue;
      changed[size_at] = static_cast<std::uint8_t>(size);
      changed.resize(changed.size() - 16);
      close(changed);
      EXPECT_NE(problem_of(parse_dfuse(changed)), "nothing") << size_at << ' ' << size;
    }
  }
  EXPECT_THAT(problem_of(parse_dfuse(container({}))), HasSubstr("no bytes"));
}

TEST(DfuSe, WhatIsNotKnownIsRefusedWithItsReason) {
  const std::vector<Part> parts{{0x08000000, filled(64, 1)}};
  EXPECT_THAT(problem_of(parse_dfuse(container(parts, {.version = 2}))), HasSubstr("version 2"));
  EXPECT_THAT(problem_of(parse_dfuse(container(parts, {.targets = 2}))), HasSubstr("DfuSe container that is cut off"));
  EXPECT_THAT(problem_of(parse_dfuse(container(parts, {.targets = 0}))), HasSubstr("without a target"));
  EXPECT_THAT(problem_of(parse_dfuse(container({{0xFFFFFFF0, filled(17, 1)}}))), HasSubstr("address space"));
  Bytes open = container(parts);
  open.resize(open.size() - 16);
  EXPECT_THAT(problem_of(parse_dfuse(open)), HasSubstr("without the suffix"));
}

// ---- DfuSe for several memories

Bytes two_targets() {
  return container_of({target({{0x08000000, filled(64, 1)}}, {.alternate = 0}),
                       target({{0x90001000, filled(32, 2)}, {0x90000000, filled(16, 3)}}, {.alternate = 1})},
                      1, 2);
}

TEST(DfuSeTargets, EachIsAnImageOfItsOwn) {
  const auto image = make_image("x.dfu", two_targets());
  EXPECT_TRUE(image->facts.sound) << image->facts.problem;
  EXPECT_EQ(image->facts.targets, (std::vector<std::uint8_t>{0, 1}));
  EXPECT_EQ(image->facts.what, "for alternate settings 0, 1");
  EXPECT_TRUE(image->facts.ranges.empty());
  const auto first = of_target(*image, 0), second = of_target(*image, 1);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(of_target(*image, 2), nullptr);
  EXPECT_EQ(first->facts.ranges, (std::vector<Range>{{0x08000000, 0x08000040}}));
  EXPECT_TRUE(std::ranges::equal(first->payload(), filled(64, 1)));
  EXPECT_EQ(second->facts.ranges.size(), 2u);
  EXPECT_EQ(second->facts.alternate, 1);
  EXPECT_EQ(second->sha256, image->sha256);
}

// A record names it as what was read back.
TEST(PayloadDigest, EveryImageHasThatOfItsOwnPayload) {
  const auto file = make_image("x.dfu", two_targets());
  const auto blank = blank_image({{0x08000000, 0x08000400}, {0x08004000, 0x08004400}});
  EXPECT_EQ(blank->payload().size(), 0x800u);
  for (const auto& image : {file, as_raw(*file), of_target(*file, 0), of_target(*file, 1), blank,
                            without(*of_target(*file, 1), {{0x90001000, 0x90001020}})}) {
    ASSERT_TRUE(image);
    EXPECT_EQ(image->payload_sha256, sha256(image->payload())) << image->name;
  }
}

TEST(DfuSeTargets, TwoForOneMemoryAreRefused) {
  const Bytes one = target({{0x08000000, filled(64, 1)}}, {.alternate = 0});
  EXPECT_THAT(problem_of(parse_dfuse(container_of({one, one}, 1, 2))),
              HasSubstr("two targets for alternate setting 0"));
}

TEST(DfuSeTargets, EveryChangedByteAndEveryCutIsNoticed) {
  const Bytes whole = two_targets();
  ASSERT_TRUE(identify(whole).sound);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] ^= 0x10;
    EXPECT_FALSE(identify(changed).sound) << at;
    EXPECT_FALSE(identify(ByteView(whole).first(at)).sound) << at;
  }
}

TEST(DfuSeTargets, SizesThatDoNotAddUpAreRefused) {
  for (const std::int32_t off : {-72, -8, -1, 1, 8, 1 << 30}) {
    const Bytes first = target({{0x08000000, filled(64, 1)}}, {.size_off = off});
    const Bytes second = target({{0x90000000, filled(64, 1)}}, {.alternate = 1});
    EXPECT_NE(problem_of(parse_dfuse(container_of({first, second}, 1, 2))), "nothing") << off;
    const Bytes last = target({{0x90000000, filled(64, 1)}}, {.alternate = 1, .size_off = off});
    const Bytes good = target({{0x08000000, filled(64, 1)}}, {});
    EXPECT_NE(problem_of(parse_dfuse(container_of({good, last}, 1, 2))), "nothing") << off;
  }
  EXPECT_NE(problem_of(parse_dfuse(container_of({target({{0, filled(4, 1)}}, {})}, 1, 2))), "nothing");
}

// ---- Intel HEX

std::string record(std::uint8_t type, std::uint16_t offset, const Bytes& data) {
  Bytes bytes{static_cast<std::uint8_t>(data.size()), static_cast<std::uint8_t>(offset >> 8),
              static_cast<std::uint8_t>(offset), type};
  bytes.insert(bytes.end(), data.begin(), data.end());
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : bytes) sum = static_cast<std::uint8_t>(sum + byte);
  bytes.push_back(static_cast<std::uint8_t>(-sum));
  return ":" + to_hex(bytes) + "\n";
}

const std::string end_record = record(1, 0, {});
const std::string at_flash = record(4, 0, {0x08, 0x00});

std::string problem_of_hex(const std::string& text) {
  return problem_of(parse_intel_hex(bytes_of(text)));
}

TEST(IntelHex, RecordsMakeRangesWithGapsBetweenThem) {
  const Bytes one = filled(16, 1), two = filled(16, 2), far = filled(3, 3);
  const std::string text = at_flash + record(0, 0x10, two) + record(0, 0, one) + record(5, 0, {8, 0, 1, 1}) +
                           record(4, 0, {0x08, 0x04}) + record(0, 0xFFFD, far) + end_record;
  const auto image = make_image("x.hex", bytes_of(text));
  EXPECT_EQ(image->facts.kind, ImageKind::intel_hex);
  ASSERT_TRUE(image->facts.sound) << image->facts.problem;
  EXPECT_EQ(image->facts.ranges, (std::vector<Range>{{0x08000000, 0x08000020}, {0x0804FFFD, 0x08050000}}));
  Bytes all = one;
  all.insert(all.end(), two.begin(), two.end());
  all.insert(all.end(), far.begin(), far.end());
  EXPECT_TRUE(std::ranges::equal(image->payload(), all));
  EXPECT_EQ(image->sha256, sha256(bytes_of(text)));
}

TEST(IntelHex, SegmentAddressesCountInSixteens) {
  const auto result = parse_intel_hex(
      bytes_of(record(2, 0, {0x12, 0x34}) + record(3, 0, {0, 0, 0, 0}) + record(0, 5, {1}) + end_record));
  EXPECT_EQ(std::get<Content>(result).ranges[0].begin, 0x12345u);
}

TEST(IntelHex, EveryLineEndAndBothCasesAreRead) {
  const std::string unix_text = at_flash + record(0, 0xABCD, {0xEF}) + end_record;
  for (const std::string ending : {"\r\n", "\r", "\n\n", " \n", "\t\r\n"}) {
    for (const bool upper : {false, true}) {
      std::string text;
      for (const char c : unix_text) {
        if (c == '\n') {
          text += ending;
        } else {
          text += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        }
      }
      EXPECT_EQ(problem_of_hex(text), "nothing");
    }
  }
  EXPECT_EQ(problem_of_hex(unix_text.substr(0, unix_text.size() - 1)), "nothing") << "the last line may end nowhere";
}

// A changed character may leave the file sound only if it means the same.
TEST(IntelHex, EveryChangedCharacterIsNoticed) {
  const std::string text = at_flash + record(0, 0, filled(8, 0x11)) + record(0, 0x20, filled(4, 0x77)) + end_record;
  const Content wanted = std::get<Content>(parse_intel_hex(bytes_of(text)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : std::string("0159aFz:\n ")) {
      std::string changed = text;
      changed[at] = c;
      const auto result = parse_intel_hex(bytes_of(changed));
      if (const auto* content = std::get_if<Content>(&result)) {
        EXPECT_EQ(content->ranges, wanted.ranges) << at << c;
        EXPECT_EQ(content->bytes, wanted.bytes) << at << c;
      }
    }
    if (at + 1 < text.size()) {
      EXPECT_NE(problem_of_hex(text.substr(0, at)), "nothing") << at;
    }
  }
}

TEST(IntelHex, EachMistakeIsNamedWithItsLine) {
  const std::string data = record(0, 0, {1, 2, 3, 4});
  std::string bad_sum = data;
  bad_sum[9] = '9';
  EXPECT_THAT(problem_of_hex(at_flash + bad_sum + end_record),
              testing::AllOf(HasSubstr("line 2"), HasSubstr("checksum")));
  EXPECT_THAT(problem_of_hex(at_flash + data), HasSubstr("no end record"));
  EXPECT_THAT(problem_of_hex(data + end_record + data), HasSubstr("after the end"));
  EXPECT_THAT(problem_of_hex(end_record), HasSubstr("no bytes"));
  EXPECT_THAT(problem_of_hex(data + record(6, 0, {}) + end_record), HasSubstr("type 6"));
  EXPECT_THAT(problem_of_hex(data + record(1, 0, {0})), HasSubstr("type"));
  EXPECT_THAT(problem_of_hex(data + "junk\n" + end_record), HasSubstr("colon"));
  for (const std::uint8_t type : {2, 3, 4, 5}) {
    EXPECT_THAT(problem_of_hex(record(type, 0, {1, 2, 3}) + data + end_record), HasSubstr("line 1"));
  }
  EXPECT_THAT(problem_of_hex(record(0, 0xFFFF, {1, 2}) + end_record), HasSubstr("64 KiB"));
  EXPECT_THAT(problem_of_hex(record(4, 0, {0xFF, 0xFF}) + record(0, 0xFFFF, {1}) + end_record),
              HasSubstr("address space"));
}

TEST(IntelHex, OverlappingDataIsRefusedEvenWhereItAgrees) {
  const std::string data = record(0, 0x100, filled(16, 1));
  for (const std::uint16_t at : {0x100, 0x0F1, 0x10F, 0x108}) {
    EXPECT_THAT(problem_of_hex(data + record(0, at, filled(16, 1)) + end_record), HasSubstr("two parts")) << at;
  }
}

// ---- what is inside

TEST(Containers, ModuleInsideIsKnownAndItsAddressMustAgree) {
  const Bytes module = build_module(user_part_spec(400));
  const ImageFacts right = identify(container({{0x080A0000, module}}));
  EXPECT_TRUE(right.sound) << right.problem;
  EXPECT_EQ(right.kind, ImageKind::dfuse);
  EXPECT_EQ(describe(right.module.value()), "photon user-part 1 version 2");
  const ImageFacts wrong = identify(container({{0x080A0004, module}}));
  EXPECT_FALSE(wrong.sound);
  EXPECT_THAT(wrong.problem, testing::AllOf(HasSubstr("0x080a0004"), HasSubstr("0x080a0000")));
  Bytes damaged = module;
  damaged[100] ^= 1;
  EXPECT_FALSE(identify(container({{0x080A0000, damaged}})).sound);
}

TEST(Containers, StepsOfThemAreLaidOutRangeByRange) {
  const MemoryMap map = *parse_memory_map("@X/0x08000000/4*16Kg");
  const auto image = make_image("x.dfu", container({{0x08000000, filled(100, 1)}, {0x08000200, filled(0x8000, 2)}}));
  const Step step{"x", image, 0x08000000, {}};
  EXPECT_EQ(step.size(), 100u + 0x8000);
  EXPECT_EQ(step.range(), (Range{0x08000000, 0x08008200}));
  EXPECT_TRUE(std::ranges::equal(step.payload({0x08000210, 0x08000220}), ByteView(filled(0x8000, 2)).subspan(16, 16)));
  const auto laid = lay_out({step}, map);
  const auto& layout = std::get<Layout>(laid);
  ASSERT_EQ(layout.pieces.size(), 4u);
  EXPECT_EQ(layout.pieces[0].data, (Range{0x08000000, 0x08000064}));
  EXPECT_EQ(layout.pieces[1].data, (Range{0x08000200, 0x08004000}));
  EXPECT_EQ(layout.pieces[3].data, (Range{0x08008000, 0x08008200}));
  const auto in_the_gap = make_image("gap.bin", filled(64, 3));
  EXPECT_TRUE(std::holds_alternative<Layout>(lay_out({step, {"gap", in_the_gap, 0x08000100, {}}}, map)));
  EXPECT_TRUE(std::holds_alternative<Misfit>(lay_out({step, {"gap", in_the_gap, 0x080001F0, {}}}, map)));
}

}  // namespace
}  // namespace dfu
