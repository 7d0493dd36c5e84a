// Zip archives and deflate streams made by hand: stored blocks are valid deflate and need no packer.
#pragma once

#include <string>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/hash.h"

namespace dfu {

inline Bytes deflated(ByteView bytes) {
  Bytes out;
  for (std::size_t at = 0; at == 0 || at < bytes.size();) {
    const std::size_t length = std::min<std::size_t>(bytes.size() - at, 0xFFFF);
    out.push_back(at + length == bytes.size());
    append_le16(out, static_cast<std::uint16_t>(length));
    append_le16(out, static_cast<std::uint16_t>(~length));
    out.insert(out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
               bytes.begin() + static_cast<std::ptrdiff_t>(at + length));
    at += length;
    if (length == 0) break;
  }
  return out;
}

struct ZipMember {
  std::string name;
  Bytes bytes;
  bool deflate = false;
  std::uint16_t flags = 0;
};

inline Bytes make_zip(const std::vector<ZipMember>& members, const std::string& comment = "") {
  Bytes file, directory;
  const auto append = [](Bytes& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (const ZipMember& member : members) {
    const Bytes packed = member.deflate ? deflated(member.bytes) : member.bytes;
    Bytes common;
    append_le16(common, 20);
    append_le16(common, member.flags);
    append_le16(common, member.deflate ? 8 : 0);
    append_le32(common, 0);  // time and date
    append_le32(common, crc32(member.bytes));
    append_le32(common, static_cast<std::uint32_t>(packed.size()));
    append_le32(common, static_cast<std::uint32_t>(member.bytes.size()));
    append_le16(common, static_cast<std::uint16_t>(member.name.size()));
    append_le16(common, 0);
    append_le32(directory, 0x02014B50);
    append_le16(directory, 20);
    append(directory, common);
    directory.insert(directory.end(), 10, 0);  // comment, volume, attributes
    append_le32(directory, static_cast<std::uint32_t>(file.size()));
    append(directory, member.name);
    append_le32(file, 0x04034B50);
    append(file, common);
    append(file, member.name);
    append(file, packed);
  }
  const auto begin = static_cast<std::uint32_t>(file.size());
  append(file, directory);
  append_le32(file, 0x06054B50);
  append_le32(file, 0);
  append_le16(file, static_cast<std::uint16_t>(members.size()));
  append_le16(file, static_cast<std::uint16_t>(members.size()));
  append_le32(file, static_cast<std::uint32_t>(directory.size()));
  append_le32(file, begin);
  append_le16(file, static_cast<std::uint16_t>(comment.size()));
  append(file, comment);
  return file;
}

}  // namespace dfu
