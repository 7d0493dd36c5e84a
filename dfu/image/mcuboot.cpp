#include "dfu/image/mcuboot.h"

#include <algorithm>
#include <array>
#include <vector>

#include "dfu/hash.h"
#include "dfu/image/formats.h"

namespace dfu {

namespace {

constexpr std::uint32_t header_magic = 0x96F3B83D;
constexpr std::uint16_t tags_magic = 0x6907, protected_tags_magic = 0x6908;
constexpr std::size_t header_size = 32, tags_header = 4, tag_header = 4;
// The hash is over the program as it was before it was encrypted or compressed.
constexpr std::uint32_t encrypted_flags = 0x04 | 0x08;
constexpr std::uint32_t compressed_flags = 0x400 | 0x800 | 0x1000;
constexpr std::uint16_t tag_sha256 = 0x10;

struct Tag {
  std::uint16_t type = 0;
  ByteView value;
};

std::string signature_of(std::uint16_t type) {
  switch (type) {
    case 0x20:
      return "RSA-2048";
    case 0x21:
    case 0x22:
      return "ECDSA";
    case 0x23:
      return "RSA-3072";
    case 0x24:
      return "Ed25519";
    default:
      return {};
  }
}

// The tags of the block that begins at `at`; nothing if it is not whole.
std::optional<std::vector<Tag>> tags_at(ByteView file, std::size_t at, std::uint16_t magic) {
  if (at + tags_header > file.size() || le16(file, at) != magic) return {};
  const std::size_t end = at + le16(file, at + 2);
  if (end > file.size() || end < at + tags_header) return {};
  std::vector<Tag> tags;
  for (at += tags_header; at < end;) {
    if (end - at < tag_header || end - at - tag_header < le16(file, at + 2)) return {};
    const std::size_t size = le16(file, at + 2);
    tags.push_back({le16(file, at), file.subspan(at + tag_header, size)});
    at += tag_header + size;
  }
  return tags;
}

std::string version_of(ByteView file) {
  return std::to_string(file[20]) + "." + std::to_string(file[21]) + "." + std::to_string(le16(file, 22)) + "+" +
         std::to_string(le32(file, 24));
}

void read_tags(McubootImage& image, ByteView hashed, const std::vector<Tag>& tags, bool hash_is_over_this) {
  for (const Tag& tag : tags) {
    if (std::string name = signature_of(tag.type); !name.empty()) image.signature = std::move(name);
    if (tag.type != tag_sha256 || !hash_is_over_this) continue;
    const Sha256 right = sha256(hashed);
    if (!std::ranges::equal(tag.value, right)) image.problem = "is an MCUboot image whose hash is wrong: it is damaged";
  }
}

// Empty flash, and at its very end what --pad and --confirm write there: flags, and the mark that they are valid.
bool is_trailer(ByteView behind) {
  constexpr std::array<std::uint8_t, 16> mark{0x77, 0xC2, 0x95, 0xF3, 0x60, 0xD2, 0xEF, 0x7F,
                                              0x35, 0x52, 0x50, 0x0F, 0x2C, 0xB6, 0x79, 0x80};
  constexpr std::size_t room_for_flags = 64;
  std::size_t flags = 0;
  if (behind.size() >= mark.size() && std::ranges::equal(behind.last(mark.size()), mark)) {
    behind = behind.first(behind.size() - mark.size());
    flags = std::min(behind.size(), room_for_flags);
  }
  const auto is_empty = [&](std::uint8_t byte) { return byte == 0xFF || byte == 0x00; };
  const auto is_flag = [&](std::uint8_t byte) { return is_empty(byte) || byte == 0x01; };
  return std::ranges::all_of(behind.first(behind.size() - flags), is_empty) &&
         std::ranges::all_of(behind.last(flags), is_flag);
}

std::string remark_on(ByteView behind, std::size_t at) {
  if (is_trailer(behind)) return {};
  return "has " + std::to_string(behind.size()) + (behind.size() == 1 ? " byte" : " bytes") +
         " behind its MCUboot tags, from byte " + std::to_string(at) +
         " on, which no signature covers; they are part of the file and are flashed with it";
}

}  // namespace

std::optional<McubootImage> parse_mcuboot(ByteView file) {
  if (file.size() < 4 || le32(file, 0) != header_magic) return {};
  McubootImage image;
  const auto cut_off = [&] {
    image.problem = "is an MCUboot image that is cut off";
    return image;
  };
  if (file.size() < header_size) return cut_off();
  image.version = version_of(file);
  const std::size_t header = le16(file, 8), protected_size = le16(file, 10), program = le32(file, 12);
  const std::uint32_t flags = le32(file, 16);
  image.encrypted = (flags & encrypted_flags) != 0;
  if (header < header_size || header + program > file.size()) return cut_off();
  const std::size_t hashed = header + program + protected_size;
  if (protected_size != 0 && !tags_at(file, header + program, protected_tags_magic)) return cut_off();
  const auto tags = tags_at(file, hashed, tags_magic);
  if (!tags) return cut_off();
  const std::size_t end = hashed + le16(file, hashed + 2);
  image.remark = remark_on(file.subspan(end), end);
  read_tags(image, file.first(hashed), *tags, (flags & (encrypted_flags | compressed_flags)) == 0);
  return image;
}

std::optional<std::size_t> program_in_mcuboot(ByteView file) {
  constexpr std::uint32_t loaded_to_ram = 0x20;
  if (file.size() < header_size || le32(file, 0) != header_magic) return {};
  const std::size_t header = le16(file, 8);
  const bool elsewhere = (le32(file, 16) & (encrypted_flags | compressed_flags | loaded_to_ram)) != 0;
  if (elsewhere || header < header_size || header >= file.size()) return {};
  return header;
}

std::optional<std::size_t> unsigned_for_mcuboot(ByteView file) {
  if (file.empty() || (file[0] != 0x00 && file[0] != 0xFF)) return {};
  const auto first = std::ranges::find_if(file, [&](std::uint8_t byte) { return byte != file[0]; });
  const auto empty = static_cast<std::size_t>(first - file.begin());
  // The stack pointer that follows may begin with bytes that look empty too.
  for (std::size_t room = header_size; room <= 0x10000; room *= 2) {
    if (room <= empty && empty < room + 4 && is_cortex_m_program(file.subspan(room))) return room;
  }
  return {};
}

}  // namespace dfu
