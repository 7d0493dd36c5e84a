#include "dfu/image/archive.h"

#include <algorithm>
#include <optional>

#include "dfu/hash.h"
#include "dfu/image/inflate.h"

namespace dfu {
namespace {

constexpr std::uint32_t end_signature = 0x06054B50;
constexpr std::uint32_t entry_signature = 0x02014B50;
constexpr std::uint32_t local_signature = 0x04034B50;
constexpr std::size_t end_size = 22;
constexpr std::size_t entry_size = 46;
constexpr std::size_t local_size = 30;

// A bundle is smaller than the flash and asset store of a unit; a zip bomb is not.
constexpr std::size_t most_members = 1024;
constexpr std::size_t most_bytes = 64 << 20;

struct Entry {
  std::uint16_t flags = 0, method = 0;
  std::uint32_t crc = 0, packed = 0, size = 0, local = 0;
  std::string name;
};

std::string printable(ByteView bytes) {
  std::string text(bytes.begin(), bytes.end());
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

// A comment of up to 64 KiB may follow the end record.
std::optional<std::size_t> find_end(ByteView file) {
  if (file.size() < end_size) return std::nullopt;
  const std::size_t first = file.size() - std::min<std::size_t>(file.size(), end_size + 0xFFFF);
  for (std::size_t at = file.size() - end_size + 1; at-- > first;) {
    if (le32(file, at) == end_signature && at + end_size + le16(file, at + 20) == file.size()) return at;
  }
  return std::nullopt;
}

std::optional<Entry> read_entry(ByteView directory) {
  if (directory.size() < entry_size || le32(directory, 0) != entry_signature) return std::nullopt;
  const std::size_t name = le16(directory, 28);
  if (directory.size() - entry_size < name) return std::nullopt;
  return Entry{le16(directory, 8),
               le16(directory, 10),
               le32(directory, 16),
               le32(directory, 20),
               le32(directory, 24),
               le32(directory, 42),
               printable(directory.subspan(entry_size, name))};
}

std::size_t length_of_entry(ByteView directory) {
  return entry_size + le16(directory, 28) + le16(directory, 30) + le16(directory, 32);
}

// The packed bytes; nothing where the archive does not hold them.
std::optional<ByteView> packed_bytes(ByteView file, const Entry& entry) {
  if (entry.local > file.size() || file.size() - entry.local < local_size) return std::nullopt;
  const ByteView local = file.subspan(entry.local);
  if (le32(local, 0) != local_signature) return std::nullopt;
  const std::size_t front = local_size + le16(local, 26) + le16(local, 28);
  if (local.size() < front || local.size() - front < entry.packed) return std::nullopt;
  return local.subspan(front, entry.packed);
}

std::optional<Bytes> unpack(ByteView packed, const Entry& entry) {
  constexpr std::uint16_t stored = 0, deflated = 8;
  if (entry.method == deflated) return inflate(packed, entry.size);
  if (entry.method != stored) return std::nullopt;
  return Bytes(packed.begin(), packed.end());
}

std::string damaged(const std::string& why) {
  return "is a zip archive that is damaged: " + why;
}

}  // namespace

std::variant<std::vector<Member>, std::string> read_zip(ByteView file) {
  const auto end = find_end(file);
  if (!end) return damaged("it has no directory at its end, so it is cut off");
  const std::uint16_t count = le16(file, *end + 10);
  const std::uint32_t begin = le32(file, *end + 16);
  if (begin > *end) return damaged("its directory is not where it says");
  if (count > most_members) return "is a zip archive with " + std::to_string(count) + " files, which is not a bundle";
  std::vector<Member> members;
  std::size_t total = 0;
  ByteView directory = file.subspan(begin, *end - begin);
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto entry = read_entry(directory);
    if (!entry) return damaged("its directory ends too early");
    directory = directory.subspan(std::min(directory.size(), length_of_entry(directory)));
    if (entry->name.ends_with('/')) continue;
    constexpr std::uint16_t encrypted = 1;
    if (entry->flags & encrypted) return "is a zip archive that is encrypted";
    total += entry->size;
    if (total > most_bytes) return "is a zip archive that holds more than any unit can";
    const auto packed = packed_bytes(file, *entry);
    auto bytes = packed ? unpack(*packed, *entry) : std::nullopt;
    if (!bytes || bytes->size() != entry->size || crc32(*bytes) != entry->crc) {
      return damaged("\"" + entry->name + "\" in it cannot be unpacked");
    }
    members.push_back({entry->name, *std::move(bytes)});
  }
  return members;
}

}  // namespace dfu
