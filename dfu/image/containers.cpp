#include "dfu/image/containers.h"

#include <algorithm>

#include "dfu/image/elements.h"
#include "dfu/image/suffix.h"

namespace dfu {
namespace {

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

// The elements of the target that `rest` begins with; `rest` then begins behind it.
ContentResult parse_target(ByteView& rest, std::size_t number, std::size_t count) {
  const std::string which = count == 1 ? "target" : "target " + std::to_string(number) + " of " + std::to_string(count);
  if (rest.size() < target_size) return "is a DfuSe container that is cut off";
  const ByteView head = rest.first(target_size);
  if (!has_text(head, 0, "Target")) return "is a DfuSe container whose " + which + " is damaged";
  const std::uint32_t size = le32(head, 266);
  rest = rest.subspan(target_size);
  if (size > rest.size() || (number == count && size != rest.size())) {
    return "is a DfuSe container whose " + which + " should have " + std::to_string(size) + " bytes and has " +
           std::to_string(rest.size());
  }
  ContentResult result = parse_elements(rest.first(size), le32(head, 270));
  if (auto* content = std::get_if<Content>(&result)) content->alternate = head[6];
  rest = rest.subspan(size);
  return result;
}

// What is before the suffix, or what is wrong.
std::variant<ByteView, std::string> container(ByteView file) {
  const auto suffix = parse_suffix(file);
  if (!suffix) return "is a DfuSe container without the suffix that ends one: it is cut off";
  if (auto problem = suffix_problem(file, *suffix); !problem.empty()) return problem;
  if (suffix->dfu_version != dfuse_version) return "is a DfuSe container whose suffix is of another format";
  const ByteView whole = without_suffix(file, *suffix);
  if (whole.size() < prefix_size + target_size) return "is a DfuSe container that is cut off";
  // The size in the prefix is not looked at: older tools count differently (docs/devices.md, "DfuSe files").
  if (whole[5] != 1) return "is a DfuSe container of version " + std::to_string(whole[5]) + ", which is not known";
  if (whole[10] == 0) return "is a DfuSe container without a target";
  return whole;
}

}  // namespace

TargetsResult parse_dfuse(ByteView file) {
  const auto found = container(file);
  if (const auto* problem = std::get_if<std::string>(&found)) return *problem;
  const ByteView whole = std::get<ByteView>(found);
  const std::size_t count = whole[10];
  ByteView rest = whole.subspan(prefix_size);
  std::vector<Content> targets;
  for (std::size_t number = 1; number <= count; ++number) {
    ContentResult target = parse_target(rest, number, count);
    if (auto* problem = std::get_if<std::string>(&target)) return std::move(*problem);
    targets.push_back(std::move(std::get<Content>(target)));
    for (std::size_t i = 0; i + 1 < targets.size(); ++i) {
      if (targets[i].alternate != targets.back().alternate) continue;
      return "is a DfuSe container with two targets for alternate setting " + std::to_string(*targets[i].alternate);
    }
  }
  return targets;
}

}  // namespace dfu
