// One attempt on one unit, from the first touch to the proof of boot: tasks (scheduler/task.h) one after the other,
// each of which opens the unit, talks with it and closes it; then the attempt waits for what that leads to. It gets
// what happened and when, and returns what to do; no thread, no clock, no I/O. Recording, places, retries and visits
// are the visit's business.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "scheduler/messages.h"

namespace scheduler {

struct AttemptOptions {
  dfu::Duration insert_after{};  // away for longer, the unit has been pulled
  bool dry_run = false;          // ends with the judgement
  // An attempt that verified the unit, which was pulled before it had proven its boot: only the proof is left.
  std::shared_ptr<const AttemptFinished> pending_proof{};
  KnownUnit known{};  // of the unit that `pending_proof` is about
  // Bytes of this very unit, neighbours of the steps, that an earlier attempt erased and did not write back.
  dfu::BytesAt neighbours{};
  int first_timer = 0;  // timers count from here, so that they are not mistaken for others of the visit
};

class Attempt {
 public:
  Attempt(AttemptStarted started, AttemptOptions options, dfu::Duration now);

  // `present`: what is on the port by now. `gap`: what happened there since the unit showed itself; of a pending proof,
  // since the unit was verified.
  std::vector<VisitEffect> begin(std::optional<dfu::UnitInfo> present, const Gap& gap, dfu::Duration now);
  // Of VisitInput only what comes from the bus, timers and stops is its business; the rest is ignored.
  std::vector<VisitEffect> on(const VisitInput& input, dfu::Duration now);

  // Nothing more is wanted: the unit is closed, and the facts below are final.
  bool over() const { return stage_ == Stage::over; }
  // Ends it before anything was touched.
  void refuse(dfu::Fault fault);

  AttemptFinished finished() const;
  const AttemptStarted& started() const { return started_; }
  const std::optional<dfu::Fault>& fault() const { return fault_; }
  // The unit had the request to leave DFU mode, and the station did not wait for it.
  bool left_unwatched() const { return left_unwatched_; }
  // A USB reset by the station made it leave the bus, so its departure is not a removal.
  bool lost_by_reset() const { return lost_by_reset_; }
  // What a dry run found.
  std::uint32_t bytes_to_write() const;
  dfu::Duration planned() const { return session_floor_; }
  int last_timer() const { return timers_; }
  // Which unit it is, and what happened on its port since that was last certain. The visit continues with both.
  const KnownUnit& known() const { return before_doubt_ ? *before_doubt_ : known_; }
  Gap gap() const;
  // It ended before the unit was read once more, which would have shown which unit it is.
  bool in_doubt() const { return doubted_gap_.has_value(); }
  // Neighbours of the steps that this attempt, or one before it, erased in the unit and did not write back.
  const dfu::BytesAt& neighbours() const { return neighbours_; }
  // The unit that is on the port now was running when it had the request to enter DFU mode.
  bool brought_into_dfu() const { return entries_ > 0; }

 private:
  enum class Kind {  // of task
    enter,
    identify,
    flash,
    reread,
    ask,
  };
  enum class Stage {
    opening,
    talking,
    suspecting,  // a transfer failed on the wire: has the unit left? (docs/devices.md, "Unplugged during work")
    closing,
    departing,  // it had the request to leave the bus
    returning,  // and must come back
    settling,   // in application mode, and stay
    over,
  };
  using AnyTask = std::variant<std::shared_ptr<EnterTask>, std::shared_ptr<IdentifyTask>, std::shared_ptr<FlashTask>,
                               std::shared_ptr<RereadTask>, std::shared_ptr<AskTask>>;

  const config::Recipe& recipe() const { return *started_.recipe; }
  const dfu::Profile& profile() const { return recipe().profile; }
  // The unit that this task opened is still on the port, as far as was reported.
  bool still_here() const { return present_ && present_->handle == unit_.handle; }

  void hear(const visit_input::Arrived& arrived);
  void hear(const visit_input::Left& left);
  void hear(const visit_input::Opened& opened);
  void hear(const visit_input::Talked& talked);
  void hear(const visit_input::Closed&);
  void hear(const visit_input::Powered&) {}
  void hear(const visit_input::TimeOver& over);
  void hear(const visit_input::Stop& stop);
  void hear(const visit_input::Admitted&) {}
  void hear(const visit_input::Recorded&) {}
  void hear(const visit_input::Halt&) {}  // the visit passes it on as a stop
  void hear(const visit_input::Setting&) {}

