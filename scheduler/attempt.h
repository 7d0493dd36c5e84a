// One attempt on one unit, from the first touch to the proof of boot: errands one after the other, each of which opens
// the unit, talks with it, closes it and waits for what that leads to. It is told what happened and when, and says what
// to do; no thread, no clock, no I/O. Recording, places, retries and visits are the visit's business.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/judge.h"
#include "dfu/detach.h"
#include "dfu/particle/ask_modules.h"
#include "dfu/particle/enter_dfu.h"
#include "dfu/read_id.h"
#include "dfu/session.h"
#include "dfu/survey.h"
#include "scheduler/messages.h"

namespace scheduler {

struct AttemptOptions {
  dfu::Duration insert_after{};  // away for longer, the unit has been pulled
  bool dry_run = false;          // ends with the judgement
  // An attempt that verified the unit, which was pulled before it had proven its boot: only the proof is left.
  std::shared_ptr<const AttemptFinished> owed{};
  int first_timer = 0;  // timers count from here, so that they are not mistaken for others of the visit
};

class Attempt {
 public:
  Attempt(AttemptStarted started, AttemptOptions options, dfu::Duration now);

  // `present`: what is on the port by now.
  std::vector<Want> begin(std::optional<dfu::UnitInfo> present, dfu::Duration now);
  // Of Told only what comes from the bus, timers and stops is its business; the rest is ignored.
  std::vector<Want> on(const Told& told, dfu::Duration now);

  // Nothing more is wanted: the unit is closed, and the facts below are final.
  bool over() const { return stage_ == Stage::over; }
  // Ends it before anything was touched.
  void refuse(dfu::Fault fault);

  AttemptFinished finished() const;
  const AttemptStarted& started() const { return started_; }
  const std::optional<dfu::Fault>& fault() const { return fault_; }
  // The unit was told to leave DFU mode, and nobody waited for it.
  bool left_unwatched() const { return left_unwatched_; }
  // It did not survive a USB reset of ours, so that its departure is no removal.
  bool lost_by_reset() const { return lost_by_reset_; }
  // What a dry run found.
  std::uint32_t bytes_to_write() const;
  dfu::Duration planned() const { return session_floor_; }
  int last_timer() const { return timers_; }

 private:
  enum class Errand {
    enter,     // from the application into DFU mode
    identify,  // read the stored id of a unit whose serial is not its own
    flash,     // survey, judgement, session, leave
    reread,    // in DFU mode once more: is the user's part still what was written? And leave
    ask,       // what the running unit says of its modules
  };
  enum class Stage {
    opening,
    talking,
    suspecting,  // a transfer failed on the wire: has the unit left? (facts/dfu.md 4.7)
    closing,
    departing,  // it was told to go from the bus
    returning,  // and must come back
    settling,   // in application mode, and stay
    over,
  };
  using Conversation = std::variant<std::monostate, dfu::Detach, dfu::particle::EnterDfu, dfu::Survey, dfu::Session,
                                    dfu::ReadId, dfu::particle::AskModules>;

  const config::Recipe& recipe() const { return *started_.recipe; }
  const dfu::Profile& profile() const { return recipe().profile; }
  // The unit that this errand opened is still on the port, as far as anybody told.
  bool still_here() const { return present_ && present_->handle == unit_.handle; }

  void hear(const told::Arrived& arrived);
  void hear(const told::Left& left);
  void hear(const told::Opened& opened);
  void hear(const told::Answered& answered);
  void hear(const told::Closed&);
  void hear(const told::Powered&) {}
  void hear(const told::TimeOver& over);
  void hear(const told::Stop& stop);
  void hear(const told::Admitted&) {}
  void hear(const told::Recorded&) {}
  void hear(const told::Halt&) {}  // the visit passes it on as a stop
  void hear(const told::Setting&) {}

  bool cut_short() const { return stopping_ && !flash_done_; }
  void next_errand();
  std::vector<dfu::Claim> claims() const;
  void begin_conversation();
  void converse(const dfu::Answer* answer);
  void talked();
  void surveyed();
  void judged(dfu::Plan plan);
  void flashed();
  bool wants_proof() const { return recipe().forced || recipe().policy.confirm != config::Confirm::none; }
  void plan_proof();
  void reread_later();
  dfu::Fault nothing_to_compare() const;
  void reread();
  void asked();
  void fail(dfu::Fault fault);
  void suspect_or_close();
  void call_it_gone();
  void close();
  void leave_or_return();
  void returned(const dfu::UnitInfo& unit);
  void returned_to_dfu(const dfu::UnitInfo& unit);
  void returned_to_application(const dfu::UnitInfo& unit);
  void waited_in_vain();
  void end();
  void end(dfu::Fault fault);
  dfu::OperationKind entering() const;
  void note_identity(const dfu::UnitInfo& unit);
  void note_id(const std::string& id);
  bool wants_stored_id() const;
  void remark(RemarkCode code, RemarkValues values = {});
  void note_reset(dfu::ResetStatus status);
  void account_time();
  void tell_progress();
  void wait(Stage stage, dfu::Duration limit);
  int start_timer(dfu::Duration limit);
  void give_proof_a_deadline(dfu::Duration limit);
  void deadline();
  // Made in place: GCC 12 takes the move of such a variant for one of an uninitialised value.
  template <typename What>
  void want(What what) {
    wants_.emplace_back(std::move(what));
  }

  const AttemptStarted started_;
  const AttemptOptions options_;
  dfu::Duration now_{};
  std::vector<Want> wants_;
  Stage stage_ = Stage::opening;
  Errand errand_ = Errand::flash;
  std::deque<Errand> to_do_;
  Conversation conversation_;
  bool pausing_ = false;                  // the conversation asked for time
  int timers_;                            // used so far
  int timer_ = -1;                        // the one that counts; older ones are ignored
  dfu::UnitInfo unit_;                    // that this errand works on
  std::optional<dfu::UnitInfo> present_;  // what is on the port now
  int entries_ = 0;
  int settlings_ = 0;
  bool lost_ = false;        // it had come back and went again
  bool stopping_ = false;    // what runs is cut short
  int deadline_timer_ = -1;  // a stop gives a verified unit that long to prove its boot
  bool left_unwatched_ = false;
  bool lost_by_reset_ = false;

  std::optional<dfu::Fault> fault_;
  std::optional<bool> verified_, booted_;
  std::vector<std::string> serials_;
  std::vector<dfu::UnitInfo> shown_;     // one for each way in which it showed itself
  std::optional<dfu::Fault> exchanged_;  // it is not the unit that this attempt began with
  std::optional<std::string> unit_id_;
  std::vector<StepDone> steps_;
  dfu::Duration survey_floor_{}, session_floor_{};
  std::uint64_t survey_bytes_ = 0;
  dfu::Duration opened_{}, flashed_{}, ended_{}, accounted_{};
  bool flash_done_ = false;                          // what is left is the proof
  std::shared_ptr<const dfu::Layout> proof_layout_;  // what `reread` compares
  bool wrote_ = false;
  int percent_ = -1;
  dfu::Duration told_at_{};  // when progress was told last
  std::string told_;         // the progress that was told last
};

}  // namespace scheduler
