// What is no plain Cortex-M program and is named all the same: MCUboot images, boot images, bitstreams, file systems,
// programs of other processors, and files that are not ready for flash.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/hash.h"
#include "dfu/image/image.h"
#include "dfu/image/mcuboot.h"
#include "dfu/image/other_cores.h"
#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

void put_le32(Bytes& file, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) file[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i));
}

void append_tag(Bytes& file, std::uint16_t type, ByteView value) {
  append_le16(file, type);
  append_le16(file, static_cast<std::uint16_t>(value.size()));
  file.insert(file.end(), value.begin(), value.end());
}

// As imgtool makes it: header of 512 bytes, program, protected tags (a dependency), hash, signature.
Bytes mcuboot(std::uint32_t flags = 0, bool is_signed = true) {
  const Bytes code = program(0x20020000, 0x08020200, 4096);
  Bytes file(512, 0);
  put_le32(file, 0, 0x96F3B83D);
  file[8] = 0x00, file[9] = 0x02;
  file[10] = 16;
  put_le32(file, 12, static_cast<std::uint32_t>(code.size()));
  put_le32(file, 16, flags);
  file[20] = 1, file[21] = 2, file[22] = 3;
  put_le32(file, 24, 77);
  file.insert(file.end(), code.begin(), code.end());
  append_le16(file, 0x6908);
  append_le16(file, 16);
  append_tag(file, 0x50, Bytes(8, 7));
  const Sha256 hash = sha256(file);
  Bytes tags;
  append_tag(tags, 0x10, hash);
  if (is_signed) append_tag(tags, 0x22, Bytes(71, 9));
  append_le16(file, 0x6907);
  append_le16(file, static_cast<std::uint16_t>(4 + tags.size()));
  file.insert(file.end(), tags.begin(), tags.end());
  return file;
}

TEST(Mcuboot, IsNamedWithVersionAndSignature) {
  const ImageFacts facts = identify(mcuboot());
  EXPECT_EQ(facts.kind, ImageKind::mcuboot);
  EXPECT_TRUE(facts.sound) << facts.problem;
  EXPECT_EQ(facts.what, "MCUboot image 1.2.3+77, signed with ECDSA");
  EXPECT_EQ(identify(mcuboot(0, false)).what, "MCUboot image 1.2.3+77, not signed");
}

TEST(Mcuboot, IsSoundOnlyWithItsHash) {
  for (const std::size_t at : {40u, 600u, 4000u, 4620u}) {
    Bytes file = mcuboot();
    file[at] ^= 1;
    EXPECT_FALSE(identify(file).sound) << at;
    EXPECT_EQ(identify(file).kind, ImageKind::mcuboot) << at;
  }
  Bytes encrypted = mcuboot(4);
  encrypted[600] ^= 1;
  EXPECT_TRUE(identify(encrypted).sound) << "its hash is over what only the unit can decrypt";
}

TEST(Mcuboot, EveryCutIsSeen) {
  const Bytes file = mcuboot();
  for (std::size_t size = 4; size < file.size(); ++size) {
    ASSERT_FALSE(identify(ByteView(file).first(size)).sound) << size;
  }
}

TEST(Mcuboot, BytesBehindItAreItsTrailer) {
  Bytes padded = mcuboot();
  padded.resize(padded.size() + 1000, 0xFF);
  EXPECT_TRUE(identify(padded).sound);
  EXPECT_TRUE(identify(padded).remarks.empty());
  padded.back() = 0x01;  // --confirm
  padded.resize(padded.size() + 7, 0xFF);
  for (const std::uint8_t byte :
       {0x77, 0xC2, 0x95, 0xF3, 0x60, 0xD2, 0xEF, 0x7F, 0x35, 0x52, 0x50, 0x0F, 0x2C, 0xB6, 0x79, 0x80}) {
    padded.push_back(byte);
  }
  EXPECT_TRUE(identify(padded).remarks.empty()) << identify(padded).remarks[0];
}

