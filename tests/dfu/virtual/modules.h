// Particle modules written byte by byte, and control requests in short: what the tests of the virtual unit share.
// Made here and not with dfu/particle, which must not agree with the virtual unit by construction.
#pragma once

#include <zlib.h>

#include "dfu/bus.h"
#include "dfu/bytes.h"
#include "dfu/protocol.h"
#include "dfu/virtual/unit.h"

namespace dfu::virt::testing {

struct Dependency {
  std::uint8_t function = 0;
  std::uint8_t index = 0;
  std::uint16_t version = 0;
};

struct Module {
  std::uint32_t start = 0;
  std::uint32_t size = 1024;  // with the checksum
  std::uint8_t function = 5;
  std::uint8_t index = 1;
  std::uint16_t version = 1;
  std::uint16_t platform = 6;
  bool vectors = false;  // the header stands at 0x184
  Dependency first{};
  Dependency second{};
  std::uint8_t filling = 0x5A;
};

inline void close_with_checksum(Bytes& image) {
  const auto crc = static_cast<std::uint32_t>(::crc32(0, image.data(), static_cast<uInt>(image.size())));
  for (int shift = 24; shift >= 0; shift -= 8) image.push_back(static_cast<std::uint8_t>(crc >> shift));
}

inline Bytes make(const Module& m) {
  Bytes image;
  if (m.vectors) {
    append_le32(image, 0x20005000);
    image.resize(0x184, 0);
  }
  append_le32(image, m.start);
  append_le32(image, m.start + m.size - 4);
  append_le16(image, 0);
  append_le16(image, m.version);
  append_le16(image, m.platform);
  image.push_back(m.function);
  image.push_back(m.index);
  for (const auto& d : {m.first, m.second}) {
    image.push_back(d.function);
    image.push_back(d.index);
    append_le16(image, d.version);
  }
  image.resize(m.size - 4, m.filling);
  close_with_checksum(image);
  return image;
}

inline Module part1(std::uint16_t version) {
  return {.start = 0x08020000, .size = 200000, .function = 4, .index = 1, .version = version, .vectors = true};
}
inline Module part2(std::uint16_t version) {
  return {.start = 0x08060000,
          .size = 150000,
          .function = 4,
          .index = 2,
          .version = version,
          .vectors = true,
          .first = {4, 1, version}};
}
inline Module user(std::uint16_t system_version) {
  return {.start = 0x080A0000, .size = 5000, .version = 2, .first = {4, 2, system_version}};
}

// System parts of this version and a user module that fits them.
inline void install(Flash& flash, std::uint16_t version) {
  flash.place(0x08020000, make(part1(version)));
  flash.place(0x08060000, make(part2(version)));
  flash.place(0x080A0000, make(user(version)));
}

inline Setup setup(Request request, std::uint16_t value, std::uint16_t length) {
  const bool in = request == Request::upload || request == Request::getstatus || request == Request::getstate;
  return {in ? request_type_in : request_type_out, static_cast<std::uint8_t>(request), value, 0, length};
}

inline Reaction download(VirtualUnit& unit, std::uint16_t block, const Bytes& data) {
  return unit.control(setup(Request::dnload, block, static_cast<std::uint16_t>(data.size())), data);
}
inline Reaction upload(VirtualUnit& unit, std::uint16_t block, std::uint16_t size) {
  return unit.control(setup(Request::upload, block, size));
}
inline Reaction get_status(VirtualUnit& unit) {
  return unit.control(setup(Request::getstatus, 0, 6));
}
inline Reaction simple(VirtualUnit& unit, Request request) {
  return unit.control(setup(request, 0, 0));
}

// A command or a block with both its GETSTATUS; the reaction is the first one's, inside which the work is done.
inline Reaction work(VirtualUnit& unit, std::uint16_t block, const Bytes& data) {
  download(unit, block, data);
  Reaction first = get_status(unit);
  get_status(unit);
  return first;
}

inline VirtualUnit unit_of(int generation, std::vector<FaultSpec> faults = {}) {
  UnitSpec spec;
  spec.port.text = "1-1.1";
  spec.generation = generation;
  spec.faults = std::move(faults);
  return VirtualUnit(spec);
}

}  // namespace dfu::virt::testing
