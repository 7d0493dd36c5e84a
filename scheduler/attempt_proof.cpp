// What an attempt finds out about the unit itself: who it is, and what it runs once it is back.
#include <algorithm>
#include <utility>

#include "dfu/particle/identity.h"
#include "dfu/particle/module_proof.h"
#include "scheduler/attempt.h"

namespace scheduler {

using dfu::FaultCode;
using dfu::OperationKind;

// ---- the proofs of boot

// What was forced onto a unit past the rules is not expected to run, and a unit that falls back comes back all the
// same: it is asked, whatever the recipe says.
void Attempt::plan_proof() {
  const config::Confirm confirm = recipe().policy.confirm;
  const bool forced = recipe().forced && profile().platform;
  if (confirm == config::Confirm::modules || forced) to_do_.push_back(Errand::ask);
  if (confirm == config::Confirm::reread) reread_later();
}

// What a unit may replace by itself: everything that was written and is not system software; or all that was written.
// What was erased or patched may have changed since, and rightly.
void Attempt::reread_later() {
  std::vector<dfu::Step> steps, written;
  for (const dfu::Step& step : recipe().layout.steps) {
    if (step.does != dfu::Step::Does::write) continue;
    written.push_back(step);
    const auto& module = step.image->facts.module;
    const bool system = module && module->platform == profile().platform &&
                        (module->function == dfu::particle::Function::system_part ||
                         module->function == dfu::particle::Function::bootloader);
    if (!system) steps.push_back(step);
  }
  if (steps.empty()) steps = std::move(written);
  if (steps.empty()) return;
  const auto map = dfu::parse_memory_map(profile().map).value();
  proof_layout_ = std::make_shared<const dfu::Layout>(std::get<dfu::Layout>(dfu::lay_out(std::move(steps), map)));
  to_do_.push_back(Errand::enter);
  to_do_.push_back(Errand::reread);
}

dfu::Fault Attempt::nothing_to_compare() const {
  return dfu::make_fault(FaultCode::image_unfit, OperationKind::proof,
                         "The recipe wrote nothing that could be compared once more, so the unit proves nothing. Ask "
                         "for the proof \"application\".");
}

void Attempt::reread() {
  if (const auto* session = std::get_if<dfu::Session>(&conversation_)) {
    return session->fault() ? fail(*session->fault()) : close();
  }
  const auto& survey = std::get<dfu::Survey>(conversation_);
  if (survey.fault()) return fail(*survey.fault());
  const dfu::SurveyResult& found = survey.result();
  if (!found.can_upload || dfu::misfit(*proof_layout_, found.map)) {
    return fail(dfu::make_fault(FaultCode::read_protected, OperationKind::proof,
                                "The unit cannot be read, so its firmware cannot be compared once more."));
  }
  const auto differs = std::ranges::find_if(found.pieces, [](dfu::Holds holds) { return holds != dfu::Holds::same; });
  if (differs != found.pieces.end()) {
    const dfu::Piece& piece = proof_layout_->pieces[static_cast<std::size_t>(differs - found.pieces.begin())];
    const std::string& step = proof_layout_->steps[piece.step].name;
    dfu::Fault changed =
        dfu::make_fault(FaultCode::factory_fallback, OperationKind::proof,
                        "The unit did not keep " + step +
                            ": it started, and holds something else there now. It restored its factory "
                            "firmware.");
    changed.step = step;
    changed.address = piece.data.begin;
    return fail(std::move(changed));
  }
  conversation_.emplace<dfu::Session>(profile(), *proof_layout_,
                                      dfu::make_plan(*proof_layout_, found, profile(), {.verify = false}));
  converse(nullptr);
}

void Attempt::asked() {
  const auto& ask = std::get<dfu::particle::AskModules>(conversation_);
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

// A unit is another when it shows another id; or when it shows itself in the same way, by the same firmware, with
// another serial.
void Attempt::note_identity(const dfu::UnitInfo& unit) {
  const bool known = std::find(serials_.begin(), serials_.end(), unit.serial) != serials_.end();
  if (!unit.serial.empty() && !known) serials_.push_back(unit.serial);
  const auto alike = std::ranges::find_if(
      shown_, [&](const dfu::UnitInfo& one) { return one.id == unit.id && one.release == unit.release; });
  if (alike == shown_.end()) {
    shown_.push_back(unit);
  } else if (!known && !unit.serial.empty() && !alike->serial.empty()) {
    exchanged_ = dfu::make_fault(
        FaultCode::unit_swapped, entering(),
        "Another unit came back on this port: serial " + unit.serial + " instead of " + alike->serial + ".");
  }
  if (!profile().platform) return;
  if (const auto id = dfu::particle::device_id(unit)) note_id(*id);
}

void Attempt::note_id(const std::string& id) {
  if (unit_id_ && *unit_id_ != id) {
    exchanged_ = dfu::make_fault(FaultCode::unit_swapped, entering(),
                                 "Another unit came back on this port: " + id + " instead of " + *unit_id_ +
                                     "; or its configuration was copied from there.");
    return;
  }
  unit_id_ = id;
}

bool Attempt::wants_stored_id() const {
  return profile().stored_id && !dfu::particle::device_id(unit_);
}

void Attempt::remark(RemarkCode code, RemarkValues values) {
  const Remark remark = make_remark(code, started_.attempt, started_.port.text, std::move(values));
  want(wants::Note{remark});
  want(wants::Tell{Remarked{remark}});
}

}  // namespace scheduler
