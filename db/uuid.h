// UUIDv7 (RFC 9562): 48 bits of UTC milliseconds, version, a counter, random bits. Keys of the record: they sort in the
// order in which they were made and need no agreement between stations. Uuid is a value; UuidGenerator may be shared by
// threads. 16 bytes in tables, 36 characters elsewhere.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace db {

// UTC. The record holds it as milliseconds since 1970.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

Time now();

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
};

std::string to_string(const Uuid& uuid);  // "0193c5a0-...", lower case
// Nothing unless it is 36 characters of hexadecimal digits with hyphens in their places.
std::optional<Uuid> parse_uuid(std::string_view text);

class UuidGenerator {
 public:
  UuidGenerator();

  // Greater than every one made before by this generator, also when `time` stands still or steps back.
  Uuid next(Time time);
  Uuid next() { return next(now()); }
  // What comes is greater than this one, too: made by a program that ran before, whatever the clock did since.
  void stay_after(const Uuid& earlier);

 private:
  std::mutex mutex_;
  // Guarded by mutex_
  std::int64_t last_ms_ = -1;
  std::uint32_t counter_ = 0;  // 12 bits
};

}  // namespace db
