#include "reports/unit.h"

#include <algorithm>
#include <map>

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

// Units are told apart by their id, else by their visit, as a Summary does.
struct Candidate {
  Contents contents;
  Holder last;  // without what it holds
};

bool names(const std::string& wanted, const db::Image& image) {
  constexpr std::size_t shortest = 4;
  std::string lower = wanted;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c; });
  return image.name == wanted || (lower.size() >= shortest && db::hex(image.sha256).starts_with(lower));
}

}  // namespace

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
  // Whoever was ever to get it; then the whole of what happened to them since.
  std::set<std::string> ids;
  std::set<db::Uuid> visits;
  std::optional<db::Time> since;
  reader.attempts({.image = image, .steps = false}, [&](const db::Attempt& attempt) {
    if (!attempt.finished.unit.empty()) ids.insert(attempt.finished.unit);
    visits.insert(attempt.visit.visit);
    if (!since || attempt.started.at < *since) since = attempt.started.at;
    return true;
  });
  if (!since) return {};
  std::map<std::string, Candidate> units;
  std::map<db::Uuid, std::string> key_of_visit;
  reader.attempts({.since = since}, [&](const db::Attempt& attempt) {
    const std::string& id = attempt.finished.unit;
    if (!visits.contains(attempt.visit.visit) && !ids.contains(id)) return true;
    std::string& key = key_of_visit[attempt.visit.visit];
    if (key.empty()) key = id.empty() ? to_string(attempt.visit.visit) : id;
    if (!id.empty() && key != id) {  // an earlier attempt of the visit could not read it
      units.erase(key);
      key = id;
    }
    Candidate& unit = units[key];
    unit.contents.add(attempt);
    unit.contents.keep([&image](const db::Image& one) { return names(image, one); });
    const std::string label = attempt.label.empty() ? unit.last.label : attempt.label;
    unit.last = {id.empty() ? unit.last.unit : id, label, attempt.station, attempt.visit.port, attempt.visit.slot, {}};
    return true;
  });
  std::vector<Holder> holders;
  for (const auto& [key, unit] : units) {
    for (const Held& held : unit.contents.now()) {
      holders.push_back(unit.last);
      holders.back().held = held;
    }
  }
  std::ranges::stable_sort(holders, {}, [](const Holder& holder) { return holder.held.attempt; });
  return holders;
}

}  // namespace reports
