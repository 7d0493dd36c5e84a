#include "dfu/particle/extensions.h"

#include <algorithm>

#include "dfu/particle/kinds.h"

namespace dfu::particle {
namespace {

enum RecordType : std::uint16_t { end_of_records = 0, product_data = 1, dependency = 3, name = 0x11, asset = 0x12 };

struct Record {
  std::uint16_t type = 0;
  ByteView data;  // behind type and length
};

constexpr std::uint32_t record_header = 4;

// One record after the other, up to the end record or a damaged one. `size` becomes the bytes that they take.
std::vector<Record> read_records(ByteView bytes, std::uint32_t& size) {
  std::vector<Record> records;
  size = 0;
  while (bytes.size() >= record_header) {
    const std::uint16_t type = le16(bytes, 0);
    const std::uint16_t length = le16(bytes, 2);
    if (length < record_header || length > bytes.size()) break;
    size += length;
    if (type == end_of_records) break;
    records.push_back({type, bytes.subspan(record_header, length - record_header)});
    bytes = bytes.subspan(length);
  }
  return records;
}

std::vector<Record> prefix_records(ByteView body, const Module& module, std::uint32_t& size) {
  size = 0;
  if (!module.has(flag::extended)) return {};
  return read_records(body.subspan(module.header_offset + header_size), size);
}

std::string text_of(ByteView bytes) {
  std::string text(bytes.begin(), bytes.end());
  // A name goes to people and into records: nothing that a terminal obeys.
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

void put_product(ByteView fields, Module& module) {
  const std::uint16_t id = le16(fields, 0);
  const std::uint16_t version = le16(fields, 2);
  if (id != 0xFFFF) module.product_id = id;
  if (version != 0xFFFF) module.product_version = version;
}

// Type of hash (0 is SHA-256), its length, the hash, the name.
void put_asset(ByteView data, Module& module) {
  AssetNeed need;
  if (data.size() < 2 + need.sha256.size() || data[1] != need.sha256.size()) return;
  std::ranges::copy(data.subspan(2, need.sha256.size()), need.sha256.begin());
  need.name = text_of(data.subspan(2 + need.sha256.size()));
  module.assets.push_back(std::move(need));
}

void put_dependency(ByteView data, Module& module) {
  if (data.size() < 4) return;
  const auto function = function_from(data[0]);
  if (function) module.dependencies.push_back({*function, data[1], le16(data, 2)});
}

// Records of other types are nothing that is needed here.
void take(const std::vector<Record>& records, Module& module) {
  for (const auto& [type, data] : records) {
    if (type == product_data && data.size() >= 6) put_product(data.subspan(2), module);
    if (type == dependency) put_dependency(data, module);
    if (type == name) module.name = text_of(data);
    if (type == asset) put_asset(data, module);
  }
}

}  // namespace

std::uint32_t suffix_size(ByteView body, const Module& module) {
  const std::size_t front = module.header_offset + header_size;
  if (body.size() < front + base_suffix_size) return 0;
  const std::uint16_t size = le16(body, body.size() - 2);
  return size < base_suffix_size || size > body.size() - front ? 0 : size;
}

std::uint32_t prefix_size(ByteView body, const Module& module) {
  std::uint32_t size = 0;
  prefix_records(body, module, size);
  return header_size + size;
}

void read_tail(ByteView body, Module& module) {
  std::uint32_t taken = 0;
  take(prefix_records(body, module, taken), module);
  const std::uint32_t size = suffix_size(body, module);
  if (size == 0) return;
  const ByteView suffix = body.last(size);
  module.hash.emplace();
  std::ranges::copy(suffix.last(base_suffix_size).subspan(2, module.hash->size()), module.hash->begin());
  const ByteView front = suffix.first(size - base_suffix_size);
  // Two plain fields in the suffix as it was from 0.4.3 to 2.x; records in every longer one.
  if (front.size() == 4) return put_product(front, module);
  take(read_records(front, taken), module);
}

}  // namespace dfu::particle
