#include "dfu/image/elements.h"

#include <algorithm>

namespace dfu {

namespace {

std::string span(std::uint32_t begin, std::uint32_t end) {
  return hex_address(begin) + " to " + hex_address(end);
}

}  // namespace

ContentResult put_together(std::vector<Element> elements) {
  std::ranges::stable_sort(elements, {}, &Element::address);
  Content content;
  const Element* furthest = nullptr;
  for (const Element& one : elements) {
    if (furthest && one.address < furthest->end()) {
      return "has two parts for the bytes from " + hex_address(one.address) + " on: one at " +
             span(furthest->address, furthest->end()) + ", one at " + span(one.address, one.end());
    }
    furthest = &one;
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

}  // namespace dfu
