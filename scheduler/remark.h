// Something beside the attempts that people should know and that is on record. It changes no verdict.
// A remark carries a code and values; it has no sentence. Who shows it says it in the words and the language of that
// screen: `english` for the record, the console and the log, the board's page by its own files of words. Pure values;
// any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dfu/bytes.h"

namespace scheduler {

// What it is about: the `kind` of its row in the record.
enum class RemarkKind {
  proof,          // another proof of boot was given than the recipe names, or a pending one
  duplicate_id,   // the same id in two places, or again
  partial_flash,  // a unit with a partial flash is back, or another one in its place
  recovery,       // a rung of the recovery ladder was tried
  quarantine,     // a port is closed
  release,        // a port or hub is in use again
  suspect,        // a port or hub fails more than its peers
  slowed,         // fewer units at once behind a hub
  topology,       // slots are not where the station file says, or are there again
  identity,       // a unit's stored id is not its own, or nothing says which unit keeps coming back
  host,           // the computer itself
  neighbours,     // bytes of the unit that belong to no step, in a sector that was erased
  memory_map,     // a part of the memory map that is not understood
};
std::string_view to_string(RemarkKind kind);

enum class RemarkCode {
  proof_pending,       // attempt
  proof_by_reread,     //
  reset_stayed,        // a reset in the survey; the unit stayed on the bus
  reset_left,          // and left the bus
  unit_answers,        // rung, fault, mode
  unit_back,           // rung, fault, mode, seconds
  rung_failed,         // rung, fault, detail
  port_not_switched,   // rung, fault
  power_not_cut,       // rung, fault
  unit_not_back,       // rung, fault, seconds
  replug_unit,         // rung, fault: a person has to
  port_without_power,  // rung, fault, port: a person has to
  partial_same,        // attempt, step, port: this unit, which was there then
  partial_same_port,   // attempt, step: what is on the port now may be the unit
  partial_other,       // attempt, step: what is on the port now is not the unit
  partial_at_start,    // attempt, step, port, unit: before this start
  id_twice,            // unit, there, there_is ("slot" or "port"), here, here_is: in two places at once
  id_again,            // unit, there, there_is
  suspect_slot,        // name, failed, units, others_failed, others_units, first
  suspect_port,        // likewise
  suspect_hub,         // likewise
  port_closed,         // count, fault
  port_closed_again,   // fault: of its probe
  port_good,           //
  port_released,       // by, reason
  hub_slowed,          // limit, failed, attempts, ports, others_failed, others_attempts
  hub_stopped,         // likewise, without limit
  hub_part_released,   // limit, by, reason: from stopped to slowed
  hub_released,        // by, reason
  hub_good,            //
  slots_moved,         // count, list
  slots_back,          //
  identity_copied,     // unit, stored: its own id, and the one that it keeps
  unit_keeps_coming,   // port, times, seconds: and shows no id
  host_late,           // seconds: for which the computer did not let the program run
  neighbours_kept,     // bytes, list: erased, written back and read back
  neighbours_erased,   // bytes, list: erased, as the recipe says
  neighbours_at_risk,  // bytes, list: erased and not written back, by this attempt or one before
  neighbours_lost,     // bytes, list: an earlier attempt erased them; nothing says that this is that unit
  map_ignored,         // list: parts of its memory map that are not understood and are ignored
};
std::string_view to_string(RemarkCode code);  // "port-closed"
RemarkKind kind_of(RemarkCode code);
std::vector<RemarkCode> all_remark_codes();

using RemarkValue = std::variant<std::int64_t, std::string>;
using RemarkValues = std::map<std::string, RemarkValue>;

struct Remark {
  RemarkKind kind = RemarkKind::proof;  // of its code
  RemarkCode code = RemarkCode::proof_pending;
  std::string attempt;    // empty: belongs to none
  std::string about;      // port, hub, slot or unit id; empty: the line
  RemarkValues values{};  // by name, as the code says
};
// Who decided something, and why. Empty where nobody was asked.
struct Decision {
  std::string by;
  std::string reason;
};
// "by" and "reason", those that there are.
RemarkValues values_of(const Decision& decision);

Remark make_remark(RemarkCode code, std::string attempt, std::string about, RemarkValues values = {});

// Of the remarks about neighbours: how many bytes, and where.
RemarkValues places(const std::vector<dfu::Range>& ranges);
RemarkValues places(const std::map<std::uint32_t, dfu::Bytes>& bytes);

// Why a port is closed, of the values of `port_closed` and `port_closed_again`; without a full stop.
std::string why_closed(const RemarkValues& values);

// A sentence, for the record and for people who read English.
std::string english(const Remark& remark);
// As `english`, for values that stand alone.
std::string english(RemarkCode code, const RemarkValues& values);

}  // namespace scheduler