  void next_task();
  AnyTask make_task() const;
  std::shared_ptr<Task> task() const;
  void ended(const EnterTask& task);
  void ended(const IdentifyTask& task);
  void ended(const FlashTask& task);
  void ended(const RereadTask& task);
  void ended(const AskTask& task);
  bool wants_proof() const { return recipe().forced || recipe().policy.confirm != config::Confirm::none; }
  void plan_proof();
  void reread_later();
  bool lay_out_reread(bool whole);
  dfu::Fault nothing_to_compare() const;
  void reread_equal();
  dfu::Fault changed(const dfu::Piece& piece) const;
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
  bool recognise(const dfu::UnitInfo& unit);
  bool doubt(const dfu::UnitInfo& unit, const std::string& why);
  void unexpected(const dfu::UnitInfo& unit);
  void note_shown(const dfu::UnitInfo& unit);
  void note_stored_id(const std::string& id);
  void forget_earlier_unit();
  dfu::Fault unit_swapped(const std::string& why) const;
  dfu::Fault cannot_be_told(const std::string& why) const;
  dfu::Fault back_in_dfu() const;
  bool can_reread(const dfu::UnitInfo& unit) const;
  bool wants_stored_id() const;
  void remark(RemarkCode code, RemarkValues values = {});
  void note_reset(std::optional<dfu::ResetStatus> status);
  void note_neighbours(const FlashTask& task);
  void note_map(const FlashTask& task);
  void tell_phase();
  void wait(Stage stage, dfu::Duration limit);
  int start_timer(dfu::Duration limit);
  void give_proof_a_deadline(dfu::Duration limit);
  void deadline();
  dfu::Fault stopped_before_proof() const;
  // Made in place: GCC 12 takes the move of such a variant for one of an uninitialised value.
  template <typename What>
  void want(What what) {
    wants_.emplace_back(std::move(what));
  }

  const AttemptStarted started_;
  const AttemptOptions options_;
  dfu::Duration now_{};
  std::vector<VisitEffect> wants_;
  Stage stage_ = Stage::opening;
  Kind kind_ = Kind::flash;
  std::deque<Kind> to_do_;
  dfu::Duration late_{};                  // the computer stood still while the last task talked
  AnyTask task_;                          // of `kind_`; not touched between Talk and Talked
  int timers_;                            // used so far
  int timer_ = -1;                        // the one that counts; older ones are ignored
  dfu::UnitInfo unit_;                    // that this task works on
  std::optional<dfu::UnitInfo> present_;  // what is on the port now
  int entries_ = 0;
  int settlings_ = 0;
  bool lost_ = false;         // it had come back and went again
  bool stopping_ = false;     // what runs is cut short
  bool out_of_time_ = false;  // the proof is cut short
  int deadline_timer_ = -1;   // a stop gives a verified unit that long to prove its boot
  bool left_unwatched_ = false;
  bool lost_by_reset_ = false;

  std::optional<dfu::Fault> fault_;
  std::optional<bool> verified_, booted_;
  std::vector<std::string> serials_;
  KnownUnit known_;
  dfu::UnitHandle recognised_ = 0;  // what is on the port was compared with `known_`
  Gap gap_;                         // since then
  std::optional<Evidence> identity_;
  bool id_when_verified_ = false;  // it had shown its id by then
  // Nothing said that this is the unit that was verified: its bytes must be read once more. What was known before.
  std::optional<KnownUnit> before_doubt_;
  std::optional<Gap> doubted_gap_;  // after which it was not certain; until it has been read
  std::string doubt_;               // why
  bool doubted_bytes_ = false;      // it is the same unit, and its bytes may have been changed elsewhere
  bool came_in_dfu_ = false;        // it came back in DFU mode, and is read before that counts as a fault
  int rereads_ = 0;
  std::vector<StepDone> steps_;
  dfu::Duration survey_floor_{}, session_floor_{};
  dfu::Duration opened_{}, flashed_{}, ended_{};
  bool flash_done_ = false;                          // what is left is the proof
  std::shared_ptr<const dfu::Layout> proof_layout_;  // what `reread` compares
  bool wrote_ = false;
  dfu::BytesAt neighbours_;
};

}  // namespace scheduler
