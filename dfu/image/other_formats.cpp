#include "dfu/image/other_formats.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dfu/image/formats.h"

namespace dfu {

namespace {

using namespace std::string_view_literals;

bool has_at(ByteView file, std::size_t at, std::string_view mark) {
  const auto same = [](std::uint8_t byte, char letter) { return byte == static_cast<std::uint8_t>(letter); };
  return at <= file.size() && file.size() - at >= mark.size() &&
         std::ranges::equal(file.subspan(at, mark.size()), mark, same);
}

struct Mark {
  std::size_t at;
  std::string_view bytes;
  ImageKind kind;
  std::string_view name;
  std::string_view remedy;
};

constexpr auto unknown = ImageKind::unknown;
constexpr auto boot = ImageKind::boot_image;
constexpr auto bits = ImageKind::bitstream;
constexpr auto files = ImageKind::file_system;

constexpr std::string_view rebuild = "Take what the build makes for flash, mostly a .bin or .hex.";
constexpr std::string_view no_firmware = "Is this the right file? Fetch or build it again.";

constexpr Mark marks[] = {
    {0, "version https://git-lfs.github.com/spec/"sv, unknown, "a pointer of Git LFS, the file itself was not fetched",
     "Fetch it: git lfs pull."},
    {0, "\x1F\x8B"sv, unknown, "a gzip archive", "Unpack it: gunzip."},
    {0,
     "\xFD"
     "7zXZ\0"sv,
     unknown, "an xz archive", "Unpack it: unxz."},
    {0, "BZh"sv, unknown, "a bzip2 archive", "Unpack it: bunzip2."},
    {0, "\x28\xB5\x2F\xFD"sv, unknown, "a Zstandard archive", "Unpack it: unzstd."},
    {0, "\x04\x22\x4D\x18"sv, unknown, "an LZ4 archive", "Unpack it: unlz4."},
    {0, "\x5D\0\0\x80\0\xFF\xFF\xFF\xFF"sv, unknown, "an LZMA archive", "Unpack it: unlzma."},
    {0, "7z\xBC\xAF\x27\x1C"sv, unknown, "a 7-Zip archive", "Unpack it: 7z x."},
    {0, "Rar!\x1A\x07"sv, unknown, "a RAR archive", "Unpack it: unrar x."},
    {0, "MSCF\0\0\0\0"sv, unknown, "a Windows cabinet", "Unpack it: cabextract."},
    {257, "ustar"sv, unknown, "a tar archive", "Unpack it: tar -xf."},
    {0, "!<arch>\n"sv, unknown, "a library for the linker, or a Debian package", rebuild},
    {0, "\x89PNG"sv, unknown, "a picture", no_firmware},
    {0, "\xFF\xD8\xFF"sv, unknown, "a picture", no_firmware},
    {0, "GIF8"sv, unknown, "a picture", no_firmware},
    {0, "%PDF-"sv, unknown, "a PDF document", no_firmware},
    {0, "MZ"sv, unknown, "a Windows program", no_firmware},
    {0, "\xCF\xFA\xED\xFE"sv, unknown, "a macOS program", no_firmware},
    {0, "\xCE\xFA\xED\xFE"sv, unknown, "a macOS program", no_firmware},
    {0, "SQLite format 3"sv, unknown, "a database", no_firmware},
    {0, "\x27\x05\x19\x56"sv, boot, "a U-Boot image", ""},
    {0, "\xD0\x0D\xFE\xED"sv, boot, "a device tree, or a U-Boot image of the FIT kind", ""},
    {0, "ANDROID!"sv, boot, "an Android boot image", ""},
    {0, "HDR0"sv, boot, "a TRX image", ""},
    {0, "STM2"sv, boot, "a boot image with ST's header (STM32MP, STM32N6)", ""},
    {0, "FCFB"sv, boot, "a boot image of i.MX RT", ""},
    {0x400, "FCFB"sv, boot, "a boot image of i.MX RT", ""},
    {0, "\xD1\x00\x20\x40"sv, boot, "a boot image of i.MX", ""},
    {0, "\xD1\x00\x20\x41"sv, boot, "a boot image of i.MX", ""},
    {0, "\x00\x09\x0F\xF0\x0F\xF0\x0F\xF0\x0F\xF0\x00\x00\x01"sv, bits, "a bitstream for Xilinx FPGAs", ""},
    {0, "\x7E\xAA\x99\x7E"sv, bits, "a bitstream for Lattice iCE40", ""},
    {8, "littlefs"sv, files, "a littlefs file system", ""},
    {0, "hsqs"sv, files, "a SquashFS file system", ""},
    {0, "\x85\x19\x03\x20"sv, files, "a JFFS2 file system", ""},
    {0, "UBI#"sv, files, "a UBI image", ""},
    {0, "\x45\x3D\xCD\x28"sv, files, "a cramfs file system", ""},
    {0, "-rom1fs-"sv, files, "a romfs file system", ""},
};

// FAT12 to FAT32: a jump, a sector size, and the name where each of them has it.
bool is_fat(ByteView file) {
  if (file.size() < 512 || !has_at(file, 510, "\x55\xAA"sv)) return false;
  const bool jumps = (file[0] == 0xEB && file[2] == 0x90) || file[0] == 0xE9;
  const std::uint16_t sector = le16(file, 11);
  const bool sized = sector == 512 || sector == 1024 || sector == 2048 || sector == 4096;
  return jumps && sized && (has_at(file, 54, "FAT"sv) || has_at(file, 82, "FAT"sv));
}

// One of the words that FPGAs wait for, behind fill bytes and a comment.
std::optional<OtherFormat> bitstream(ByteView file) {
  constexpr std::size_t reach = 1024;
  if (file.size() < 64 || file[0] != 0xFF) return {};
  const ByteView front = file.first(std::min(file.size(), reach));
  const auto has = [&](std::string_view word) {
    for (std::size_t at = 0; at < front.size(); ++at) {
      if (has_at(front, at, word)) return true;
    }
    return false;
  };
  const bool filled = std::ranges::all_of(file.first(16), [](std::uint8_t byte) { return byte == 0xFF; });
  if (filled && has("\xAA\x99\x55\x66"sv)) return OtherFormat{bits, "a bitstream for Xilinx FPGAs", {}};
  if (file[1] == 0x00 && has("\xFF\x7E\xAA\x99\x7E"sv)) return OtherFormat{bits, "a bitstream for Lattice iCE40", {}};
  const bool lattice = file[1] == 0x00 || filled;
  if (lattice && has("\xFF\xFF\xBD\xB3"sv)) return OtherFormat{bits, "a bitstream for Lattice ECP5 or MachXO", {}};
  if (filled && has("\xFF\xFF\xA5\xC3\x06\x00\x00\x00"sv)) return OtherFormat{bits, "a bitstream for Gowin FPGAs", {}};
  return {};
}

// Its magic is one byte; with it go a count of segments and an entry point in instruction memory.
bool is_esp_image(ByteView file) {
  return file.size() >= 24 && file[0] == 0xE9 && file[1] >= 1 && file[1] <= 16 && file[7] == 0x40 && file[2] <= 5;
}

// Behind the second stage of its boot loader, 256 bytes, which has no vectors.
bool is_rp2040_program(ByteView file) {
  constexpr std::size_t second_stage = 256;
  return file.size() > second_stage && le32(file, 4) != 0 && is_cortex_m_program(file.subspan(second_stage)) &&
         le32(file, second_stage + 4) >> 24 == 0x10;
}

}  // namespace

std::optional<OtherFormat> other_format(ByteView file) {
  for (const Mark& one : marks) {
    if (has_at(file, one.at, one.bytes)) return OtherFormat{one.kind, std::string(one.name), std::string(one.remedy)};
  }
  if (is_fat(file)) return OtherFormat{files, "a FAT file system", {}};
  if (is_esp_image(file)) return OtherFormat{boot, "an application image of ESP32", {}};
  if (is_rp2040_program(file)) return OtherFormat{ImageKind::raw, "a program for RP2040 with its boot stage", {}};
  return bitstream(file);
}

std::string describe_cortex_m(ByteView file) {
  // The SoftDevice's information lies 0x2000 behind its start, which is 0x1000 with the MBR before it.
  constexpr std::string_view soft_device = "\xDB\xE5\xB1\x51"sv, firmware_information = "\xDE\xE6\x1E\x28"sv;
  if (has_at(file, 0x2004, soft_device) || has_at(file, 0x3004, soft_device)) return "a Nordic SoftDevice";
  for (const std::size_t at : {0x200, 0x400, 0x800, 0x1000}) {
    if (has_at(file, at, firmware_information)) return "a Cortex-M program with Nordic's firmware information";
  }
  return "a Cortex-M program";
}

}  // namespace dfu
