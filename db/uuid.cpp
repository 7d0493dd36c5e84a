#include "db/uuid.h"

#include <algorithm>
#include <stdexcept>

#include <sodium.h>

namespace db {

namespace {

constexpr std::array<std::size_t, 4> kHyphens{8, 13, 18, 23};

bool is_hyphen_place(std::size_t place) {
  return std::ranges::find(kHyphens, place) != kHyphens.end();
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Time now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string to_string(const Uuid& uuid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (const std::uint8_t byte : uuid.bytes) {
    if (is_hyphen_place(text.size())) text += '-';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0F];
  }
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_place(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = digit(text[i]);
    if (value < 0) return std::nullopt;
    std::uint8_t& byte = uuid.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
    ++digits;
  }
  return uuid;
}

UuidGenerator::UuidGenerator() {
  // Fails only where the system has no random numbers at all.
  if (sodium_init() < 0) throw std::runtime_error("The system gives no random numbers (libsodium).");
}

void UuidGenerator::stay_after(const Uuid& earlier) {
  std::int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | earlier.bytes[static_cast<std::size_t>(i)];
  const std::lock_guard lock(mutex_);
  if (ms < last_ms_) return;
  last_ms_ = ms;
  counter_ = 0x0FFF;  // full: the next one takes the next millisecond
}

Uuid UuidGenerator::next(Time time) {
  Uuid uuid;
  randombytes_buf(uuid.bytes.data(), uuid.bytes.size());

  std::int64_t ms = time.time_since_epoch().count();
  std::uint32_t counter = 0;
  {
    const std::lock_guard lock(mutex_);
    if (ms > last_ms_) {
      last_ms_ = ms;
      // Starts in the lower half, so that 2048 or more fit into one millisecond (RFC 9562 6.2, method 1).
      counter_ = (uuid.bytes[6] & 0x07U) << 8 | uuid.bytes[7];
    } else if (++counter_ > 0x0FFF) {
      ++last_ms_;
      counter_ = 0;
    }
    ms = last_ms_;
    counter = counter_;
  }
  for (int i = 0; i < 6; ++i) uuid.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | counter >> 8);
  uuid.bytes[7] = static_cast<std::uint8_t>(counter);
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3F));
  return uuid;
}

}  // namespace db
