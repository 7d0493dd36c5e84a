#include "reports/unit.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "reports/summary.h"

namespace reports {

namespace {

void add_once(std::vector<std::string>& all, const std::string& text) {
  if (!text.empty() && std::ranges::find(all, text) == all.end()) all.push_back(text);
}

// Its visits whole: before its id was read, an attempt had failed already.
std::vector<db::Attempt> attempts_of(db::Reader& reader, const std::string& unit) {
  std::vector<db::Attempt> all;
  std::set<db::Uuid> visits;
  for (const db::Attempt& found : reader.attempts({.unit = unit, .steps = false})) {
    if (!visits.insert(found.visit.visit).second) continue;
    for (db::Attempt& attempt : reader.attempts({.visit = found.visit.visit})) all.push_back(std::move(attempt));
  }
  std::ranges::sort(all, {}, [](const db::Attempt& attempt) { return attempt.started.attempt; });
  return all;
}

void add_dispositions(db::Reader& reader, UnitHistory& history) {
  const auto add = [&history](const db::Disposition& one) {
    const bool known = std::ranges::any_of(history.dispositions, [&one](const db::Disposition& other) {
      return one.at == other.at && one.attempt == other.attempt && one.reason == other.reason;
    });
    if (!known) history.dispositions.push_back(one);
  };
  for (const db::Attempt& attempt : history.attempts) {
    const std::string id = history.ids.size() == 1 ? *history.ids.begin() : attempt.finished.unit;
    for (const db::Disposition& one : reader.dispositions(attempt.started.attempt, id)) add(one);
  }
  std::ranges::stable_sort(history.dispositions, {}, &db::Disposition::at);
}

bool names(const std::string& wanted, const db::Image& image) {
  constexpr std::size_t shortest = 4;
  std::string lower = wanted;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c; });
  return image.name == wanted || (lower.size() >= shortest && db::hex(image.sha256).starts_with(lower));
}

// Who holds an image, out of all attempts. Units are told apart by their id, else by their visit, as a Summary does.
class Holders {
 public:
  explicit Holders(const std::string& image) : image_(image) {}

  // In the order in which they were started.
  void add(const db::Outline& attempt) {
    if (!begun_ && !(attempt.recipe && asked_for(*attempt.recipe))) return;  // nobody was to get it yet
    begun_ = true;
    Candidate& unit = unit_of(attempt);
    unit.contents.add({attempt.attempt, attempt.ended, attempt.outcome, attempt.steps},
                      [this](const db::Image& image) { return is_wanted(image); });
    if (!attempt.unit.empty()) unit.id = attempt.unit;
    if (!attempt.label.empty()) unit.label = attempt.label;
    unit.place = place_of(attempt);
  }

  // In the order of the proofs.
  std::vector<Holder> take() {
    std::vector<Holder> all;
    for (Candidate& unit : units_) {
      for (const Held& held : unit.contents.now()) {
        all.push_back({unit.id, unit.label, unit.place->station, unit.place->port, unit.place->slot, held});
      }
      unit = {};
    }
    std::ranges::sort(all, {}, [](const Holder& one) { return std::pair(one.held.attempt, one.held.address); });
    return all;
  }

 private:
  struct Candidate {
    Contents contents{};
    std::string id{}, label{};  // empty: not known
    const SlotKey* place = nullptr;
  };

  Candidate& unit_of(const db::Outline& attempt) {
    const std::string& id = attempt.unit;
    const auto [visit, is_new] = by_visit_.try_emplace(attempt.visit, nullptr);
    if (is_new || (!id.empty() && visit->second->id != id)) {
      if (!is_new) *visit->second = {};  // an earlier attempt of the visit could not read the id
      Candidate*& known = id.empty() ? visit->second : by_id_[id];
      if (!known || id.empty()) known = &units_.emplace_back();
      visit->second = known;
    }
    return *visit->second;
  }

  const SlotKey* place_of(const db::Outline& attempt) {
    return &*places_.insert({attempt.station, attempt.port, attempt.slot}).first;
  }

  bool asked_for(const db::Recipe& recipe) const {
    return std::ranges::any_of(recipe.images, [this](const auto& image) { return names(image_, *image); });
  }
  bool is_wanted(const db::Image& image) {
    const auto [known, is_new] = wanted_.try_emplace(&image, false);
    if (is_new) known->second = names(image_, image);
    return known->second;
  }

  const std::string& image_;
  bool begun_ = false;
  std::map<const db::Image*, bool> wanted_;  // the reader makes each image once
  std::set<SlotKey> places_;
  std::deque<Candidate> units_;
  std::unordered_map<std::string, Candidate*> by_id_;
  std::unordered_map<db::Uuid, Candidate*, UuidHash> by_visit_;
};

}  // namespace

std::vector<UnitFound> units_of(const UnitHistory& history) {
  std::map<db::Uuid, std::string> id_of_visit;  // an earlier attempt of the visit may not have read it
  for (const db::Attempt& attempt : history.attempts) {
    if (!attempt.finished.unit.empty()) id_of_visit[attempt.visit.visit] = attempt.finished.unit;
  }
  std::vector<UnitFound> units;
  std::map<std::string, std::size_t> known;
  for (const db::Attempt& attempt : history.attempts) {
    const auto id = id_of_visit.find(attempt.visit.visit);
    const bool has_id = id != id_of_visit.end();
    const std::string key = has_id ? "id " + id->second : "visit " + to_string(attempt.visit.visit);
    const auto [at, is_new] = known.try_emplace(key, units.size());
    if (is_new) units.push_back({has_id ? id->second : std::string(), {}, 0, attempt});
    UnitFound& unit = units[at->second];
    ++unit.attempts;
    unit.last = attempt;
    if (!attempt.label.empty()) unit.label = attempt.label;
  }
  return units;
}

UnitHistory read_unit(db::Reader& reader, const std::string& unit) {
  UnitHistory history;
  history.asked = unit;
  history.stations = reader.stations();
  history.attempts = attempts_of(reader, unit);
  Contents contents;
  for (const db::Attempt& attempt : history.attempts) {
    if (!attempt.finished.unit.empty()) history.ids.insert(attempt.finished.unit);
    add_once(history.serials, attempt.started.serial);
    for (const std::string& serial : attempt.finished.serials) add_once(history.serials, serial);
    add_once(history.labels, attempt.label);
    contents.add(attempt);
    for (db::Event& event : reader.events(attempt.started.attempt)) history.events.push_back(std::move(event));
  }
  if (history.ids.size() <= 1) {
    history.holds = contents.now();
    history.lost = contents.lost();
  }
  add_dispositions(reader, history);
  return history;
}

std::vector<Holder> holders_of(db::Reader& reader, const std::string& image) {
  Holders holders(image);
  reader.outlines({}, db::Outlined::contents, [&](const db::Outline& attempt) {
    holders.add(attempt);
    return true;
  });
  return holders.take();
}

}  // namespace reports
