// A task: a part of an attempt that opens the unit, talks with it and closes it. Each kind of task is one class: which
// interfaces it claims, what it asks for next, and what came of it. Pure: no thread, no clock, no I/O.
//
// Between `begin` and Finished a task belongs to whatever carries its conversation out (scheduler/talk.h), which is a
// thread of the bus; before and after that it belongs to the attempt that made it. It may outlive the station's recipe:
// it holds what it needs by value or by shared pointer.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "dfu/conversation.h"
#include "dfu/detach.h"
#include "dfu/fit.h"
#include "dfu/particle/ask_modules.h"
#include "dfu/particle/enter_dfu.h"
#include "dfu/read_id.h"
#include "dfu/recovery.h"
#include "dfu/session.h"
#include "dfu/survey.h"
#include "scheduler/observer.h"

namespace scheduler {

class Task {
 public:
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // What must be held while the unit is open.
  virtual std::vector<dfu::Claim> claims() const = 0;

  virtual dfu::Ask begin(dfu::Duration now) = 0;
  virtual dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) = 0;
  // From now on nothing new is begun: the next answer leads to the end, unless the unit is verified and leaving.
  virtual void stop() {}
  // The conversation is cut off: the rest of it is not carried out. `fault` says so.
  virtual void cut_off() = 0;
  // What people may watch, where there is news. Asked for after each answer.
  virtual std::optional<Progress> news(dfu::Duration) { return {}; }

  // Once Finished: nothing if the task did what it is for.
  virtual const std::optional<dfu::Fault>& fault() const = 0;

 protected:
  Task() = default;
};

// From the application into DFU mode. Whether the unit went is seen on its port.
class EnterTask : public Task {
 public:
  // `proving`: on the way to a proof of boot, which a stop does not cut short.
  EnterTask(const dfu::Profile& profile, const dfu::UnitInfo& unit, bool proving);

  std::vector<dfu::Claim> claims() const override;
  dfu::Ask begin(dfu::Duration now) override;
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override;
  void stop() override { stopping_ = true; }
  void cut_off() override;
  const std::optional<dfu::Fault>& fault() const override;

 private:
  dfu::Ask unless_stopped(dfu::Ask ask);

  const dfu::UnitInfo unit_;
  const bool proving_;
  bool stopping_ = false;
  std::variant<dfu::Detach, dfu::particle::EnterDfu> conversation_;
  std::optional<dfu::Fault> stopped_;
};

// Reads the stored id of a unit whose serial is not its own.
class IdentifyTask : public Task {
 public:
  // REQUIRES: the profile has a stored id.
  IdentifyTask(const dfu::Profile& profile, const dfu::UnitInfo& unit)
      : profile_(dfu::for_unit(profile, unit)), read_(profile_) {}

  std::vector<dfu::Claim> claims() const override;
  dfu::Ask begin(dfu::Duration now) override;
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override;
  void stop() override { stopping_ = true; }
  void cut_off() override;
  const std::optional<dfu::Fault>& fault() const override { return stopped_ ? stopped_ : read_.fault(); }

  const std::optional<std::string>& id() const { return read_.id(); }
  // The unit came in a state that only a USB reset ended.
  std::optional<dfu::ResetStatus> reset() const { return reset_; }

 private:
  dfu::Ask unless_stopped(dfu::Ask ask);

  const dfu::Profile profile_;
  dfu::ReadId read_;
  bool stopping_ = false;
  std::optional<dfu::ResetStatus> reset_;
  std::optional<dfu::Fault> stopped_;
};

// Survey, judgement, session, leave: what an attempt is made for.
class FlashTask : public Task {
 public:
  // `dry_run`: ends with the judgement. `to_restore`: neighbours of the steps that an earlier attempt took from this
  // unit.
  FlashTask(AttemptStarted started, dfu::UnitInfo unit, bool dry_run, dfu::BytesAt to_restore = {});

  std::vector<dfu::Claim> claims() const override;
  dfu::Ask begin(dfu::Duration now) override;
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override;
  void stop() override;
  void cut_off() override;
  std::optional<Progress> news(dfu::Duration now) override;
  const std::optional<dfu::Fault>& fault() const override { return fault_; }

  // What was done so far, step by step; times too.
  const std::vector<StepDone>& steps() const { return steps_; }
  bool all_read_back() const;
  bool wrote() const { return wrote_; }
  // Neighbours of the steps, see Session: written back, and not yet. The latter with what is still to be restored from
  // before.
  const dfu::BytesAt& restored() const { return restored_; }
  const dfu::BytesAt& to_restore() const { return to_restore_; }
  // What was to be restored, and is not this unit's: other bytes are there.
  const dfu::BytesAt& refused() const { return refused_; }
  // Those that the recipe gives up, where their sector was erased.
  const std::vector<dfu::Neighbour>& given_up() const { return given_up_; }
  // Parts of the unit's memory map that are not understood.
  std::vector<std::string> ignored_of_map() const {
    return survey_ ? survey_->result().map.ignored : std::vector<std::string>();
  }
  // The unit's own time for what was done; of a dry run: of the session that would follow.
  dfu::Duration survey_time() const { return survey_time_; }
  dfu::Duration session_time() const { return session_time_; }
  std::optional<dfu::ResetStatus> reset() const { return reset_; }
  // Of the last answer.
  dfu::Duration ended() const { return accounted_; }

