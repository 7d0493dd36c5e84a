// What a set of attempts comes to. Pure; any thread. A unit is counted once, by its last attempt: by its chip or device
// id where it was read, else by its visit, because serials are not unique (docs/architecture.md, "Words").
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/reader.h"

namespace reports {

struct Summary {
  std::uint64_t attempts = 0;
  std::uint64_t units = 0;
  std::array<std::uint64_t, 7> units_by_outcome{};  // index: db::Outcome; by the last attempt of each unit
  std::uint64_t first_pass = 0;                     // units that ended well at their first attempt
  std::optional<db::Time> first;                    // start of the first attempt
  std::optional<db::Time> last;                     // end of the last attempt, as far as it is known

  std::uint64_t of(db::Outcome outcome) const { return units_by_outcome[static_cast<std::size_t>(outcome)]; }
  std::uint64_t good() const { return of(db::Outcome::passed) + of(db::Outcome::already); }
  std::uint64_t with_verdict() const { return units - of(db::Outcome::running); }
  // 0..1 of the units with a verdict; nothing without any.
  std::optional<double> yield() const;
  std::optional<double> first_pass_yield() const;
  std::optional<double> attempts_per_unit() const;
};

// Where a unit stands: a port and, where the station file gives it one, its label. Stations that were merged into one
// record have ports of the same name.
struct SlotKey {
  std::string station, port, slot;

  const std::string& name() const { return slot.empty() ? port : slot; }
  auto operator<=>(const SlotKey&) const = default;
};

// One unit of a Summary.
struct UnitSeen {
  db::Outcome first = db::Outcome::error;  // of its first attempt
  db::Outcome last = db::Outcome::error;
  db::Time at;                  // start of its first attempt
  std::uint32_t first_place{};  // of its first and its last attempt; index into places()
  std::uint32_t last_place{};
  int attempts = 0;
};

struct UuidHash {
  std::size_t operator()(const db::Uuid& uuid) const;
};

// Takes attempts one by one, in the order in which they were started, and can be asked at any time.
class Summarizer {
 public:
  // Returns where it was: an index into places().
  std::uint32_t add(const db::Attempt& attempt);
  // Where it was is not known, and is not asked for.
  void add(const db::Outline& attempt);
  Summary summary() const;
  std::vector<UnitSeen> units() const;
  const std::vector<SlotKey>& places() const { return places_; }  // in the order in which they were seen

 private:
  struct Unit {
    std::size_t same_as = 0;  // index; its own unless it turned out to be one seen before
    UnitSeen seen;
  };

  void add(const db::Outline& attempt, std::uint32_t place);
  std::size_t unit_of(const db::Outline& attempt, std::uint32_t place);
  std::uint32_t place_of(const db::Attempt& attempt);
  std::size_t root(std::size_t unit) const;

  using ByVisit = std::pmr::unordered_map<db::Uuid, std::size_t, UuidHash>;
  using ById = std::pmr::unordered_map<std::string_view, std::size_t>;

  std::string_view kept(const std::string& id);

  // Of a million units, freed all at once: neither the maps nor what they hold is ever destroyed, the memory is.
  std::pmr::monotonic_buffer_resource memory_;
  // A retry may be the first attempt of a visit to read the id, and show that the unit was here before.
  ByVisit& by_visit_ = *std::pmr::polymorphic_allocator<>(&memory_).new_object<ByVisit>();
  ById& by_id_ = *std::pmr::polymorphic_allocator<>(&memory_).new_object<ById>();
  std::vector<Unit> units_;
  std::map<SlotKey, std::uint32_t> by_place_;
  std::vector<SlotKey> places_;
  Summary counts_;
};

}  // namespace reports
