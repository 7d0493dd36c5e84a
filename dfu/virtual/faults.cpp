#include "dfu/virtual/faults.h"

namespace dfu::virt {

namespace {

using Phase = Moment::Phase;

// A unit that goes away does so while the data is on the wire; everything else happens to the work itself.
Phase block_phase(FaultKind kind) {
  const bool goes =
      kind == FaultKind::unplug || kind == FaultKind::move || kind == FaultKind::late || kind == FaultKind::never_back;
  return goes ? Phase::block_download : Phase::block_work;
}

bool about_start(FaultKind kind) {
  return kind == FaultKind::fallback || kind == FaultKind::safe_mode;
}

bool about_status(FaultKind kind) {
  return kind == FaultKind::poll_lie || kind == FaultKind::drop_status;
}

// There is something in this transfer that the fault can change.
bool can_strike(FaultKind kind, const Moment& moment) {
  const bool has_data = moment.phase == Phase::block_work || moment.phase == Phase::flash_read;
  if (kind == FaultKind::corrupt) return has_data && !moment.data.empty();
  if (about_status(kind)) return moment.status;
  if (about_start(kind)) return moment.phase == Phase::leave;
  return true;
}

bool due(const FaultSpec& fault, const Moment& moment) {
  if (!can_strike(fault.kind, moment)) return false;
  // A bad cable strikes whatever passes through it.
  const bool cable = fault.kind == FaultKind::cable;
  switch (fault.at.kind) {
    case FaultPoint::Kind::block:
      return (cable || about_start(fault.kind) || moment.phase == block_phase(fault.kind)) &&
             moment.block >= fault.at.number;
    case FaultPoint::Kind::request:
      return moment.request >= fault.at.number;
    case FaultPoint::Kind::address:
      return (cable || moment.phase == block_phase(fault.kind)) && moment.data.contains(fault.at.number);
    case FaultPoint::Kind::leave:
      return moment.phase == Phase::leave;
    case FaultPoint::Kind::survey:
      return about_status(fault.kind) ? moment.block == 0 : moment.phase == Phase::flash_read;
    case FaultPoint::Kind::returned:
      return moment.returned && fault.kind != FaultKind::unplug;
  }
  return false;
}

}  // namespace

FaultTable::FaultTable(const std::vector<FaultSpec>& faults) {
  for (const auto& spec : faults) add(spec);
}

void FaultTable::add(const FaultSpec& fault) {
  faults_.push_back({fault, std::mt19937(fault.seed)});
}

bool FaultTable::rolls(Entry& entry) {
  if (entry.spec.probability >= 1.0) return true;
  constexpr double sides = 4294967296.0;
  return entry.dice() < entry.spec.probability * sides;
}

std::optional<FaultTable::Strike> FaultTable::strike(const Moment& moment) {
  for (auto& entry : faults_) {
    FaultSpec& fault = entry.spec;
    if (fault.times <= 0 || !due(fault, moment) || !rolls(entry)) continue;
    --fault.times;
    const bool named = fault.at.kind == FaultPoint::Kind::address;
    const bool reached = fault.kind == FaultKind::cable && entry.dice() % 2 == 0;
    return Strike{fault.kind, named ? fault.at.number : moment.data.begin, reached};
  }
  return {};
}

std::optional<Duration> FaultTable::pulled_after_return() {
  for (auto& entry : faults_) {
    FaultSpec& fault = entry.spec;
    const bool meant = fault.kind == FaultKind::unplug && fault.at.kind == FaultPoint::Kind::returned;
    if (!meant || fault.times <= 0 || !rolls(entry)) continue;
    --fault.times;
    return std::chrono::milliseconds(fault.at.number);
  }
  return {};
}

}  // namespace dfu::virt
