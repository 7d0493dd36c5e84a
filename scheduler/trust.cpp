#include "scheduler/trust.h"

#include <utility>

#include "scheduler/fault_policy.h"
#include "scheduler/outcome.h"

namespace scheduler {

namespace {

// A unit counts for its slot and its hub.
bool counts(const AttemptFinished& last, const VerdictReached& verdict) {
  if (is_good(verdict.outcome)) return true;
  return verdict.outcome == Outcome::failed && (!last.fault || counts_for_slot(last.fault->code));
}

// For the record. `code`: suspect_slot, suspect_port or suspect_hub; `name`: its label or port.
Remark suspected(RemarkCode code, std::string attempt, const std::string& name, const Suspicion::Finding& found) {
  return make_remark(code, std::move(attempt), name,
                     {{"name", name},
                      {"failed", std::int64_t{found.failed}},
                      {"units", std::int64_t{found.units}},
                      {"others_failed", std::int64_t{found.others_failed}},
                      {"others_units", std::int64_t{found.others_units}},
                      {"first", std::int64_t{found.first}}});
}

}  // namespace

Trust::Judgement Trust::judged(const AttemptFinished& last, const VerdictReached& verdict) {
  if (!counts(last, verdict)) return {};
  const dfu::PortPath& port = verdict.port;
  const std::string& attempt = last.started.attempt;
  const bool good = is_good(verdict.outcome);
  Judgement judgement;
  std::vector<Remark>& remarks = judgement.remarks;
  const std::string fault(last.fault ? dfu::to_string(last.fault->code) : std::string_view());
  if (const auto change = quarantine_.judged(port, good, last.unit, fault)) {
    judgement.port_changed = true;
    remarks.push_back(*change == Quarantine::Change::closed ? port_closed(port, attempt, *quarantine_.cause(port))
                                                            : make_remark(RemarkCode::port_good, attempt, port.text));
  }
  const bool labelled = !verdict.slot.empty();
  const std::string slot = labelled ? verdict.slot : port.text;
  if (const auto found = slots_.judged(slot, !good)) {
    remarks.push_back(suspected(labelled ? RemarkCode::suspect_slot : RemarkCode::suspect_port, attempt, slot, *found));
  }
  const std::string hub = port.hub().text;
  if (const auto found = hubs_.judged(hub, !good)) {
    remarks.push_back(suspected(RemarkCode::suspect_hub, attempt, hub, *found));
  }
  return judgement;
}

std::optional<HubThrottle::State> Trust::ended(const AttemptFinished& finished) {
  const auto& fault = finished.fault;
  const bool speaks = !fault || outcome_of(*fault) == Outcome::failed;
  if (!hubs_watched_ || !speaks) return std::nullopt;
  return care_.ended(finished.started.port, fault && on_the_wire(fault->code));
}

}  // namespace scheduler
