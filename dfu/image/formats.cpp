#include "dfu/image/formats.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <string_view>

namespace dfu {
namespace {

bool starts_with(ByteView file, std::string_view signature) {
  const auto same = [](std::uint8_t byte, char letter) { return byte == static_cast<std::uint8_t>(letter); };
  return file.size() >= signature.size() && std::ranges::equal(file.first(signature.size()), signature, same);
}

bool is_blank(std::uint8_t byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

constexpr std::uint8_t no_digit = 0xFF;

// A file has millions of them: a look-up takes a third of the time of a comparison.
constexpr std::array<std::uint8_t, 256> hex_digits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) digits['0' + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<std::uint8_t>(10 + i);
  return digits;
}();

// The first 16 words of a Cortex-M program: stack pointer, then the system's own handlers.
constexpr std::size_t system_vectors = 16;

bool in_any(std::uint32_t address, std::span<const Range> places) {
  return std::ranges::any_of(places, [address](Range one) { return one.contains(address); });
}

// Where a Cortex-M's stack may be: SRAM, Kinetis' lower half of it, core-coupled memory, RAM on the code bus (LPC), and
// RAM outside the chip. The stack grows down, so its end counts too.
bool is_stack(std::uint32_t address) {
  constexpr Range places[] = {{0x20000000, 0x40000000}, {0x1FFE0000, 0x20000000}, {0x10000000, 0x10100000},
                              {0x04000000, 0x04010000}, {0x60000000, 0xA0000000}, {0xC0000000, 0xE0000000}};
  return address >= 4 && in_any(address - 4, places);
}

// From where a Cortex-M runs code: the code and SRAM regions, and external memory (QSPI, SDRAM).
bool is_code(std::uint32_t address) {
  constexpr Range places[] = {{0x00000000, 0x40000000}, {0x60000000, 0xA0000000}};
  return in_any(address, places);
}

bool is_handler(std::uint32_t vector) {
  return (vector & 1) != 0 && is_code(vector) && (vector & ~1u) != 0;
}

struct Span {
  std::uint32_t lowest = 0xFFFFFFFF;
  std::uint32_t highest = 0;

  void add(std::uint32_t value) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
};

// Lowest and highest handler among the first `count` words; nothing if one of them is no handler. An empty entry is
// allowed, except for the three that every program has: reset, NMI and hard fault.
std::optional<Span> handlers(ByteView file, std::size_t count) {
  if (file.size() < count * 4) return std::nullopt;
  Span span;
  for (std::size_t entry = 1; entry < count; ++entry) {
    const std::uint32_t vector = le32(file, entry * 4);
    if (vector == 0 && entry > 3) continue;
    if (!is_handler(vector)) return std::nullopt;
    span.add(vector);
  }
  return span;
}

}  // namespace

Bytes hex_pairs(ByteView text) {
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    const std::uint8_t high = hex_digits[text[at]], low = hex_digits[text[at + 1]];
    if (high == no_digit || low == no_digit) break;
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

bool is_elf(ByteView file) {
  return starts_with(file,
                     "\x7F"
                     "ELF");
}

bool is_zip(ByteView file) {
  return starts_with(file, "PK\x03\x04") || starts_with(file, "PK\x05\x06");
}

bool is_uf2(ByteView file) {
  return file.size() >= 8 && le32(file, 0) == 0x0A324655 && le32(file, 4) == 0x9E5D5157;
}

bool is_dfuse(ByteView file) {
  // A text about the format may begin with the word; a container goes on with its version.
  return starts_with(file, "DfuSe") && file.size() > 5 && file[5] < ' ' && !is_blank(file[5]);
}

ByteView without_byte_order_mark(ByteView file) {
  return starts_with(file, "\xEF\xBB\xBF") ? file.subspan(3) : file;
}

bool is_s_record(ByteView text) {
  if (text.size() < 10 || (text[0] != 'S' && text[0] != 's') || text[1] < '0' || text[1] > '9') return false;
  const Bytes record = hex_pairs(text.subspan(2, std::min<std::size_t>(text.size() - 2, 2 * 256)));
  if (record.empty() || record[0] < 3 || record.size() < record[0] + 1u) return false;
  std::uint8_t sum = 0;
  for (std::size_t at = 0; at < record[0] + 1u; ++at) sum = static_cast<std::uint8_t>(sum + record[at]);
  return sum == 0xFF;
}

bool is_intel_hex_record(ByteView file) {
  if (file.empty() || file[0] != ':') return false;
  // Length, address (2), type, data, checksum: 260 bytes at most.
  const ByteView line = file.subspan(1, std::min<std::size_t>(file.size() - 1, 2 * 260));
  const Bytes record = hex_pairs(line);
  if (record.size() < 5 || record.size() < record[0] + 5u) return false;
  std::uint8_t sum = 0;
  for (std::size_t at = 0; at < record[0] + 5u; ++at) sum = static_cast<std::uint8_t>(sum + record[at]);
  return sum == 0 && record[3] <= 5;
}

bool is_text(ByteView file) {
  const ByteView beginning = file.first(std::min<std::size_t>(file.size(), 512));
  // Beyond ASCII for UTF-8, but no text begins there.
  const auto is_printed = [](std::uint8_t byte) { return (byte >= ' ' && byte != 0x7F) || is_blank(byte); };
  return !file.empty() && file[0] < 0x80 && std::ranges::all_of(beginning, is_printed);
}

bool is_utf16_text(ByteView file) {
  const bool little = starts_with(file, "\xFF\xFE"), big = starts_with(file, "\xFE\xFF");
  if (file.size() < 4 || (!little && !big)) return false;
  Bytes letters;  // the lower halves
  for (std::size_t at = 2; at + 1 < std::min<std::size_t>(file.size(), 512); at += 2) {
    if (file[at + (little ? 1 : 0)] != 0) return false;
    letters.push_back(file[at + (little ? 0 : 1)]);
  }
  return is_text(letters);
}

bool is_html(ByteView file) {
  file = without_byte_order_mark(file);
  const auto first = std::ranges::find_if_not(file, is_blank);
  file = file.subspan(static_cast<std::size_t>(first - file.begin()));
  if (file.size() < 2 || file[0] != '<') return false;
  const bool tag = file[1] == '!' || file[1] == '?' || std::isalpha(file[1]) != 0;
  return tag && is_text(file);
}

bool runs_on_core(ByteView file) {
  constexpr std::uint32_t stack_top = 0x20005000;
  constexpr std::uint32_t base = 0x08005000;
  constexpr std::uint32_t end = 0x08020000;
  if (file.size() < 8 || file.size() > end - base || le32(file, 0) != stack_top) return false;
  const auto span = handlers(file, system_vectors);
  return span && span->lowest >= base && span->highest < base + file.size();
}

bool is_legacy_core(ByteView file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return runs_on_core(file) && text.find("spark") != std::string_view::npos;
}

bool is_cortex_m_program(ByteView file) {
  if (file.size() < system_vectors * 4) return false;
  const std::uint32_t stack = le32(file, 0);
  if (!is_stack(stack) || stack % 4 != 0) return false;
  // Some vendors use reserved entries for a checksum or a size: only the reset, NMI and hard fault handlers are judged.
  const auto span = handlers(file, 4);
  return span && span->highest - span->lowest < file.size();
}

}  // namespace dfu
