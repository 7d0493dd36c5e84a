// What an attempt finds out about the unit itself: who it is, and what it runs once it is back.
#include <algorithm>
#include <utility>

#include "dfu/particle/identity.h"
#include "dfu/particle/module_proof.h"
#include "scheduler/attempt.h"

namespace scheduler {

using dfu::FaultCode;
using dfu::OperationKind;

namespace {

bool is_system(const dfu::Step& step, const dfu::Profile& profile) {
  const auto& module = step.image->facts.module;
  return module && module->platform == profile.platform &&
         (module->function == dfu::particle::Function::system_part ||
          module->function == dfu::particle::Function::bootloader);
}

}  // namespace

// ---- the proofs of boot

// What was forced onto a unit past the rules is not expected to run, and a unit that falls back comes back all the
// same: it is asked, whatever the recipe says.
void Attempt::plan_proof() {
  const config::Confirm confirm = recipe().policy.confirm;
  const bool forced = recipe().forced && profile().platform;
  if (confirm == config::Confirm::modules || forced) to_do_.push_back(Kind::ask);
  if (confirm == config::Confirm::reread) reread_later();
}

void Attempt::reread_later() {
  if (!lay_out_reread(false)) return;
  to_do_.push_back(Kind::enter);
  to_do_.push_back(Kind::reread);
}

// The whole: all that was written. Else what a unit may replace by itself: everything that was written and is not
// system software; or all that was written. What was erased or patched may have changed since, and rightly.
bool Attempt::lay_out_reread(bool whole) {
  std::vector<dfu::Step> steps, written;
  for (const dfu::Step& step : recipe().layout.steps) {
    if (step.does != dfu::Step::Does::write) continue;
    written.push_back(step);
    if (!is_system(step, profile())) steps.push_back(step);
  }
  if (whole || steps.empty()) steps = std::move(written);
  if (steps.empty()) return false;
  const auto map = dfu::parse_memory_map(profile().map).value();
  dfu::Layout layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), map));
  layout.kept.clear();
  layout.shared.clear();  // nothing is written, so that nothing needs to be kept
  proof_layout_ = std::make_shared<const dfu::Layout>(std::move(layout));
  return true;
}

dfu::Fault Attempt::nothing_to_compare() const {
  return dfu::make_fault(FaultCode::image_unfit, OperationKind::proof,
                         "The recipe wrote nothing that could be compared once more, so the unit proves nothing. Ask "
                         "for the proof \"application\".");
}

void Attempt::ended(const RereadTask& task) {
  if (task.difference() || task.equal()) doubted_gap_.reset();
  if (task.difference()) return fail(changed(*task.difference()));
  if (task.equal()) reread_equal();
  if (task.fault()) return fail(*task.fault());
  came_in_dfu_ ? fail(back_in_dfu()) : close();
}

// The bytes that were verified are in this unit: whichever unit it is, the verdict is about what it holds.
void Attempt::reread_equal() {
  ++rereads_;
  settlings_ = 0;
  if (before_doubt_ || identity_) identity_ = std::max(identity_.value_or(Evidence::reread), Evidence::reread);
  if (!before_doubt_) return;
  before_doubt_.reset();
  if (!known_.contradicts_stored()) return;
  const Remark copied = make_remark(RemarkCode::identity_copied, started_.attempt, *known_.own_id(),
                                    {{"unit", *known_.own_id()}, {"stored", *known_.stored_id()}});
  want(visit_effect::SaveLater{copied});
  want(visit_effect::Tell{Remarked{copied}});
}

// Something else is where the verified bytes were. Only the user's part: units do that by themselves. System software
// does not change by itself.
dfu::Fault Attempt::changed(const dfu::Piece& piece) const {
  const dfu::Step& step = proof_layout_->steps[piece.step];
  const std::string holds = step.name + " is not what was verified, from " + dfu::hex_address(piece.data.begin) + " on";
  dfu::Fault fault = dfu::make_fault(FaultCode::factory_fallback, OperationKind::proof,
                                     "The unit did not keep " + step.name +
                                         ": it started, and holds something else there now. It restored its factory "
                                         "firmware.");
  if (doubted_bytes_) {
    fault.code = FaultCode::wrong_firmware;
    fault.text =
        "The unit was changed elsewhere after it was verified: " + holds + ". Put it into DFU mode to flash it again.";
  } else if (before_doubt_ && is_system(step, profile())) {
    fault.code = FaultCode::unit_swapped;
    fault.text = "Another unit is on this port: " + holds + ", and " + doubt_ + ". Look for the unit that was flashed.";
  } else if (before_doubt_) {
    fault.text =
        "The unit restored its factory firmware, or another unit is on this port: " + holds + ", and " + doubt_ + ".";
  }
  fault.step = step.name;
  fault.address = piece.data.begin;
  return fault;
}

void Attempt::ended(const AskTask& ask) {
  if (ask.fault()) return fail(*ask.fault());
  if (ask.report()) {
    const auto judged = dfu::particle::judge_modules(*ask.report(), recipe().layout, *profile().platform);
    if (const auto* wrong = std::get_if<dfu::Fault>(&judged)) return fail(*wrong);
    if (std::holds_alternative<dfu::particle::Proven>(judged)) return close();
  }
  if (to_do_.empty()) reread_later();
  if (to_do_.empty()) {
    return fail(nothing_to_compare());
  }
  remark(RemarkCode::proof_by_reread);
  close();
}

// ---- who it is

