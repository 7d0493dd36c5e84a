#include "scheduler/same_unit.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "dfu/fit.h"
#include "dfu/particle/identity.h"

namespace scheduler {

namespace {

// Some bootloaders show their id in upper case, others in lower case (docs/devices.md, "Serial numbers and chip ids").
bool same_text(const std::string& one, const std::string& other) {
  return std::ranges::equal(one, other,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

std::optional<std::string> own_id_of(const dfu::UnitInfo& unit, const dfu::Profile& profile) {
  return profile.platform ? dfu::particle::device_id(unit) : std::nullopt;
}

bool is_hub(const dfu::UnitInfo& unit) {
  constexpr std::uint8_t hub_class = 0x09;
  return std::ranges::any_of(unit.configuration.alternates,
                             [](const dfu::AltSetting& one) { return one.interface_class == hub_class; });
}

std::optional<Other> another(const KnownUnit& known, const dfu::UnitInfo& now, const dfu::Profile& profile) {
  if (const auto board = dfu::other_board(profile, now.id)) {
    return Other{"a unit of another kind, " + dfu::to_string(now.id) + " (" + *board + ")"};
  }
  if (is_hub(now)) return Other{"a hub, " + dfu::to_string(now.id)};
  const dfu::UnitInfo* alike = known.shown_as(now);
  if (alike && !alike->serial.empty() && !now.serial.empty() && !same_text(alike->serial, now.serial)) {
    return Other{"serial " + now.serial + " instead of " + alike->serial};
  }
  const auto id = own_id_of(now, profile);
  if (id && known.own_id() && *id != *known.own_id()) return Other{"id " + *id + " instead of " + *known.own_id()};
  return {};
}

bool within_reset(const Gap& gap, dfu::Duration explained, const dfu::Profile& profile) {
  const bool alone = gap.departures == 1 && gap.told_to_go && !gap.handed;
  return alone && gap.absence - std::min(explained, gap.absence) <= profile.reset_time;
}

bool explained_by_reset(const Gap& gap, const dfu::Profile& profile) {
  return within_reset(gap, gap.queued, profile);
}

Unknown unknown(const Gap& gap, const dfu::Profile& profile) {
  if (gap.departures > 1 || gap.handed || !gap.told_to_go) {
    return {"it was off the bus for " + tenths(gap.absence) + " s, not by its own reset, and shows no id"};
  }
  return {"it was off the bus for " + tenths(gap.absence) + " s, longer than the " + tenths(profile.reset_time) +
          " s of its own reset, and shows no id"};
}

}  // namespace

std::string tenths(dfu::Duration time) {
  const auto tenths = std::lround(dfu::seconds(time) * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::reset_time:
      return "reset-time";
    case Evidence::reread:
      return "reread";
    case Evidence::id:
      return "id";
  }
  return {};
}

void KnownUnit::note(const dfu::UnitInfo& shown, const dfu::Profile& profile) {
  if (auto id = own_id_of(shown, profile)) id_ = std::move(id);
  if (profile.serial_of_chip && in_dfu_mode(shown, profile) && !shown.serial.empty()) chip_serial_ = shown.serial;
  if (!shown_as(shown)) shown_.push_back(shown);
}

const dfu::UnitInfo* KnownUnit::shown_as(const dfu::UnitInfo& unit) const {
  const auto alike = std::ranges::find_if(
      shown_, [&](const dfu::UnitInfo& one) { return one.id == unit.id && one.release == unit.release; });
  return alike == shown_.end() ? nullptr : &*alike;
}

SameUnit same_unit(const KnownUnit& known, const dfu::UnitInfo& now, const Gap& gap, const dfu::Profile& profile) {
  if (auto other = another(known, now, profile)) return *std::move(other);
  const auto id = own_id_of(now, profile);
  if (id && known.own_id()) return Same{Evidence::id};
  // A serial that equals the one made from the chip's id is made from it, too.
  if (known.chip_serial() && same_text(*known.chip_serial(), now.serial)) return Same{Evidence::id};
  const bool explained = explained_by_reset(gap, profile);
  if (id && known.stored_id()) {
    if (*id != *known.stored_id()) {
      return Unknown{"it shows id " + *id + ", and id " + *known.stored_id() + " was stored in the unit before"};
    }
    if (explained) return Same{Evidence::id};
  }
  if (explained) return Same{Evidence::reset_time};
  return unknown(gap, profile);
}

bool late_host_hides_reset(const Gap& gap, const dfu::Profile& profile) {
  return !explained_by_reset(gap, profile) && within_reset(gap, gap.queued + gap.late, profile);
}

bool bytes_in_doubt(const Gap& gap, const dfu::Profile& profile) {
  return gap.handed || (!gap.told_to_go && gap.absence > profile.reset_time);
}

}  // namespace scheduler
