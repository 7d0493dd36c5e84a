// Parts of a program, each with its address, put together. Only for the readers of files that have such. Pure.
#pragma once

#include <vector>

#include "dfu/image/containers.h"

namespace dfu {

struct Element {
  std::uint32_t address = 0;
  Bytes bytes;

  std::uint32_t end() const { return address + static_cast<std::uint32_t>(bytes.size()); }
};

inline bool wraps(std::uint32_t address, std::size_t size) {
  return size > 0xFFFFFFFFu - address;
}

// Two parts for the same bytes are refused, even where they agree. REQUIRES: no element is empty or wraps.
ContentResult put_together(std::vector<Element> elements);

}  // namespace dfu
