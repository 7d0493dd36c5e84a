#include "tests/fuzz/binary_targets.h"

#include <algorithm>

#include "dfu/descriptors.h"
#include "dfu/image/archive.h"
#include "dfu/image/containers.h"
#include "dfu/image/formats.h"
#include "dfu/image/image.h"
#include "dfu/image/mcuboot.h"
#include "dfu/image/programs.h"
#include "dfu/image/suffix.h"
#include "dfu/memory_map.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

using dfu::Bytes;
using dfu::ByteView;

namespace {

void check_ranges(const std::vector<dfu::Range>& ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    PROMISE(ranges[i].begin < ranges[i].end);
    PROMISE(i == 0 || ranges[i - 1].end < ranges[i].begin);
  }
}

void check_content(const dfu::ContentResult& result) {
  const auto* content = std::get_if<dfu::Content>(&result);
  if (!content) {
    PROMISE(!std::get<std::string>(result).empty());
    return;
  }
  check_ranges(content->ranges);
  std::size_t size = 0;
  for (const dfu::Range& range : content->ranges) size += range.size();
  PROMISE(size == content->bytes.size());
}

void check_targets(const dfu::TargetsResult& result) {
  if (const auto* problem = std::get_if<std::string>(&result)) {
    PROMISE(!problem->empty());
    return;
  }
  PROMISE(!std::get<0>(result).empty());
  for (const dfu::Content& one : std::get<0>(result)) {
    PROMISE(one.alternate);
    check_content(one);
  }
}

Bytes copy(ByteView input) {
  return Bytes(input.begin(), input.end());
}

// The whole way that a file goes; everything that `inspect` promises of any file.
void check_file(ByteView input) {
  const dfu::ImageFacts facts = dfu::identify(input);
  PROMISE(facts.sound == facts.problem.empty());
  PROMISE(facts.kind != dfu::ImageKind::particle_module || facts.module);
  PROMISE(facts.module || facts.kind != dfu::ImageKind::particle_module);
  check_ranges(facts.ranges);
  if (facts.module) dfu::particle::describe(*facts.module);
}

void put_crc(Bytes& file, std::size_t end) {
  const std::uint32_t crc = dfu::crc32(ByteView(file).first(end));
  for (int i = 0; i < 4; ++i) file[end + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
}

void check_module(ByteView file) {
  using namespace dfu::particle;
  const ModuleResult result = parse_module(file);
  if (const auto* damaged = std::get_if<DamagedModule>(&result)) PROMISE(!damaged->problem.empty());
  const auto* module = std::get_if<Module>(&result);
  if (!module) return;
  std::size_t size = module->stored_size();
  for (const Module& next : module->following) size += next.stored_size();
  PROMISE(size == file.size());
  PROMISE(module->start < module->end);
  PROMISE(module->has(flag::combined) == !module->following.empty());
  PROMISE(parse_header(file.subspan(module->header_offset, 24)));
}

}  // namespace

// Once as it is, and once with the CRC that nobody finds by chance put right.
void module_target(ByteView input) {
  check_module(input);
  check_file(input);
  dfu::particle::resemblance(input);
  if (input.size() < 4) return;
  Bytes file = copy(input);
  put_crc(file, file.size() - 4);
  check_module(file);
}

void suffix_target(ByteView input) {
  const auto check = [](ByteView file) {
    const auto suffix = dfu::parse_suffix(file);
    if (!suffix) return;
    PROMISE(dfu::without_suffix(file, *suffix).size() <= file.size());
    if (!dfu::suffix_problem(file, *suffix).empty()) return;
    PROMISE(suffix->length >= 16 && dfu::without_suffix(file, *suffix).size() + suffix->length == file.size());
  };
  check(input);
  if (input.size() < 16) return;
  Bytes file = copy(input);
  std::copy_n("UFD", 3, file.end() - 8);
  const std::uint32_t crc = ~dfu::crc32(ByteView(file).first(file.size() - 4));
  for (int i = 0; i < 4; ++i) file[file.size() - 4 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  check(file);
  check_file(file);
}

void dfuse_target(ByteView input) {
  check_targets(dfu::parse_dfuse(input));
  Bytes file = copy(input);
  for (const std::uint8_t byte : {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1A, 0x01, 'U' + 0, 'F' + 0, 'D' + 0, 16}) {
    file.push_back(byte);
  }
  const std::uint32_t crc = ~dfu::crc32(file);
  dfu::append_le32(file, crc);
  check_targets(dfu::parse_dfuse(file));
  check_file(file);
}

void s_record_target(ByteView input) {
  check_content(dfu::parse_s_records(input));
  check_file(input);
}

void intel_hex_target(ByteView input) {
  check_content(dfu::parse_intel_hex(input));
  check_file(input);
}

// Once as it is, and once with the magic that nobody finds by chance.
void mcuboot_target(ByteView input) {
  check_file(input);
  Bytes file = copy(input);
  if (file.size() < 4) return;
  std::copy_n("\x3D\xB8\xF3\x96", 4, file.begin());
  PROMISE(dfu::parse_mcuboot(file));
  check_file(file);
}

void uf2_target(ByteView input) {
  check_ranges(dfu::read_uf2(input).ranges);
  check_file(input);
}

void elf_target(ByteView input) {
  check_ranges(dfu::read_elf(input).ranges);
  check_file(input);
}

void zip_target(ByteView input) {
  const auto result = dfu::read_zip(input);
  if (const auto* problem = std::get_if<std::string>(&result)) PROMISE(!problem->empty());
  check_file(input);
}

void layout_target(ByteView input) {
  const std::string text(input.begin(), input.end());
  std::string problem;
  const auto map = dfu::parse_memory_map(text, &problem);
  PROMISE(map ? !map->sectors.empty() : !problem.empty());
  if (!map) return;
  std::uint64_t end = 0;
  for (const dfu::Sector& sector : map->sectors) {
    PROMISE(sector.range.begin >= end && sector.range.end > sector.range.begin);
    end = sector.range.end;
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(map->sectors.size(), 16); ++i) {
    PROMISE(map->find(map->sectors[i].range.begin) == &map->sectors[i]);
    PROMISE(map->covering(map->sectors[i].range).size() == 1);
  }
}

void descriptors_target(ByteView input) {
  dfu::parse_configuration(input);
  const std::string text = dfu::parse_string_descriptor(input);
  PROMISE(text.size() <= 3 * input.size());
  dfu::parse_status(input);
}

}  // namespace fuzz
