#include "dfu/image/containers.h"

#include <algorithm>

#include "dfu/image/formats.h"
#include "dfu/image/suffix.h"

namespace dfu {
namespace {

struct Element {
  std::uint32_t address = 0;
  Bytes bytes;

  std::uint32_t end() const { return address + static_cast<std::uint32_t>(bytes.size()); }
};

bool wraps(std::uint32_t address, std::size_t size) {
  return size > 0xFFFFFFFFu - address;
}

ContentResult put_together(std::vector<Element> elements) {
  std::ranges::stable_sort(elements, {}, &Element::address);
  Content content;
  for (const Element& one : elements) {
    if (!content.ranges.empty() && one.address < content.ranges.back().end) {
      return "has two parts for the bytes from " + hex_address(one.address) + " on";
    }
    if (!content.ranges.empty() && one.address == content.ranges.back().end) {
      content.ranges.back().end = one.end();
    } else {
      content.ranges.push_back({one.address, one.end()});
    }
    content.bytes.insert(content.bytes.end(), one.bytes.begin(), one.bytes.end());
  }
  if (content.ranges.empty()) return "has no bytes to flash";
  return content;
}

constexpr std::size_t prefix_size = 11;
constexpr std::size_t target_size = 274;
constexpr std::size_t element_size = 8;
constexpr std::uint16_t dfuse_version = 0x011A;

bool has_text(ByteView file, std::size_t at, std::string_view text) {
  const ByteView there = file.subspan(at, text.size());
  return std::equal(there.begin(), there.end(), text.begin(), text.end(),
                    [](std::uint8_t byte, char letter) { return byte == static_cast<std::uint8_t>(letter); });
}

// REQUIRES: `elements` is what follows the target's prefix.
ContentResult parse_elements(ByteView elements, std::uint32_t count) {
  std::vector<Element> found;
  for (std::uint32_t i = 1; i <= count; ++i) {
    const std::string which = "has a damaged element " + std::to_string(i) + " of " + std::to_string(count) + ": ";
    if (elements.size() < element_size) return which + "it is cut off";
    const std::uint32_t address = le32(elements, 0);
    const std::uint32_t size = le32(elements, 4);
    elements = elements.subspan(element_size);
    if (size == 0) return which + "it is empty";
    if (size > elements.size()) {
      return which + "it should have " + std::to_string(size) + " bytes and has " + std::to_string(elements.size());
    }
    if (wraps(address, size)) return which + "it reaches past the end of the address space";
    found.push_back({address, Bytes(elements.begin(), elements.begin() + size)});
    elements = elements.subspan(size);
  }
  if (!elements.empty()) return "has " + std::to_string(elements.size()) + " bytes that belong to no element";
  return put_together(std::move(found));
}

}  // namespace

ContentResult parse_dfuse(ByteView file) {
  const auto suffix = parse_suffix(file);
  if (!suffix) return "is a DfuSe container without the suffix that ends one: it is cut off";
  if (auto problem = suffix_problem(file, *suffix); !problem.empty()) return problem;
  if (suffix->dfu_version != dfuse_version) return "is a DfuSe container whose suffix is of another format";
  const ByteView whole = without_suffix(file, *suffix);
  if (whole.size() < prefix_size + target_size) return "is a DfuSe container that is cut off";
  // The size in the prefix is not looked at: older tools count differently (facts/dfu.md 2.5).
  if (whole[5] != 1) return "is a DfuSe container of version " + std::to_string(whole[5]) + ", which is not known";
  if (whole[10] != 1) {
    return "is a DfuSe container for " + std::to_string(whole[10]) +
           " memories, and a unit is flashed in one: make a file for each";
  }
  const ByteView target = whole.subspan(prefix_size);
  if (!has_text(target, 0, "Target")) return "is a DfuSe container whose target is damaged";
  const ByteView elements = target.subspan(target_size);
  if (le32(target, 266) != elements.size()) {
    return "is a DfuSe container whose target should have " + std::to_string(le32(target, 266)) + " bytes and has " +
           std::to_string(elements.size());
  }
  ContentResult result = parse_elements(elements, le32(target, 270));
  if (auto* content = std::get_if<Content>(&result)) content->alternate = target[6];
  return result;
}

namespace {

class HexReader {
 public:
  ContentResult read(ByteView file) {
    while (!file.empty() && problem_.empty()) {
      const auto end = std::ranges::find_if(file, [](std::uint8_t byte) { return byte == '\n' || byte == '\r'; });
      const auto length = static_cast<std::size_t>(end - file.begin());
      ++line_;
      line(file.first(length));
      const bool pair = length + 1 < file.size() && file[length] == '\r' && file[length + 1] == '\n';
      file = file.subspan(std::min(file.size(), length + (pair ? 2 : 1)));
    }
    if (problem_.empty() && !ended_) return "has no end record: the file is cut off";
    if (!problem_.empty()) return "has a damaged line " + std::to_string(line_) + ": " + problem_;
    return put_together(std::move(elements_));
  }

 private:
  enum Type : std::uint8_t { data = 0, end_of_file = 1, segment = 2, start_segment = 3, linear = 4, start_linear = 5 };

  void line(ByteView text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text = text.first(text.size() - 1);
    if (text.empty()) return;
    if (ended_) return fail("there is something after the end record");
    if (text[0] != ':') return fail("it does not begin with a colon");
    const Bytes record = hex_pairs(text.subspan(1));
    if (record.size() * 2 + 1 != text.size()) return fail("it has something that is no pair of hexadecimal digits");
    if (record.size() < 5 || record.size() != record[0] + 5u) return fail("its length is not what it says");
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : record) sum = static_cast<std::uint8_t>(sum + byte);
    if (sum != 0) return fail("its checksum is wrong");
    take(record[3], be16(record, 1), ByteView(record).subspan(4, record[0]));
  }

  void take(std::uint8_t type, std::uint16_t offset, ByteView bytes) {
    const auto want = [&](std::size_t size) {
      if (bytes.size() != size) fail("its length does not go with its type");
      return bytes.size() == size;
    };
    switch (static_cast<Type>(type)) {
      case data:
        return add(offset, bytes);
      case end_of_file:
        ended_ = want(0);
        return;
      case segment:
        if (want(2)) base_ = std::uint32_t{be16(bytes, 0)} << 4;
        return;
      case linear:
        if (want(2)) base_ = std::uint32_t{be16(bytes, 0)} << 16;
        return;
      case start_segment:
      case start_linear:
        want(4);
        return;
    }
    fail("its type " + std::to_string(type) + " is not known");
  }

  void add(std::uint16_t offset, ByteView bytes) {
    if (bytes.empty()) return;
    if (offset + bytes.size() > 0x10000) return fail("it reaches past the end of its 64 KiB");
    const std::uint32_t address = base_ + offset;
    if (wraps(address, bytes.size())) return fail("it reaches past the end of the address space");
    if (elements_.empty() || elements_.back().end() != address) elements_.push_back({address, {}});
    elements_.back().bytes.insert(elements_.back().bytes.end(), bytes.begin(), bytes.end());
  }

  static std::uint16_t be16(ByteView bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
  }
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  std::vector<Element> elements_;
  std::uint32_t base_ = 0;
  std::size_t line_ = 0;
  bool ended_ = false;
  std::string problem_;
};

}  // namespace

ContentResult parse_intel_hex(ByteView file) {
  return HexReader().read(file);
}

}  // namespace dfu
