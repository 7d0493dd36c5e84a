#include "scheduler/talk.h"

#include <utility>

namespace scheduler {

Talk::Talk(dfu::Bus& bus, dfu::Clock& clock, dfu::UnitHandle unit, std::shared_ptr<Task> task, Watchers watchers)
    : bus_(bus), clock_(clock), unit_(unit), task_(std::move(task)), watchers_(std::move(watchers)) {}

void Talk::begin() {
  go_on(nullptr);
}

void Talk::go_on(const dfu::Answer* answer) {
  if (stopping_) task_->stop();
  const dfu::Duration now = clock_.now();
  dfu::Ask ask = answer ? task_->answer(*answer, now) : task_->begin(now);
  if (auto news = task_->news(now)) watchers_.news(*std::move(news));
  carry_out(std::move(ask));
}

void Talk::carry_out(dfu::Ask ask) {
  if (std::holds_alternative<dfu::Finished>(ask)) return watchers_.over();
  if (hurrying_) return cut_off();
  const auto answered = [self = shared_from_this()](auto result) {
    const dfu::Answer answer = std::move(result);
    self->go_on(&answer);
  };
  if (auto* submit = std::get_if<dfu::Submit>(&ask)) {
    bus_.submit(unit_, std::move(submit->transfer), answered);
    if (hurrying_) bus_.cancel(unit_);  // for a `hurry` that came before there was something to cancel
  } else if (const auto* wait = std::get_if<dfu::Pause>(&ask)) {
    pause(wait->duration);
  } else {
    bus_.reset(unit_, answered);
  }
}

void Talk::pause(dfu::Duration duration) {
  const int number = ++pauses_;
  pause_ = number;
  clock_.after(duration, [self = shared_from_this(), number] {
    if (!self->end_pause(number)) return;
    const dfu::Answer answer = dfu::Paused{};
    self->go_on(&answer);
  });
  if (hurrying_ && end_pause(number)) cut_off();
}

bool Talk::end_pause(int pause) {
  return pause_.compare_exchange_strong(pause, 0);
}

void Talk::hurry() {
  stopping_ = true;
  hurrying_ = true;
  bus_.cancel(unit_);
  const int pause = pause_;
  if (pause != 0 && end_pause(pause)) cut_off();
}

void Talk::cut_off() {
  task_->cut_off();
  watchers_.over();
}

}  // namespace scheduler
