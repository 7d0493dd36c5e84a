#include "dfu/descriptors.h"

#include <algorithm>

namespace dfu {

std::optional<ConfigurationInfo> parse_configuration(ByteView descriptor) {
  if (descriptor.size() < 9 || descriptor[0] < 9 || descriptor[1] != descriptor_type_configuration) return {};
  ConfigurationInfo info;
  for (std::size_t at = descriptor[0]; at + 2 <= descriptor.size();) {
    const std::size_t length = descriptor[at];
    if (length < 2 || at + length > descriptor.size()) return {};
    const ByteView one = descriptor.subspan(at, length);
    if (one[1] == descriptor_type_interface) {
      if (length < 9) return {};
      info.alternates.push_back({one[2], one[3], one[5], one[6], one[7], one[8]});
    } else if (one[1] == descriptor_type_endpoint && !info.alternates.empty()) {
      if (length < 7) return {};
      const AltSetting& owner = info.alternates.back();
      info.endpoints.push_back({owner.interface_number, owner.alternate, one[2], one[3], le16(one, 4)});
    } else if (one[1] == descriptor_type_dfu_functional && !info.alternates.empty() &&
               info.alternates.back().is_dfu()) {
      if (auto functional = parse_functional_descriptor(one)) info.functional = functional;
    }
    at += length;
  }
  return info;
}

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string parse_string_descriptor(ByteView descriptor) {
  if (descriptor.size() < 2 || descriptor[1] != descriptor_type_string) return {};
  const std::size_t end = std::min<std::size_t>(descriptor[0], descriptor.size());
  std::string text;
  for (std::size_t at = 2; at + 2 <= end; at += 2) {
    std::uint32_t code = le16(descriptor, at);
    const bool high = code >= 0xD800 && code < 0xDC00;
    if (high && at + 4 <= end && le16(descriptor, at + 2) >= 0xDC00 && le16(descriptor, at + 2) < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (le16(descriptor, at + 2) - 0xDC00u);
      at += 2;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;  // a lone surrogate is no character
    }
    append_utf8(text, code);
  }
  return text;
}

Bytes encode_string_descriptor(std::string_view text) {
  Bytes out{static_cast<std::uint8_t>(2 + 2 * text.size()), descriptor_type_string};
  for (const char c : text) append_le16(out, static_cast<std::uint8_t>(c));
  return out;
}

}  // namespace dfu
