// Is the unit on this port now the unit that an earlier fact is about, and by what evidence? One rule for every gap:
// the return after leave, settling, each rung of recovery, between two attempts, a pending proof, a return after the
// verdict. A port names a socket and never a unit, so that without evidence the answer is `Unknown`: the unit must be
// read once more, or the fact ends. Pure; any thread.
//
// Evidence, strongest first (docs/architecture.md, "When a verdict is given"): the same id, read from the unit itself;
// the same bytes, read back again; an absence that its own reset explains, while nothing else happened to the port.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dfu/bus.h"
#include "dfu/profile.h"

namespace scheduler {

enum class Evidence { reset_time, reread, id };  // weakest first
std::string_view to_string(Evidence evidence);   // "reset-time", "reread", "id"

// What is known of the unit of the fact.
class KnownUnit {
 public:
  // REQUIRES: same_unit did not find another unit.
  void note(const dfu::UnitInfo& shown, const dfu::Profile& profile);
  // A copy that the unit keeps of its id. Weak: it is copied with the unit's configuration.
  void note_stored(std::string id) { stored_ = std::move(id); }
  // The stored id is not the unit's own, as reading its bytes back has shown.
  bool contradicts_stored() const { return id_ && stored_ && *id_ != *stored_; }

  // Its own id if it has shown that, else the stored one.
  const std::optional<std::string>& id() const { return id_ ? id_ : stored_; }
  const std::optional<std::string>& own_id() const { return id_; }
  const std::optional<std::string>& stored_id() const { return stored_; }
  const std::optional<std::string>& chip_serial() const { return chip_serial_; }
  // The last one that showed itself by this USB id and release.
  const dfu::UnitInfo* shown_as(const dfu::UnitInfo& unit) const;

 private:
  std::optional<std::string> id_;           // shown as a serial, in DFU mode or in application mode
  std::optional<std::string> stored_;       // read from its configuration
  std::optional<std::string> chip_serial_;  // made from the chip's id, in DFU mode
  std::vector<dfu::UnitInfo> shown_;        // one for each USB id and release
};

// What happened on the port since the unit was certainly there.
struct Gap {
  // `others`: for how long other units of its bus may keep the host busy before this unit can be back.
  void left(dfu::Duration now, dfu::Duration others = {}) {
    if (departures++ == 0) gone_since = now;
    ahead = others;
  }
  void back(dfu::Duration now, dfu::Duration queue, dfu::Duration stood_still = {}) {
    absence = now - gone_since;
    queued = queue;
    late += stood_still;
  }

  int departures = 0;
  dfu::Duration gone_since{};
  dfu::Duration absence{};  // from the first departure to the last return
  // The end of the absence during which the host enumerated one unit after the other on that bus, without a pause.
  dfu::Duration queued{};
  dfu::Duration late{};   // within the absence the computer stood still for so long: the unit may have been back unseen
  dfu::Duration ahead{};  // of the last departure: so long others may come back before it
  bool told_to_go = false;  // by a request to leave, or to enter DFU mode; a USB reset and port power are not that
  bool handed = false;      // a person, or another program, may have had the unit
};

struct Same {
  Evidence by;
};
struct Other {
  std::string why;  // a part of a sentence: "serial B instead of A"
};
struct Unknown {
  std::string why;  // likewise: "it was away for 8.1 s, ..."
};
using SameUnit = std::variant<Same, Other, Unknown>;

// REQUIRES: at least one departure; a unit that never left needs no evidence.
SameUnit same_unit(const KnownUnit& known, const dfu::UnitInfo& now, const Gap& gap, const dfu::Profile& profile);

// The absence is longer than a reset takes, and the time in which the computer stood still may be all that made it so.
bool late_host_hides_reset(const Gap& gap, const dfu::Profile& profile);

// The unit that was `away` and has shown the same id may hold other bytes now: it was away for longer than a reset
// takes, without a request to leave.
bool bytes_in_doubt(const Gap& gap, const dfu::Profile& profile);

// In seconds: "8.1"
std::string tenths(dfu::Duration time);

}  // namespace scheduler
