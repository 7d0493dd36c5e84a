#include "dfu/particle/build.h"

#include <algorithm>
#include <random>

#include "dfu/particle/kinds.h"

namespace dfu::particle {
namespace {

// Product id and version, reserved, SHA-256, size: the suffix as it is from 0.4.3 on (docs/devices.md, "Module suffix
// and checksums").
constexpr std::uint32_t suffix_size = 40;
constexpr std::uint32_t crc_size = 4;

void put_le16(Bytes& bytes, std::uint32_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value);
  bytes[at + 1] = static_cast<std::uint8_t>(value >> 8);
}

void put_le32(Bytes& bytes, std::uint32_t at, std::uint32_t value) {
  put_le16(bytes, at, static_cast<std::uint16_t>(value));
  put_le16(bytes, at + 2, static_cast<std::uint16_t>(value >> 16));
}

void put_be32(Bytes& bytes, std::uint32_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

// Never 0xFF, so that no part of a module looks like erased flash.
Bytes filling(std::uint32_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random() & 0x7F); });
  return bytes;
}

// Initial stack pointer and reset vector, where the processor looks for them.
void put_vectors(Bytes& bytes, const ModuleSpec& spec, std::uint32_t header) {
  const Mcu mcu = mcu_of(spec.platform);
  if (header == 0 || mcu == Mcu::rtl872x) return;
  put_le32(bytes, 0, mcu == Mcu::stm32f1 ? 0x20005000 : 0x20020000);
  put_le32(bytes, 4, (spec.start + header + header_size) | 1);
}

void put_header(Bytes& bytes, const ModuleSpec& spec, std::uint32_t at) {
  put_le32(bytes, at, spec.start);
  put_le32(bytes, at + 4, spec.start + spec.file_size - crc_size);
  put_le16(bytes, at + 8, 0);
  put_le16(bytes, at + 10, spec.version);
  put_le16(bytes, at + 12, static_cast<std::uint16_t>(spec.platform));
  bytes[at + 14] = static_cast<std::uint8_t>(spec.function);
  bytes[at + 15] = spec.index;
  assert(spec.dependencies.size() <= 2);
  put_le32(bytes, at + 16, 0);
  put_le32(bytes, at + 20, 0);
  std::uint32_t field = at + 16;
  for (const Dependency& dependency : spec.dependencies) {
    bytes[field] = static_cast<std::uint8_t>(dependency.function);
    bytes[field + 1] = dependency.index;
    put_le16(bytes, field + 2, dependency.version);
    field += 4;
  }
}

// The records of a module with assets, in front of the suffix's fixed end (docs/devices.md, "Module flags and
// extensions").
Bytes asset_records(const ModuleSpec& spec) {
  constexpr std::uint16_t asset_type = 0x12;
  constexpr std::uint16_t front = 6;  // type, length, kind of hash, length of the hash
  Bytes records;
  for (const AssetNeed& asset : spec.assets) {
    append_le16(records, asset_type);
    append_le16(records, static_cast<std::uint16_t>(front + asset.sha256.size() + asset.name.size()));
    records.push_back(0);
    records.push_back(static_cast<std::uint8_t>(asset.sha256.size()));
    records.insert(records.end(), asset.sha256.begin(), asset.sha256.end());
    records.insert(records.end(), asset.name.begin(), asset.name.end());
  }
  return records;
}

void put_suffix(Bytes& bytes, const ModuleSpec& spec) {
  const std::uint32_t end = spec.file_size - crc_size;
  const Bytes records = asset_records(spec);
  if (records.empty()) {
    put_le16(bytes, end - 40, static_cast<std::uint16_t>(spec.platform));  // product id: the platform's own
    put_le16(bytes, end - 38, 0xFFFF);                                     // product version: none
  } else {
    std::ranges::copy(records, bytes.begin() + (end - 36 - static_cast<std::uint32_t>(records.size())));
  }
  put_le16(bytes, end - 36, 0);
  put_le16(bytes, end - 2, static_cast<std::uint16_t>(records.empty() ? suffix_size : 36 + records.size()));
  const Sha256 hash = sha256(ByteView(bytes).first(end - 34));
  std::ranges::copy(hash, bytes.begin() + (end - 34));
}

}  // namespace

Bytes build_module(const ModuleSpec& spec) {
  const std::uint32_t header = header_offset(spec.platform, spec.function, spec.index);
  assert(spec.file_size >= header + header_size + suffix_size + crc_size);
  Bytes bytes = filling(spec.file_size, spec.seed);
  put_vectors(bytes, spec, header);
  put_header(bytes, spec, header);
  put_suffix(bytes, spec);
  const std::uint32_t end = spec.file_size - crc_size;
  put_be32(bytes, end, crc32(ByteView(bytes).first(end)));
  return bytes;
}

}  // namespace dfu::particle