TEST(Mcuboot, OtherBytesBehindItAreSaid) {
  const Bytes whole = mcuboot();
  for (const std::size_t more : {1u, 16u, 1000u}) {
    Bytes file = whole;
    for (std::size_t i = 0; i < more; ++i) file.push_back(static_cast<std::uint8_t>(i + 5));
    const ImageFacts facts = identify(file);
    EXPECT_TRUE(facts.sound);
    ASSERT_EQ(facts.remarks.size(), 1u) << more;
    EXPECT_THAT(facts.remarks[0], HasSubstr("has " + std::to_string(more) + (more == 1 ? " byte" : " bytes") +
                                            " behind its MCUboot tags, from byte " + std::to_string(whole.size())));
    EXPECT_THAT(facts.remarks[0], HasSubstr("flashed with it"));
  }
}

TEST(Mcuboot, AProgramThatWasNotSignedIsToldFromOneThatNeedsNoSignature) {
  for (const std::size_t room : {0x20u, 0x200u, 0x400u, 0x800u}) {
    for (const std::uint8_t fill : {0x00, 0xFF}) {
      Bytes file(room, fill);
      const Bytes code = program(0x20020000, 0x08020200, 4096);
      file.insert(file.end(), code.begin(), code.end());
      const ImageFacts facts = identify(file);
      EXPECT_FALSE(facts.sound);
      EXPECT_THAT(facts.problem, HasSubstr(std::to_string(room) + " empty bytes"));
      EXPECT_THAT(facts.remedy, HasSubstr("imgtool"));
    }
  }
}

// ---- marks

Bytes with_mark(std::size_t at, std::string_view mark, std::size_t size = 2048, std::uint8_t fill = 0x00) {
  Bytes file(size, fill);
  std::ranges::copy(mark, file.begin() + static_cast<std::ptrdiff_t>(at));
  return file;
}

Bytes fat() {
  Bytes file = with_mark(0, "\xEB\x3C\x90mkfs.fat\x00\x02\x04"sv);
  std::ranges::copy("FAT16"sv, file.begin() + 54);
  file[510] = 0x55, file[511] = 0xAA;
  return file;
}

TEST(OtherFormats, ThatMayBeFlashedAreNamed) {
  const struct {
    Bytes file;
    ImageKind kind;
    const char* what;
  } rows[] = {
      {with_mark(0, "\x27\x05\x19\x56"sv), ImageKind::boot_image, "U-Boot"},
      {with_mark(0, "\xD0\x0D\xFE\xED"sv), ImageKind::boot_image, "FIT"},
      {with_mark(0, "STM2"sv), ImageKind::boot_image, "ST's header"},
      {with_mark(0, "FCFB"sv), ImageKind::boot_image, "i.MX RT"},
      {with_mark(0x400, "FCFB"sv), ImageKind::boot_image, "i.MX RT"},
      {with_mark(0, "\xD1\x00\x20\x41"sv), ImageKind::boot_image, "i.MX"},
      {with_mark(0, "\xE9\x03\x02\x20\x10\x04\x08\x40"sv), ImageKind::boot_image, "ESP32"},
      {with_mark(64, "\xAA\x99\x55\x66"sv, 2048, 0xFF), ImageKind::bitstream, "Xilinx"},
      {with_mark(0, "\x00\x09\x0F\xF0\x0F\xF0\x0F\xF0\x0F\xF0\x00\x00\x01"sv), ImageKind::bitstream, "Xilinx"},
      {with_mark(0, "\x7E\xAA\x99\x7E"sv), ImageKind::bitstream, "iCE40"},
      {with_mark(0, "\xFF\x00made by\x00\xFF\x7E\xAA\x99\x7E"sv), ImageKind::bitstream, "iCE40"},
      {with_mark(0, "\xFF\x00Part: LFE5U\x00\xFF\xFF\xBD\xB3"sv), ImageKind::bitstream, "ECP5"},
      {with_mark(22, "\xA5\xC3\x06\x00\x00\x00"sv, 2048, 0xFF), ImageKind::bitstream, "Gowin"},
      {with_mark(8, "littlefs"sv), ImageKind::file_system, "littlefs"},
      {with_mark(0, "hsqs"sv), ImageKind::file_system, "SquashFS"},
      {with_mark(0, "UBI#"sv), ImageKind::file_system, "UBI"},
      {fat(), ImageKind::file_system, "FAT"},
  };
  for (const auto& row : rows) {
    const ImageFacts facts = identify(row.file);
    EXPECT_EQ(facts.kind, row.kind) << row.what << ": " << to_string(facts.kind) << ", " << facts.what;
    EXPECT_TRUE(facts.sound) << row.what;
    EXPECT_THAT(facts.what, HasSubstr(row.what));
  }
}

