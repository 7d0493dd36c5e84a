#include "dfu/virtual/faults.h"

namespace dfu::virt {

namespace {

using Phase = Moment::Phase;

// A unit that goes away does so while the data is on the wire; everything else happens to the work itself.
Phase block_phase(FaultKind kind) {
  return kind == FaultKind::unplug ? Phase::block_download : Phase::block_work;
}

bool due(const FaultSpec& fault, const Moment& moment) {
  const bool has_data = moment.phase == Phase::block_work || moment.phase == Phase::flash_read;
  if (fault.kind == FaultKind::corrupt && (!has_data || moment.data.empty()))
    return false;  // nothing here that could be corrupted
  switch (fault.at.kind) {
    case FaultPoint::Kind::block:
      return moment.phase == block_phase(fault.kind) && moment.block >= fault.at.number;
    case FaultPoint::Kind::request:
      return moment.request >= fault.at.number;
    case FaultPoint::Kind::address:
      return moment.phase == block_phase(fault.kind) && moment.data.contains(fault.at.number);
    case FaultPoint::Kind::leave:
      return moment.phase == Phase::leave;
    case FaultPoint::Kind::survey:
      return moment.phase == Phase::flash_read;
  }
  return false;
}

}  // namespace

std::optional<FaultTable::Strike> FaultTable::strike(const Moment& moment) {
  for (auto& fault : faults_) {
    if (fault.times <= 0 || !supported(fault.kind) || !due(fault, moment)) continue;
    --fault.times;
    const bool named = fault.at.kind == FaultPoint::Kind::address;
    return Strike{fault.kind, named ? fault.at.number : moment.data.begin};
  }
  return {};
}

}  // namespace dfu::virt
