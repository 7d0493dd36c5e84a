// One DFU request and the GETSTATUS polling that completes it: the atom of every conversation. Pure. Every wait is
// asked for and every poll loop ends at the profile's busy limit, by elapsed time (docs/devices.md, "Poll times").
#pragma once

#include <optional>
#include <string>

#include "dfu/conversation.h"
#include "dfu/fault.h"
#include "dfu/profile.h"
#include "dfu/protocol.h"

namespace dfu {

class Exchange {
 public:
  // DNLOAD `data` as `block`, polled until dfuDNLOAD-IDLE.
  static Exchange download(const Profile& profile, std::uint16_t block, Bytes data);
  // UPLOAD of exactly `length` bytes.
  static Exchange upload(const Profile& profile, std::uint16_t block, std::uint16_t length);
  // ABORT; the unit must then be in dfuIDLE.
  static Exchange abort(const Profile& profile);
  // CLRSTATUS, which only a unit in dfuERROR may get (docs/devices.md, "CLRSTATUS and ABORT"); then it must be in
  // dfuIDLE.
  static Exchange clear_status(const Profile& profile);
  // GETSTATUS alone, polled on while the unit is in dfuDNBUSY; any other state ends it.
  static Exchange settle(const Profile& profile);
  // GETSTATE: the state without a side effect, while GETSTATUS carries out what is pending (docs/devices.md, "DFU
  // requests").
  static Exchange get_state(const Profile& profile);
  // Zero-length DNLOAD and one GETSTATUS. Never fails: whatever comes back proves nothing (docs/devices.md, "Leaving
  // DFU mode").
  static Exchange leave(const Profile& profile);
  // Zero-length DNLOAD as `block` of plain DFU, polled until the unit has taken the image in: dfuIDLE if it is
  // manifestation tolerant, else on its way to a reset, and it may drop off the bus at any time (docs/devices.md, "DFU
  // states").
  static Exchange manifest(const Profile& profile, std::uint16_t block, bool tolerant);
  // SET_INTERFACE: requests that follow go to this alternate setting. REQUIRES: the unit is in dfuIDLE.
  static Exchange select(const Profile& profile, std::uint8_t alternate);
  // String descriptor `index` in US English.
  static Exchange read_string(const Profile& profile, std::uint8_t index);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Why it failed; nothing while it runs and when it succeeded.
  struct Failure {
    enum class Why {
      stall,         // the request was refused, and the GETSTATUS after it names no error
      status_stall,  // the GETSTATUS after it was: on a Photon, the flash work failed (docs/devices.md, "Stalls")
      no_answer,
      gone,
      io_error,
      cancelled,
      bad_answer,   // too short, or no valid status
      wrong_state,  // a state that this request cannot lead to
      error_state,  // dfuERROR; `report.status` says which
      busy,         // still in dfuDNBUSY at the limit
    } why;
    StatusReport report;  // of the last good GETSTATUS
  };
  const std::optional<Failure>& failure() const { return failure_; }
  const Bytes& data() const { return data_; }             // of upload and read_string
  const StatusReport& report() const { return report_; }  // of settle and get_state: the state the unit is in

 private:
  enum class Kind { download, upload, abort, clear_status, settle, get_state, leave, manifest, read_string, select };
  enum class Phase { request, refused, status, pause, last_pause };

  Exchange(Kind kind, const Profile& profile, Transfer request);
  Ask ask_status();
  Ask ask_pause(Duration now);
  Ask fail(Failure::Why why);
  Ask after_request(const TransferResult& result);
  Ask take_state(const Bytes& answer);
  Ask after_refusal(const TransferResult& result);
  Ask after_manifest_status(Duration now);
  Ask after_status(const TransferResult& result, Duration now);

  Kind kind_;
  Phase phase_ = Phase::request;
  bool obey_poll_;
  std::uint8_t interface_;
  Duration timeout_;
  Duration busy_limit_;
  Duration begun_{};
  bool tolerant_ = false;
  int polls_ = 0;
  int early_polls_ = 0;
  Transfer request_;
  Bytes data_;
  StatusReport report_;
  std::optional<Failure> failure_;
};

// The fault that a failed exchange amounts to, with its sentence. `doing` completes "While ...": "erasing 0x08020000".
Fault fault_of(const Exchange::Failure& failure, OperationKind operation, const std::string& doing);

}  // namespace dfu
