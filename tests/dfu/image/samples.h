// Files that several tests begin with.
#pragma once

#include <string_view>

#include "dfu/bytes.h"
#include "dfu/particle/build.h"

namespace dfu {

inline Bytes bytes_of(std::string_view text) {
  return Bytes(text.begin(), text.end());
}

inline particle::ModuleSpec user_part_spec(std::uint32_t file_size) {
  particle::ModuleSpec spec;
  spec.version = 2;
  spec.start = 0x080A0000;
  spec.file_size = file_size;
  spec.dependencies = {{particle::Function::system_part, 2, 1}};
  return spec;
}

inline particle::ModuleSpec system_part_spec(std::uint32_t file_size) {
  particle::ModuleSpec spec;
  spec.function = particle::Function::system_part;
  spec.version = 3;
  spec.start = 0x08020000;
  spec.file_size = file_size;
  return spec;
}

// A program for a Cortex-M: vectors, then bytes.
inline Bytes program(std::uint32_t stack, std::uint32_t base, std::size_t size) {
  Bytes bytes;
  append_le32(bytes, stack);
  for (std::uint32_t vector = 1; vector < 16; ++vector) append_le32(bytes, base + 0x100 + vector * 8 + 1);
  while (bytes.size() < size) bytes.push_back(static_cast<std::uint8_t>(bytes.size() * 31 + 7));
  return bytes;
}

}  // namespace dfu
