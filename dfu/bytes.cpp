#include "dfu/bytes.h"

#include <cstdio>

namespace dfu {

std::string hex_address(std::uint32_t address) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", address);
  return text;
}

std::string hex_id(std::uint16_t vendor, std::uint16_t product) {
  char text[10];
  std::snprintf(text, sizeof text, "%04x:%04x", vendor, product);
  return text;
}

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace dfu
