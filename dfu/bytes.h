// Raw bytes, little-endian fields and address ranges, used everywhere in dfu.
// Values and free functions; any thread. Reading past the end is a precondition violation (asserted), so
// parsers check sizes first.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dfu {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline std::uint16_t le16(ByteView bytes, std::size_t at) {
  assert(at + 2 <= bytes.size());
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

inline std::uint32_t le32(ByteView bytes, std::size_t at) {
  return le16(bytes, at) | static_cast<std::uint32_t>(le16(bytes, at + 2)) << 16;
}

inline std::uint32_t be32(ByteView bytes, std::size_t at) {
  assert(at + 4 <= bytes.size());
  return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

inline void append_le16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

inline void append_le32(Bytes& out, std::uint32_t value) {
  append_le16(out, static_cast<std::uint16_t>(value));
  append_le16(out, static_cast<std::uint16_t>(value >> 16));
}

// Half-open range of addresses, [begin, end). Never wraps: a map that reaches 2^32 is refused where it is parsed.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  bool contains(std::uint32_t address) const { return begin <= address && address < end; }
  bool contains(const Range& other) const { return begin <= other.begin && other.end <= end; }
  bool overlaps(const Range& other) const { return begin < other.end && other.begin < end; }
  bool operator==(const Range&) const = default;
};

// "0x080a0000": how every address is printed.
std::string hex_address(std::uint32_t address);
// "2b04:d006": how every USB id is printed.
std::string hex_id(std::uint16_t vendor, std::uint16_t product);
// Lower-case hex digits without separators.
std::string to_hex(ByteView bytes);

}  // namespace dfu