TEST(OtherFormats, ThatMayNotAreNamedWithWhatItWouldTake) {
  const struct {
    Bytes file;
    const char* problem;
    const char* remedy;
  } rows[] = {
      {with_mark(0, "version https://git-lfs.github.com/spec/v1\noid sha256:00"sv, 130, '\n'), "Git LFS",
       "git lfs pull"},
      {with_mark(0, "\x1F\x8B\x08"sv), "gzip", "gunzip"},
      {with_mark(0,
                 "\xFD"
                 "7zXZ\0"sv),
       "xz", "unxz"},
      {with_mark(0, "BZh91AY"sv), "bzip2", "bunzip2"},
      {with_mark(0, "\x28\xB5\x2F\xFD"sv), "Zstandard", "unzstd"},
      {with_mark(0, "\x04\x22\x4D\x18"sv), "LZ4", "unlz4"},
      {with_mark(257, "ustar"sv), "tar", "tar -xf"},
      {with_mark(0, "7z\xBC\xAF\x27\x1C"sv), "7-Zip", "7z x"},
      {with_mark(0, "\x89PNG\r\n"sv), "picture", "right file"},
  };
  for (const auto& row : rows) {
    const ImageFacts facts = identify(row.file);
    EXPECT_EQ(facts.kind, ImageKind::unknown) << row.problem;
    EXPECT_THAT(facts.problem, HasSubstr(row.problem));
    EXPECT_THAT(facts.remedy, HasSubstr(row.remedy));
  }
}

// ---- programs

TEST(Programs, OfEveryCortexMMapAreKnown) {
  const struct {
    const char* what;
    std::uint32_t stack, base;
  } rows[] = {
      {"STM32U5 with 2.5 MiB RAM", 0x20270000, 0x08000000},
      {"SAME70", 0x20460000, 0x00400000},
      {"i.MX RT in QSPI", 0x20020000, 0x60002000},
      {"STM32H7RS in QSPI", 0x24071C00, 0x70000000},
      {"STM32H7 in QSPI", 0x20020000, 0x90000000},
      {"for RAM", 0x20010000, 0x20000000},
      {"H7 in ITCM", 0x20020000, 0x00000000},
      {"LPC55 with SRAMX", 0x04008000, 0x00000000},
      {"Kinetis", 0x20030000, 0x00000000},
      {"Kinetis, lower half only", 0x20000000, 0x00000000},
      {"SDRAM", 0xC0800000, 0x08000000},
      {"external RAM", 0x68100000, 0x08000000},
      {"RP2350", 0x20082000, 0x10000000},
      {"RA6 with secure alias", 0x20040000, 0x10000000},
      {"nRF5340 network core", 0x21010000, 0x01000000},
      {"CCM of STM32F4", 0x10010000, 0x08000000},
  };
  for (const auto& row : rows) {
    const ImageFacts facts = identify(program(row.stack, row.base, 4096));
    EXPECT_EQ(facts.kind, ImageKind::raw) << row.what;
    EXPECT_EQ(facts.what, "a Cortex-M program") << row.what;
  }
}

TEST(Programs, OfRp2040StandBehindTheirBootStage) {
  Bytes file(256, 0x5A);
  const Bytes code = program(0x20042000, 0x10000100, 4096);
  file.insert(file.end(), code.begin(), code.end());
  EXPECT_THAT(identify(file).what, HasSubstr("RP2040"));
}

