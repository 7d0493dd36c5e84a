#include "scheduler/remark.h"

#include <algorithm>
#include <array>
#include <utility>

namespace scheduler {

namespace {

struct Row {
  RemarkCode code;
  RemarkKind kind;
  std::string_view name;
};

constexpr std::array rows{
    Row{RemarkCode::proof_pending, RemarkKind::proof, "proof-pending"},
    Row{RemarkCode::proof_by_reread, RemarkKind::proof, "proof-by-reread"},
    Row{RemarkCode::reset_stayed, RemarkKind::recovery, "reset-stayed"},
    Row{RemarkCode::reset_left, RemarkKind::recovery, "reset-left"},
    Row{RemarkCode::unit_answers, RemarkKind::recovery, "unit-answers"},
    Row{RemarkCode::unit_back, RemarkKind::recovery, "unit-back"},
    Row{RemarkCode::rung_failed, RemarkKind::recovery, "rung-failed"},
    Row{RemarkCode::port_not_switched, RemarkKind::recovery, "port-not-switched"},
    Row{RemarkCode::power_not_cut, RemarkKind::recovery, "power-not-cut"},
    Row{RemarkCode::unit_not_back, RemarkKind::recovery, "unit-not-back"},
    Row{RemarkCode::replug_unit, RemarkKind::recovery, "replug-unit"},
    Row{RemarkCode::port_without_power, RemarkKind::recovery, "port-without-power"},
    Row{RemarkCode::partial_same, RemarkKind::partial_flash, "partial-same"},
    Row{RemarkCode::partial_same_port, RemarkKind::partial_flash, "partial-same-port"},
    Row{RemarkCode::partial_other, RemarkKind::partial_flash, "partial-other"},
    Row{RemarkCode::partial_at_start, RemarkKind::partial_flash, "partial-at-start"},
    Row{RemarkCode::id_twice, RemarkKind::duplicate_id, "id-twice"},
    Row{RemarkCode::id_again, RemarkKind::duplicate_id, "id-again"},
    Row{RemarkCode::suspect_slot, RemarkKind::suspect, "suspect-slot"},
    Row{RemarkCode::suspect_port, RemarkKind::suspect, "suspect-port"},
    Row{RemarkCode::suspect_hub, RemarkKind::suspect, "suspect-hub"},
    Row{RemarkCode::port_closed, RemarkKind::quarantine, "port-closed"},
    Row{RemarkCode::port_closed_again, RemarkKind::quarantine, "port-closed-again"},
    Row{RemarkCode::port_good, RemarkKind::release, "port-good"},
    Row{RemarkCode::port_released, RemarkKind::release, "port-released"},
    Row{RemarkCode::hub_slowed, RemarkKind::slowed, "hub-slowed"},
    Row{RemarkCode::hub_stopped, RemarkKind::slowed, "hub-stopped"},
    Row{RemarkCode::hub_part_released, RemarkKind::slowed, "hub-part-released"},
    Row{RemarkCode::hub_released, RemarkKind::release, "hub-released"},
    Row{RemarkCode::hub_good, RemarkKind::release, "hub-good"},
    Row{RemarkCode::slots_moved, RemarkKind::topology, "slots-moved"},
    Row{RemarkCode::slots_back, RemarkKind::topology, "slots-back"},
    Row{RemarkCode::identity_copied, RemarkKind::identity, "identity-copied"},
    Row{RemarkCode::unit_keeps_coming, RemarkKind::identity, "unit-keeps-coming"},
    Row{RemarkCode::host_late, RemarkKind::host, "host-late"},
    Row{RemarkCode::neighbours_kept, RemarkKind::neighbours, "neighbours-kept"},
    Row{RemarkCode::neighbours_erased, RemarkKind::neighbours, "neighbours-erased"},
    Row{RemarkCode::neighbours_at_risk, RemarkKind::neighbours, "neighbours-at-risk"},
    Row{RemarkCode::neighbours_lost, RemarkKind::neighbours, "neighbours-lost"},
    Row{RemarkCode::map_ignored, RemarkKind::memory_map, "map-ignored"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  }
  return true;
}
static_assert(in_order() && rows.size() == static_cast<std::size_t>(RemarkCode::map_ignored) + 1);

const Row& row_of(RemarkCode code) {
  return rows[static_cast<std::size_t>(code)];
}

// The values of one remark, as text.
class Values {
 public:
  explicit Values(const RemarkValues& values) : values_(values) {}