 private:
  const config::Recipe& recipe() const { return *started_.recipe; }
  dfu::Ask converse(const dfu::Answer* answer, dfu::Duration now);
  dfu::Ask surveyed(dfu::Duration now);
  dfu::Ask judged(dfu::Plan plan, dfu::Duration now);
  dfu::Ask flashed();
  void take_alternates(const std::vector<std::uint8_t>& found);
  void take_tallies();
  void take_neighbours();
  dfu::Ask end(dfu::Fault fault);
  std::size_t step_at_work() const;
  void account(dfu::Duration now);
  Progress progress_now(dfu::Duration now) const;

  const AttemptStarted started_;
  const dfu::UnitInfo unit_;
  const dfu::Profile profile_;  // of this very unit
  const bool dry_run_;
  bool stopping_ = false;
  std::optional<dfu::Survey> survey_;
  std::optional<dfu::Session> session_;
  std::optional<dfu::Fault> fault_;
  std::optional<dfu::ResetStatus> reset_;
  std::vector<StepDone> steps_;
  dfu::BytesAt restored_, to_restore_, refused_;
  std::vector<dfu::Neighbour> given_up_;
  bool wrote_ = false;
  dfu::Duration survey_time_{}, session_time_{};
  dfu::Duration begun_{}, accounted_{};
  std::optional<Progress> told_;  // the last news
  dfu::Duration told_at_{};
};

// In DFU mode once more: does the unit still hold what was written? And leave, if it does.
class RereadTask : public Task {
 public:
  // `layout`: what is compared. `leave` false: it stays in DFU mode.
  RereadTask(std::shared_ptr<const config::Recipe> recipe, std::shared_ptr<const dfu::Layout> layout,
             dfu::UnitInfo unit, bool leave);

  std::vector<dfu::Claim> claims() const override;
  dfu::Ask begin(dfu::Duration now) override;
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override;
  void cut_off() override;
  const std::optional<dfu::Fault>& fault() const override { return fault_; }

  // Everything was read and is as it was written. Also where the leave request then failed.
  bool equal() const { return equal_; }
  // The first piece that is not; null: there is none, or it was not read.
  const dfu::Piece* difference() const { return difference_; }

 private:
  dfu::Ask surveyed(dfu::Duration now);

  const std::shared_ptr<const config::Recipe> recipe_;
  const std::shared_ptr<const dfu::Layout> layout_;
  const dfu::UnitInfo unit_;
  const dfu::Profile profile_;  // of this very unit
  const bool leave_;
  dfu::Survey survey_;
  std::optional<dfu::Session> session_;
  bool equal_ = false;
  const dfu::Piece* difference_ = nullptr;  // of layout_
  std::optional<dfu::Fault> fault_;
};

// What the running unit says of its modules.
class AskTask : public Task {
 public:
  explicit AskTask(const dfu::UnitInfo& unit) : unit_(unit), ask_(unit) {}

  std::vector<dfu::Claim> claims() const override;
  dfu::Ask begin(dfu::Duration now) override { return ask_.begin(now); }
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override { return ask_.answer(answer, now); }
  void cut_off() override;
  const std::optional<dfu::Fault>& fault() const override { return stopped_ ? stopped_ : ask_.fault(); }

  const std::optional<dfu::particle::ModuleReport>& report() const { return ask_.report(); }

 private:
  const dfu::UnitInfo unit_;
  dfu::particle::AskModules ask_;
  std::optional<dfu::Fault> stopped_;
};

// Does the unit answer? In DFU mode it is brought to dfuIDLE; else one request that every USB device answers.
class CheckTask : public Task {
 public:
  CheckTask(const dfu::Profile& profile, const dfu::UnitInfo& unit);

  std::vector<dfu::Claim> claims() const override;
  dfu::Ask begin(dfu::Duration now) override;
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override;
  void cut_off() override;
  const std::optional<dfu::Fault>& fault() const override { return recovery_ && !fault_ ? recovery_->fault() : fault_; }

 private:
  const dfu::Profile profile_;
  std::optional<dfu::Recovery> recovery_;
  std::optional<dfu::Fault> fault_;
};

// A USB reset, without an interface: to claim one is a request that a unit which hangs would not answer.
class ResetTask : public Task {
 public:
  std::vector<dfu::Claim> claims() const override { return {}; }
  dfu::Ask begin(dfu::Duration) override { return dfu::Reset{}; }
  dfu::Ask answer(const dfu::Answer& answer, dfu::Duration now) override;
  void cut_off() override {}  // it asks once
  const std::optional<dfu::Fault>& fault() const override { return none_; }

  // The unit is still on the bus.
  bool stays() const { return stays_; }
  dfu::Duration answered_at() const { return answered_at_; }

 private:
  bool stays_ = false;
  dfu::Duration answered_at_{};
  const std::optional<dfu::Fault> none_;
};

}  // namespace scheduler
