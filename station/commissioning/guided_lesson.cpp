#include "station/commissioning/guided_lesson.h"

#include <algorithm>

#include "station/commissioning/slot_lesson.h"

namespace station {

GuidedLesson::GuidedLesson(const config::StationConfig& station, std::vector<std::string> labels) {
  if (labels.empty()) {
    for (const config::SlotConfig& slot : station.slots) labels.push_back(slot.label);
  }
  wanted_ = labels.size();
  next_.assign(labels.begin(), labels.end());
  if (next_.empty()) next_.push_back("A1");
}

bool GuidedLesson::is_learned(const std::string& label) const {
  return std::ranges::count(learned_, label, &NamedSocket::label) > 0;
}

// Never back to one that is learned.
void GuidedLesson::count_on(std::string label) {
  next_.pop_front();
  while (!next_.empty() && is_learned(next_.front())) next_.pop_front();
  if (!next_.empty()) return;
  do {
    label = label_after(label);
  } while (is_learned(label));
  next_.push_back(label);
}

void GuidedLesson::plugged(const dfu::PortPath& port) {
  ++plugs_;
  const auto known = std::ranges::find(learned_, port, &NamedSocket::port);
  if (known != learned_.end()) {
    twice_ = *known;
    return;
  }
  twice_.reset();
  learned_.push_back({expected(), port});
  count_on(expected());
}

void GuidedLesson::leave_out() {
  twice_.reset();
  count_on(expected());
}

void GuidedLesson::take_back() {
  twice_.reset();
  next_.push_front(learned_.back().label);
  learned_.pop_back();
}

std::string GuidedLesson::go_on_with(const std::string& label) {
  if (const std::string problem = problem_with_label(label); !problem.empty()) return problem;
  if (is_learned(label)) return "a socket is called '" + label + "' already";
  const auto waiting = std::ranges::find(next_, label);
  if (waiting != next_.end()) {
    next_.erase(next_.begin(), waiting);
  } else {
    next_.front() = label;
  }
  twice_.reset();
  return "";
}

std::string problem_with_label(const std::string& label) {
  return SlotLesson({}, {}, "A1").problem_with(label);
}

}  // namespace station