  std::string operator[](const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return {};
    if (const auto* number = std::get_if<std::int64_t>(&found->second)) return std::to_string(*number);
    return std::get<std::string>(found->second);
  }
  bool has(const std::string& name) const { return !(*this)[name].empty(); }
  bool yes(const std::string& name) const { return (*this)[name] == "1"; }

 private:
  const RemarkValues& values_;
};

// "slot A1", "port 1-1.2"
std::string place(const Values& values, const std::string& name) {
  return values[name + "_is"] + " " + values[name];
}

std::string in_step(const Values& values) {
  return values.has("step") ? " in step " + values["step"] : "";
}

std::string mode(const Values& values) {
  return values["mode"] == "dfu" ? ", in dfuIDLE." : ", in application mode.";
}

std::string recovery(const Values& values, const std::string& outcome) {
  return "Recovery by " + values["rung"] + ", after " + values["fault"] + ": " + outcome;
}

std::string suspect(const Values& values, const std::string& kind) {
  return "Suspect " + kind + " " + values["name"] + (values.yes("first") ? "" : ", not this unit") + ": " +
         values["failed"] + " of " + values["units"] + " units failed here, " + values["others_failed"] + " of " +
         values["others_units"] +
         " elsewhere. Try the unit in another slot, and look at socket, cable and supply of this one.";
}

std::string on_the_wire(const Values& values) {
  return values["failed"] + " of the last " + values["attempts"] + " attempts here failed on the wire, on " +
         values["ports"] + " ports; " + values["others_failed"] + " of " + values["others_attempts"] +
         " behind other hubs";
}

std::string somebody(const Values& values) {
  return values.has("by") ? values["by"] : "a person";
}

std::string why(const Values& values) {
  return values.has("reason") ? " (" + values["reason"] + ")" : "";
}

std::string partial_at_start(const Values& values) {
  const std::string unit = values.has("unit") ? "unit " + values["unit"] + " on port " + values["port"]
                                              : "the unit on port " + values["port"] + ", whose id is not known,";
  return "Before this start, attempt " + values["attempt"] + " left " + unit + " half-written" + in_step(values) +
         ". It must not be used before it is flashed again.";
}

std::string neighbours(const Values& values) {
  return values["bytes"] + " bytes belong to no step and share a sector with one (" + values["list"] + ")";
}

std::string slots_moved(const Values& values) {
  return values["count"] + (values["count"] == "1" ? " slot is" : " slots are") +
         " not where the station file says: " + values["list"] +
         ". Put hub and cable back where they were, or name the sockets again.";
}

}  // namespace

std::string_view to_string(RemarkKind kind) {
  switch (kind) {
    case RemarkKind::proof:
      return "proof";
    case RemarkKind::duplicate_id:
      return "duplicate-id";
    case RemarkKind::partial_flash:
      return "half-written";
    case RemarkKind::recovery:
      return "recovery";
    case RemarkKind::quarantine:
      return "quarantine";
    case RemarkKind::release:
      return "release";
    case RemarkKind::suspect:
      return "suspect";
    case RemarkKind::slowed:
      return "slowed";
    case RemarkKind::topology:
      return "topology";
    case RemarkKind::identity:
      return "identity";
    case RemarkKind::host:
      return "host";
    case RemarkKind::neighbours:
      return "neighbours";
    case RemarkKind::memory_map:
      return "memory-map";
  }
  return {};
}

std::string_view to_string(RemarkCode code) {
  return row_of(code).name;
}

RemarkKind kind_of(RemarkCode code) {
  return row_of(code).kind;
}

std::vector<RemarkCode> all_remark_codes() {
  std::vector<RemarkCode> codes;
  for (const Row& row : rows) codes.push_back(row.code);
  return codes;
}

RemarkValues values_of(const Decision& decision) {
  RemarkValues values;
  if (!decision.by.empty()) values["by"] = decision.by;
  if (!decision.reason.empty()) values["reason"] = decision.reason;
  return values;
}

Remark make_remark(RemarkCode code, std::string attempt, std::string about, RemarkValues values) {
  return {kind_of(code), code, std::move(attempt), std::move(about), std::move(values)};
}

RemarkValues places(const std::vector<dfu::Range>& ranges) {
  constexpr std::size_t most = 4;  // more would be no news
  std::int64_t bytes = 0;
  std::string list;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    bytes += ranges[i].size();
    if (i > most) continue;
    list += i == 0 ? "" : ", ";
    list += i == most ? "..." : dfu::hex_address(ranges[i].begin) + " to " + dfu::hex_address(ranges[i].end);
  }
  return {{"bytes", bytes}, {"list", list}};
}

