#include "station/commissioning/commissioning.h"

namespace station {

void Commissioning::on(const scheduler::Event& event, scheduler::WallTime) {
  const auto* arrived = std::get_if<scheduler::UnitArrived>(&event);
  if (!arrived) return;
  const std::lock_guard lock(mutex_);
  if (lesson_) lesson_->plugged(arrived->unit.port);
}

void Commissioning::begin(GuidedLesson lesson) {
  const std::lock_guard lock(mutex_);
  lesson_ = std::move(lesson);
}

void Commissioning::end() {
  const std::lock_guard lock(mutex_);
  lesson_.reset();
}

std::optional<GuidedLesson> Commissioning::now() const {
  const std::lock_guard lock(mutex_);
  return lesson_;
}

void Commissioning::leave_out(const std::string& next) {
  const std::lock_guard lock(mutex_);
  if (!lesson_) return;
  next.empty() ? lesson_->leave_out() : static_cast<void>(lesson_->go_on_with(next));
}

void Commissioning::take_back() {
  const std::lock_guard lock(mutex_);
  if (lesson_ && !lesson_->learned().empty()) lesson_->take_back();
}

}  // namespace station
