// Where the faults of a unit strike: the one table that says which fault meets which control transfer. A value.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/clock.h"
#include "dfu/virtual/line_spec.h"

namespace dfu::virt {

// What a control transfer is, as far as faults care.
struct Moment {
  enum class Phase {
    other,
    block_download,  // carries flash data to the unit
    block_work,      // GETSTATUS inside which that data is programmed
    erase_work,      // GETSTATUS inside which a sector is erased
    flash_read,      // UPLOAD of flash data
    leave,           // GETSTATUS that carries out the leave request
  };
  Phase phase = Phase::other;
  bool status = false;        // a GETSTATUS of the DFU class
  bool returned = false;      // in application mode, after a leave
  std::uint32_t request = 0;  // counted from 1 over the unit's life
  std::uint32_t block = 0;    // data blocks so far, this one included
  Range data{};               // what is programmed or read; empty where that is not flash
};

class FaultTable {
 public:
  FaultTable() = default;
  explicit FaultTable(const std::vector<FaultSpec>& faults);
  void add(const FaultSpec& fault);

  struct Strike {
    FaultKind kind = FaultKind::stall;
    std::uint32_t address = 0;  // the byte that goes wrong; the first one where the fault names none
    bool reached = true;        // of `cable`: the unit got the request, and its answer was lost
  };
  // The first fault that is due strikes and is used up by one. A block, a request or the survey is due from its
  // number on until it has struck as often as it shall.
  std::optional<Strike> strike(const Moment& moment);
  // The unit has been enumerated in application mode after a leave: it is pulled this much later.
  std::optional<Duration> pulled_after_return();

 private:
  struct Entry {
    FaultSpec spec;
    std::mt19937 dice;
  };
  static bool rolls(Entry& entry);

  std::vector<Entry> faults_;
};

}  // namespace dfu::virt