TEST(Programs, OfAvrAreKnownByTheirJumps) {
  Bytes large(2048, 0x11), small(512, 0x11);
  for (std::size_t vector = 0; vector < 26; ++vector) {
    large[vector * 4] = 0x0C, large[vector * 4 + 1] = 0x94, large[vector * 4 + 2] = 0x40, large[vector * 4 + 3] = 0;
  }
  for (std::size_t vector = 0; vector < 15; ++vector) {
    small[vector * 2] = static_cast<std::uint8_t>(30 - vector), small[vector * 2 + 1] = 0xC0;
  }
  EXPECT_EQ(identify(large).what, "an AVR program");
  EXPECT_EQ(identify(small).what, "an AVR program");
  large[5 * 4 + 3] = 0x70;  // leads out of the file
  EXPECT_FALSE(is_avr_program(large));
}

// Functions as a compiler makes them, in the short encoding and in the long one.
Bytes risc_v(bool compressed) {
  Bytes file;
  append_le32(file, 0x00000297);  // auipc t0, 0
  for (int function = 0; function < 20; ++function) {
    if (compressed) {
      append_le16(file, 0x1141);  // addi sp, sp, -16
      for (int i = 0; i < 20; ++i) append_le16(file, 0x4581);
      append_le16(file, 0x8082);  // ret
    } else {
      append_le32(file, 0xFF010113);
      for (int i = 0; i < 20; ++i) append_le32(file, 0x00000593);
      append_le32(file, 0x00008067);
    }
  }
  return file;
}

TEST(Programs, OfRiscVAreKnownByTheirFunctions) {
  EXPECT_EQ(identify(risc_v(true)).what, "a RISC-V program");
  EXPECT_EQ(identify(risc_v(false)).what, "a RISC-V program");
}

TEST(Programs, ChanceMakesNone) {
  std::mt19937 random(16);
  for (int round = 0; round < 3000; ++round) {
    Bytes file(300 + random() % 40000);
    for (std::size_t at = 0; at < file.size(); ++at) file[at] = static_cast<std::uint8_t>(random());
    append_le32(file, 0);
    file[0] = 0x97, file[1] = 0x02;
    ASSERT_FALSE(is_risc_v_program(file)) << round;
    ASSERT_FALSE(is_avr_program(file)) << round;
    ASSERT_FALSE(identify(file).sound) << round << identify(file).what;
  }
}

// ---- text

TEST(OtherText, Utf16IsNamedWithWhatMakesIt) {
  for (const bool little : {true, false}) {
    Bytes file{0xFF, 0xFE};
    if (!little) std::swap(file[0], file[1]);
    for (const char letter : std::string(":020000040800F2\r\n:00000001FF\r\n")) {
      file.push_back(little ? static_cast<std::uint8_t>(letter) : 0);
      file.push_back(little ? 0 : static_cast<std::uint8_t>(letter));
    }
    const ImageFacts facts = identify(file);
    EXPECT_FALSE(facts.sound);
    EXPECT_EQ(facts.problem, "is text in UTF-16, not firmware");
    EXPECT_NE(facts.remedy.find("PowerShell"), std::string::npos);
  }
  EXPECT_NE(identify(Bytes{0xFF, 0xFE, 1, 2, 3, 4}).problem, "is text in UTF-16, not firmware");
}

TEST(BlankFile, IsNamed) {
  EXPECT_EQ(identify(Bytes(4096, 0xFF)).problem, "holds nothing but 0xFF, as erased flash does");
  EXPECT_EQ(identify(Bytes(4096, 0x00)).problem, "is of no known firmware format");
}

// ---- as it is

TEST(AsRaw, KeepsEveryByteAndReadsNothing) {
  const auto image = as_raw(*make_image("x.hex", bytes_of(":00000001FF\n")));
  EXPECT_EQ(image->payload().size(), 12u);
  EXPECT_TRUE(image->facts.sound && image->facts.as_is);
  EXPECT_EQ(image->facts.kind, ImageKind::raw);
}

}  // namespace
}  // namespace dfu
