#include "dfu/image/other_cores.h"

#include <algorithm>

namespace dfu {

namespace {

// The smallest AVR with a DFU loader has more vectors than this.
constexpr std::size_t avr_vectors = 9;

bool long_jumps(ByteView file) {
  if (file.size() < avr_vectors * 4) return false;
  for (std::size_t at = 0; at < avr_vectors * 4; at += 4) {
    const std::uint16_t first = le16(file, at);
    if ((first & 0xFE0E) != 0x940C) return false;
    const std::uint32_t words = (first & 1u) << 16 | le16(file, at + 2);
    if (words * 2 >= file.size()) return false;
  }
  return true;
}

// A jump says how far, so that two in a row to one place differ; equal ones are bytes that fill.
bool short_jumps(ByteView file) {
  if (file.size() < avr_vectors * 2 || le16(file, 0) == le16(file, 2)) return false;
  for (std::size_t at = 0; at < avr_vectors * 2; at += 2) {
    const std::uint16_t word = le16(file, at);
    if ((word & 0xF000) != 0xC000) return false;
    const std::size_t target = at + 2 + (word & 0x0FFFu) * 2;
    if ((word & 0x0800) != 0 || target >= file.size()) return false;
  }
  return true;
}

// What a start does first: jump, load an address or a constant, set a control register, fence.
bool begins_like_risc_v(ByteView file) {
  const std::uint32_t word = le32(file, 0);
  const std::uint32_t opcode = word & 0x7F;
  const bool jump = (word & 0xFFF) == 0x06F;
  const bool upper = opcode == 0x17 || opcode == 0x37;
  const bool control = opcode == 0x73 && (word & 0x3000) != 0;
  const bool constant = (word & 0xFF07F) == 0x00013;
  const bool fence = opcode == 0x0F;
  // Keeps what the stage before left in a register: mv, also as add with zero.
  const bool move = (word & 0xFFF0707F) == 0x00000013 || (word & 0xFFF0707F) == 0x00000033;
  const std::uint32_t half = word & 0xFFFF;
  const bool short_jump = (half & 0xE003) == 0xA001, short_constant = (half & 0xE003) == 0x4001 || half == 0x0001;
  const bool short_move = (half & 0xF003) == 0x8002 && (half & 0x007C) != 0 && (half & 0x0F80) != 0;
  return move || short_move || jump || upper || control || constant || fence || short_jump || short_constant;
}

bool is_return(ByteView file, std::size_t at) {
  return le16(file, at) == 0x8082 || (at + 4 <= file.size() && le32(file, at) == 0x00008067);
}

// Makes room on the stack: addi sp, sp, -16 to -144, in either length.
bool is_prologue(ByteView file, std::size_t at) {
  constexpr std::uint16_t shorts[] = {0x1101, 0x1141, 0x7179, 0x7139, 0x715D, 0x711D, 0x7119, 0x7175};
  if (std::ranges::find(shorts, le16(file, at)) != std::end(shorts)) return true;
  return at + 4 <= file.size() && (le32(file, at) & 0x800FFFFF) == 0x80010113;
}

}  // namespace

bool is_avr_program(ByteView file) {
  return long_jumps(file) || short_jumps(file);
}

bool is_risc_v_program(ByteView file) {
  constexpr std::size_t enough = 32 * 1024, least = 256;
  if (file.size() < least || !begins_like_risc_v(file)) return false;
  file = file.first(std::min(file.size(), enough));
  std::size_t returns = 0, prologues = 0;
  for (std::size_t at = 0; at + 2 <= file.size(); at += 2) {
    returns += is_return(file, at);
    prologues += is_prologue(file, at);
  }
  // Compiled code has one of each in some hundred bytes; Thumb code and chance have hardly any.
  return returns >= std::max<std::size_t>(3, file.size() / 1024) &&
         prologues >= std::max<std::size_t>(2, file.size() / 2048);
}

}  // namespace dfu
