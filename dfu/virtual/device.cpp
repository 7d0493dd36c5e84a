#include "dfu/virtual/device.h"

#include <algorithm>
#include <cctype>

#include "dfu/hash.h"
#include "dfu/virtual/generations.h"

namespace dfu::virt {

Duration Device::dfu_start() const {
  return std::chrono::milliseconds(300);
}

std::string unit_id(const UnitSpec& spec) {
  std::string id = spec.id;
  std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!id.empty()) return id;
  return derived_id(spec.port.text);
}

std::string derived_id(const std::string& text) {
  const Sha256 digest = sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return to_hex(ByteView(digest).first(12));
}

namespace {

std::optional<std::string> problem_of_memories(const UnitSpec& spec, const ParticleBoard* board) {
  constexpr std::uint8_t serial_flash = 2;
  for (const MemorySpec& one : spec.beside) {
    const std::string which = "the memory on alternate setting " + std::to_string(one.alternate);
    if (!one.part) return which + " has no sectors";
    if (one.alternate == 0) return which + " is the unit's own flash";
    if (spec.profile == "stm32-rom" || spec.profile == "dfu11") continue;
    if (!board || board->profile != "p1" || one.alternate != serial_flash || spec.beside.size() > 1) {
      return which + " cannot be simulated for a unit of profile '" + spec.profile + "'";
    }
    if (!find_generation(spec.generation)->memory_by_alternate) {
      return which + " is not there in a bootloader of generation " + std::to_string(spec.generation);
    }
  }
  return {};
}

}  // namespace

std::optional<std::string> problem_of(const UnitSpec& spec) {
  const ParticleBoard* board = find_board(spec.profile);
  if (!board && spec.profile != "stm32-rom" && spec.profile != "dfu11") {
    return "the profile '" + spec.profile + "' cannot be simulated";
  }
  if (board && board->has_generations && !find_generation(spec.generation)) {
    return "there is no bootloader generation " + std::to_string(spec.generation);
  }
  const std::string id = unit_id(spec);
  if (id.size() != 24 || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return "the id must be 24 hex digits, not '" + id + "'";
  }
  return problem_of_memories(spec, board);
}

std::unique_ptr<Device> make_device(const UnitSpec& spec) {
  if (const ParticleBoard* board = find_board(spec.profile)) return make_particle_device(spec, *board);
  return spec.profile == "dfu11" ? make_plain_device(spec) : make_rom_device(spec);
}

const FlashGeometry& geometry_of(const UnitSpec& spec) {
  if (const ParticleBoard* board = find_board(spec.profile)) return *board->flash;
  if (spec.part) return *spec.part;
  return spec.profile == "dfu11" ? plain_flash() : stm32f2_flash();
}

}  // namespace dfu::virt
