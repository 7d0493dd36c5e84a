#include "dfu/image/suffix.h"

#include <algorithm>
#include <string_view>

namespace dfu {
namespace {

constexpr std::size_t minimum_length = 16;
constexpr std::string_view signature = "UFD";

bool possible_length(ByteView file, const DfuSuffix& suffix) {
  return suffix.length >= minimum_length && suffix.length <= file.size();
}

}  // namespace

std::optional<DfuSuffix> parse_suffix(ByteView file) {
  if (file.size() < minimum_length) return std::nullopt;
  const ByteView tail = file.last(minimum_length);
  std::size_t same = 0;
  for (std::size_t i = 0; i < signature.size(); ++i) same += tail[8 + i] == signature[i];
  DfuSuffix suffix;
  suffix.release = le16(tail, 0);
  suffix.product = le16(tail, 2);
  suffix.vendor = le16(tail, 4);
  suffix.dfu_version = le16(tail, 6);
  suffix.length = tail[11];
  suffix.crc = le32(tail, 12);
  if (same == 3 || (same == 2 && suffix.length == minimum_length)) return suffix;
  return std::nullopt;
}

namespace {

// The ROM of NXP's LPC18xx and LPC43xx wants a header of 16 bytes before a program, which tools put there after the
// suffix was made: it is no part of what the CRC is over.
constexpr std::size_t lpc_header = 16;

bool has_lpc_header(ByteView file) {
  return file.size() > lpc_header + minimum_length && (file[0] == 0xDA || file[0] == 0x1A) &&
         std::ranges::all_of(file.subspan(4, lpc_header - 4), [](std::uint8_t byte) { return byte == 0xFF; });
}

}  // namespace

std::string suffix_problem(ByteView file, const DfuSuffix& suffix) {
  // Every byte but the CRC itself, and without the final inversion that crc32 makes.
  const std::uint32_t crc = ~crc32(file.first(file.size() - 4));
  const bool behind_header =
      has_lpc_header(file) && suffix.crc == ~crc32(file.subspan(lpc_header, file.size() - 4 - lpc_header));
  if (suffix.crc != crc && !behind_header) {
    return "ends in a DFU suffix, but is damaged: the CRC-32 of its bytes is " + hex_address(crc) + " but should be " +
           hex_address(suffix.crc);
  }
  if (!possible_length(file, suffix)) {
    return "ends in a DFU suffix that gives its own length as " + std::to_string(suffix.length) +
           " bytes, which is impossible";
  }
  return {};
}

ByteView without_suffix(ByteView file, const DfuSuffix& suffix) {
  return possible_length(file, suffix) ? file.first(file.size() - suffix.length) : file;
}

}  // namespace dfu