RemarkValues places(const std::map<std::uint32_t, dfu::Bytes>& bytes) {
  std::vector<dfu::Range> ranges;
  for (const auto& [begin, held] : bytes) ranges.push_back({begin, begin + static_cast<std::uint32_t>(held.size())});
  return places(ranges);
}

std::string why_closed(const RemarkValues& given) {
  const Values values(given);
  if (!values.has("count")) return "the unit that was to try this port failed too, by " + values["fault"];
  return values["count"] + " units in a row failed here, the last by " + values["fault"] +
         ", while others pass elsewhere";
}

std::string english(const Remark& remark) {
  return english(remark.code, remark.values);
}

std::string english(RemarkCode code, const RemarkValues& given) {
  const Values values(given);
  switch (code) {
    case RemarkCode::proof_pending:
      return "Only the proof of boot is left: attempt " + values["attempt"] + " wrote and verified this unit.";
    case RemarkCode::proof_by_reread:
      return "The unit does not say which build it runs; its firmware is compared once more instead.";
    case RemarkCode::reset_stayed:
    case RemarkCode::reset_left:
      return "Recovery by USB reset, because the unit came in a state that had no other way out: it " +
             std::string(code == RemarkCode::reset_left ? "left the bus." : "stayed on the bus.");
    case RemarkCode::unit_answers:
      return recovery(values, "the unit answers" + mode(values));
    case RemarkCode::unit_back:
      return recovery(values, "the unit was back after " + values["seconds"] + " s and answers" + mode(values));
    case RemarkCode::rung_failed:
      return recovery(values, values["detail"]);
    case RemarkCode::port_not_switched:
      return recovery(values, "the hub does not switch this port on its own, or not now.");
    case RemarkCode::power_not_cut:
      return recovery(values, "the unit stayed on the bus: this hub says that it cuts the power, and does not.");
    case RemarkCode::unit_not_back:
      return recovery(values, "the unit left the bus and was not back after " + values["seconds"] + " s.");
    case RemarkCode::replug_unit:
      return recovery(values, "Unplug this unit, and plug it in again.");
    case RemarkCode::port_without_power:
      return recovery(values, "The hub did not switch port " + values["port"] +
                                  " on again. Unplug the hub from its supply and plug it in again.");
    case RemarkCode::partial_same:
      return "Attempt " + values["attempt"] + " left this unit, which was on port " + values["port"] +
             " then, half-written" + in_step(values) + ". It is flashed again now.";
    case RemarkCode::partial_same_port:
      return "Attempt " + values["attempt"] + " left the unit that was here last half-written" + in_step(values) +
             ". If this is the same one, it is flashed again now.";
    case RemarkCode::partial_other:
      return "Attempt " + values["attempt"] + " left the unit that was here last half-written" + in_step(values) +
             ". This is another unit: find that one.";
    case RemarkCode::partial_at_start:
      return partial_at_start(values);
    case RemarkCode::id_twice:
      return "Two units say that they are " + values["unit"] + ": one in " + place(values, "there") + " and one in " +
             place(values, "here") + ". One of them is a copy.";
    case RemarkCode::id_again:
      return "Unit " + values["unit"] + " was here before, in " + place(values, "there") +
             ": it is flashed again, or it is a copy.";
    case RemarkCode::suspect_slot:
      return suspect(values, "slot");
    case RemarkCode::suspect_port:
      return suspect(values, "port");
    case RemarkCode::suspect_hub:
      return suspect(values, "hub");
    case RemarkCode::port_closed:
    case RemarkCode::port_closed_again:
      return "This port is closed: " + why_closed(given) + ".";
    case RemarkCode::port_good:
      return "This port is good again: the unit that tested it passed.";
    case RemarkCode::port_released:
      return "This port was released" + (values.has("by") ? " by " + values["by"] : "") + why(values) +
             ": the next unit here is its test.";
    case RemarkCode::hub_slowed:
      return "hub-suspect: this hub is slowed to " + values["limit"] + (values["limit"] == "1" ? " unit" : " units") +
             " at once: " + on_the_wire(values) + ".";
    case RemarkCode::hub_stopped:
      return "hub-suspect: this hub is stopped, its units wait: " + on_the_wire(values) +
             ". Look at its supply and its cable, then release it.";
    case RemarkCode::hub_part_released:
      return "hub-suspect: this hub is slowed to " + values["limit"] + (values["limit"] == "1" ? " unit" : " units") +
             " at once: " + somebody(values) + " released it" + why(values) + ".";
    case RemarkCode::hub_released:
      return "This hub works at its full width again: " + somebody(values) + " released it" + why(values) + ".";
    case RemarkCode::hub_good:
      return "This hub works at its full width again: attempts go well at half its width.";
    case RemarkCode::slots_moved:
      return slots_moved(values);
    case RemarkCode::slots_back:
      return "Every slot is where the station file says again.";
    case RemarkCode::identity_copied:
      return "Copied identity: unit " + values["unit"] + " keeps the id " + values["stored"] +
             " in its configuration, which is not its own. Its configuration was copied from another unit. The bytes "
             "that were verified were read back from it once more.";
    case RemarkCode::unit_keeps_coming:
      return "A unit that shows no id has come back to port " + values["port"] + " " + values["times"] +
             " times, each time within " + values["seconds"] +
             " s: it may keep resetting itself. It is not flashed. Take it out, and leave the port empty for longer "
             "than that.";
    case RemarkCode::host_late:
      return "This computer did not run the program for " + values["seconds"] +
             " s: all time limits were extended by that. Check which other programs run on it.";
    case RemarkCode::neighbours_kept:
      return neighbours(values) + " and were kept: they were read, written back after the erase, and read back.";
    case RemarkCode::neighbours_erased:
      return neighbours(values) + " and are lost with the erase of their sector, as the recipe says.";
    case RemarkCode::neighbours_at_risk:
      return neighbours(values) +
             " and are not in the unit now: their sector was erased, and the attempt ended before they were written "
             "back. "
             "This station keeps them as long as it runs, and writes them back to this unit on this port.";
    case RemarkCode::neighbours_lost:
      return "An attempt on this port erased " + values["bytes"] + " bytes that belong to no step (" + values["list"] +
             ") and did not write them back. Nothing shows that this unit is the one that held them, so they are not "
             "written to it. If it is, they are lost: restore them by hand.";
    case RemarkCode::map_ignored:
      return "Parts of this unit's memory map are not understood and are ignored: " + values["list"] + ".";
  }
  return {};
}

}  // namespace scheduler
