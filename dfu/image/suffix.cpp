#include "dfu/image/suffix.h"

#include <algorithm>
#include <string_view>

namespace dfu {
namespace {

constexpr std::size_t minimum_length = 16;

}  // namespace

std::optional<DfuSuffix> parse_suffix(ByteView file) {
  if (file.size() < minimum_length) return std::nullopt;
  const ByteView tail = file.last(minimum_length);
  if (!std::ranges::equal(tail.subspan(8, 3), std::string_view("UFD"))) return std::nullopt;
  DfuSuffix suffix;
  suffix.release = le16(tail, 0);
  suffix.product = le16(tail, 2);
  suffix.vendor = le16(tail, 4);
  suffix.dfu_version = le16(tail, 6);
  suffix.length = tail[11];
  suffix.crc = le32(tail, 12);
  if (suffix.length < minimum_length || suffix.length > file.size()) return std::nullopt;
  return suffix;
}

std::uint32_t suffix_crc(ByteView file) {
  // Every byte but the CRC itself, and without the final inversion that crc32 makes.
  return ~crc32(file.first(file.size() - 4));
}

ByteView without_suffix(ByteView file, const DfuSuffix& suffix) {
  return file.first(file.size() - suffix.length);
}

}  // namespace dfu