// Compares what is on the port with the unit of this attempt. False: the attempt has ended.
bool Attempt::recognise(const dfu::UnitInfo& unit) {
  if (unit.handle == recognised_) return true;
  const SameUnit who = same_unit(known_, unit, gap_, profile());
  if (const auto* other = std::get_if<Other>(&who)) {
    end(unit_swapped(other->why));
    return false;
  }
  const auto* same = std::get_if<Same>(&who);
  const bool by_id = same && same->by == Evidence::id;
  if (!flash_done_) {
    if (!same) forget_earlier_unit();
  } else if (!same) {
    if (!doubt(unit, std::get<Unknown>(who).why)) return false;
  } else if (!by_id && kind_ != Kind::enter && in_dfu_mode(unit, profile()) && can_reread(unit)) {
    // A fresh unit that was put in its place looks the same.
    if (!doubt(unit, "it came back in DFU mode and shows no id")) return false;
  } else if (bytes_in_doubt(gap_, profile())) {
    doubted_bytes_ = gap_.handed;
    if (!doubt(unit, gap_.handed ? "another unit may have been in its place"
                                 : "it was away for " + tenths(gap_.absence) + " s"))
      return false;
    identity_ = same->by;
  } else if (!before_doubt_ && (!identity_ || (by_id && id_when_verified_))) {
    identity_ = same->by;  // an id that it showed only later says nothing about the gap before that
  }
  recognised_ = unit.handle;
  gap_ = {};
  note_shown(unit);
  return true;
}

// The unit must be read once more before anything counts. False: it cannot be, and the attempt has ended.
bool Attempt::doubt(const dfu::UnitInfo& unit, const std::string& why) {
  // A unit that is read and leaves, and is late again, is read again; a line on which all are late must be told.
  constexpr int most_rereads = 3;
  if (!can_reread(unit) || rereads_ >= most_rereads || !lay_out_reread(true)) {
    end(cannot_be_told(why));
    return false;
  }
  if (!before_doubt_) before_doubt_ = known_;
  doubted_gap_ = gap();
  identity_.reset();
  doubt_ = why;
  std::erase(to_do_, Kind::enter);
  std::erase(to_do_, Kind::reread);
  to_do_.push_front(Kind::reread);
  if (!in_dfu_mode(unit, profile())) to_do_.push_front(Kind::enter);
  return true;
}

// Plain DFU is not compared: what it reads back does not say that the unit knows it as complete.
bool Attempt::can_reread(const dfu::UnitInfo& unit) const {
  const bool reads = recipe().policy.verify != config::Verify::none && profile().dialect == dfu::Dialect::dfuse;
  return reads && (in_dfu_mode(unit, profile()) || can_enter_dfu(unit, profile()));
}

// The unit left and came back between two tasks, or while the start of the attempt was recorded.
void Attempt::unexpected(const dfu::UnitInfo& unit) {
  if (flash_done_) return returned(unit);
  const SameUnit who = same_unit(known_, unit, gap_, profile());
  const auto* same = std::get_if<Same>(&who);
  const bool same_mode = in_dfu_mode(unit, profile()) == in_dfu_mode(unit_, profile());
  if (!same || same->by != Evidence::id || !same_mode) {
    flashed_ = now_;
    return end(
        dfu::make_fault(FaultCode::unit_gone, OperationKind::open,
                        "The unit left the bus before it was written, and what is on its port now may be another "
                        "one."));
  }
  recognised_ = unit.handle;
  note_shown(unit);
  next_task();
}

void Attempt::note_shown(const dfu::UnitInfo& unit) {
  const bool noted = std::find(serials_.begin(), serials_.end(), unit.serial) != serials_.end();
  if (!unit.serial.empty() && !noted) serials_.push_back(unit.serial);
  known_.note(unit, profile());
}

// Nothing was written yet, and everything that this unit holds is read first: the attempt is about the unit that is
// here now, whichever unit showed itself before.
void Attempt::forget_earlier_unit() {
  neighbours_.clear();
  known_ = {};
  serials_.clear();
}

void Attempt::note_stored_id(const std::string& id) {
  if (known_.own_id() && *known_.own_id() != id) {
    forget_earlier_unit();
    note_shown(unit_);
  }
  known_.note_stored(id);
}

dfu::Fault Attempt::unit_swapped(const std::string& why) const {
  return dfu::make_fault(FaultCode::unit_swapped, entering(),
                         "Another unit is on this port: " + why + ". Look for the unit that was " +
                             (flash_done_ ? "flashed: it has not proven its start." : "here before."));
}

// The unit is not to blame for what the port does not show.
dfu::Fault Attempt::cannot_be_told(const std::string& why) const {
  if (late_host_hides_reset(gap_, profile())) {
    return dfu::make_fault(FaultCode::internal, OperationKind::proof,
                           "Nothing proves that the unit on this port is the one that was verified: this computer did "
                           "not run the program for " +
                               tenths(gap_.late) +
                               " s while the unit restarted, and its firmware cannot be read once more. Check which "
                               "other programs run on this computer, then flash the unit again.");
  }
  const bool alone = gap_.departures <= 1 && gap_.told_to_go && !gap_.handed;
  return dfu::make_fault(alone ? FaultCode::not_back : FaultCode::pulled_before_proof, OperationKind::proof,
                         "Nothing proves that the unit on this port is the one that was verified: " + why +
                             ", and its firmware cannot be read once more. Flash it again.");
}

dfu::Fault Attempt::back_in_dfu() const {
  return dfu::make_fault(FaultCode::back_in_dfu, OperationKind::proof,
                         "The unit came back in DFU mode instead of starting its firmware.");
}

bool Attempt::wants_stored_id() const {
  return profile().stored_id && !dfu::particle::device_id(unit_);
}

void Attempt::remark(RemarkCode code, RemarkValues values) {
  const Remark remark = make_remark(code, started_.attempt, started_.port.text, std::move(values));
  want(visit_effect::SaveLater{remark});
  want(visit_effect::Tell{Remarked{remark}});
}

}  // namespace scheduler
