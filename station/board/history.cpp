#include "station/board/history.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "db/outcome.h"
#include "db/signature.h"
#include "reports/attempt_json.h"
#include "reports/json_text.h"
#include "reports/last_of_visits.h"
#include "reports/statistics.h"
#include "scheduler/suspicion.h"
#include "station/record/certificate_page.h"
#include "station/record/last_backup.h"
#include "station/record/signed_file.h"

namespace station::board {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_read = 3s;      // then the page gets what there is
constexpr auto looked_back = 7 * 24h;  // what is compared and counted for health
constexpr std::size_t most_units = 50;
constexpr std::size_t most_history = 500;  // attempts of one unit: a serial that many units share

using reports::text;
using reports::text_or_null;

class Limit {
 public:
  bool is_over() const { return std::chrono::steady_clock::now() >= end_; }

 private:
  const std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + longest_read;
};

db::Filter filter_for(const std::string& query) {
  db::Filter filter;
  filter.attempt = db::parse_uuid(query);
  if (!filter.attempt) filter.unit = query;
  return filter;
}

// By which a unit is asked for again: what tells it from others, or its last attempt.
std::string key_of(const db::Attempt& attempt) {
  if (!attempt.finished.unit.empty()) return attempt.finished.unit;
  return attempt.label.empty() ? db::to_string(attempt.started.attempt) : attempt.label;
}

struct Unit {
  db::Attempt last;
  std::set<std::string> serials;
  qint64 attempts = 0;

  void add(const db::Attempt& attempt) {
    last = attempt;
    ++attempts;
    serials.insert(attempt.finished.serials.begin(), attempt.finished.serials.end());
  }
};

QJsonObject json_of(const Unit& unit) {
  QJsonArray serials;
  for (const std::string& serial : unit.serials) serials.append(text(serial));
  return {{"key", text(key_of(unit.last))},           {"unit", text_or_null(unit.last.finished.unit)},
          {"label", text_or_null(unit.last.label)},   {"serials", serials},
          {"last", reports::attempt_json(unit.last)}, {"attempts", unit.attempts}};
}

// By what tells units from others; one that nothing tells is known by its visit.
using Units = std::map<std::string, Unit>;

void add(Units& units, const db::Attempt& attempt) {
  const std::string& id = attempt.finished.unit;
  units[id.empty() ? db::to_string(attempt.visit.visit) : id].add(attempt);
}

// The one that was here last comes first.
QJsonArray newest_first(const Units& units) {
  std::vector<const Unit*> order;
  for (const auto& [key, unit] : units) order.push_back(&unit);
  std::ranges::sort(order, std::greater{}, [](const Unit* unit) { return unit->last.started.attempt; });
  if (order.size() > most_units) order.resize(most_units);
  QJsonArray all;
  for (const Unit* unit : order) all.append(json_of(*unit));
  return all;
}

QJsonArray units_of(const std::string& database, db::Filter filter) {
  const Limit limit;
  Units units;
  filter.steps = false;
  db::Reader(database).attempts(filter, [&](const db::Attempt& attempt) {
    add(units, attempt);
    return units.size() < most_units && !limit.is_over();
  });
  return newest_first(units);
}

// Of a window that grows until it holds enough. One that took too long was not read to its end, where the newest are:
// then what the smaller one held.
QJsonArray newest_units(const std::string& database) {
  const Limit limit;
  QJsonArray newest;
  for (const auto window : {1h, 24h, 24h * 30}) {
    Units units;
    db::Filter filter;
    filter.steps = false;
    filter.since = db::now() - window;
    db::Reader(database).attempts(filter, [&](const db::Attempt& attempt) {
      add(units, attempt);
      return !limit.is_over();
    });
    if (limit.is_over()) break;
    newest = newest_first(units);
    if (units.size() >= most_units) break;
  }
  return newest;
}

QJsonObject json_of(const db::Disposition& decision) {
  return {{"time", reports::rfc3339(decision.at)},
          {"kind", text(db::to_string(decision.verdict))},
          {"author", text(decision.author)},
          {"reason", text(decision.reason)},
          {"attempt", decision.attempt ? QJsonValue(text(db::to_string(*decision.attempt))) : QJsonValue()}};
}

// Units of one slot, hub or recipe, by the last attempt of each visit.
struct Yield {
  QString label;
  std::uint64_t units = 0, failed = 0;
};

class Comparison {
 public:
  void add(const std::string& key, const QString& label, bool failed) {
    Yield& yield = by_key_[key];
    yield.label = label;
    ++yield.units;
    yield.failed += failed ? 1 : 0;
    suspicion_.judged(key, failed);
  }
  QJsonArray json() const {
    QJsonArray all;
    for (const auto& [key, yield] : by_key_) {
      const reports::Share good{yield.units - yield.failed, yield.units};
      all.append(QJsonObject{{"port", text(key)},
                             {"label", yield.label},
                             {"units", static_cast<qint64>(yield.units)},
                             {"failed", static_cast<qint64>(yield.failed)},
                             {"yield", good.value()},
                             {"low", good.bounds().first},
                             {"high", good.bounds().second},
                             {"suspect", suspicion_.is_suspect(key)}});
    }
    return all;
  }

 private:
  std::map<std::string, Yield> by_key_;
  scheduler::Suspicion suspicion_;
};

struct Comparisons {
  explicit Comparisons(const LineNow& line) {
    for (const HubNow& hub : line.hubs) hub_labels[hub.port.text] = text(hub.label);
  }
  void add(const db::Attempt& attempt) {
    if (!reports::counts_for_slot(attempt.finished.outcome)) return;
    const bool failed = !is_good(attempt.finished.outcome);
    const std::string hub = dfu::PortPath{attempt.visit.port}.hub().text;
    slots.add(attempt.visit.port, text(attempt.visit.slot), failed);
    hubs.add(hub, hub_labels[hub], failed);
    if (const auto& recipe = attempt.started.recipe) recipes.add(recipe->name, text(recipe->revision), failed);
  }

  std::map<std::string, QString> hub_labels{};
  Comparison slots{}, hubs{}, recipes{};
};

// The last attempt of each visit of the last seven days.
void read_last_attempts(db::Reader& reader, const std::function<void(const db::Attempt&)>& take) {
  const Limit limit;
  db::Filter filter;
  filter.since = db::now() - looked_back;
  filter.steps = false;
  reports::LastOfVisits<db::Attempt> visits;
  reader.attempts(filter, [&](const db::Attempt& attempt) {
    if (const auto before = visits.add(attempt, attempt)) take(*before);
    return !limit.is_over();
  });
  for (const db::Attempt& attempt : visits.rest()) take(attempt);
}

QJsonObject file_facts(const std::string& path) {
  std::error_code error;
  const auto size = [&](const std::string& file) {
    const auto bytes = std::filesystem::file_size(file, error);
    return error ? 0 : static_cast<qint64>(bytes);
  };
  return {{"path", text(path)}, {"bytes", size(path) + size(path + "-wal")}};
}

QJsonObject disk_facts(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(std::filesystem::absolute(path, error).parent_path(), error);
  if (error) return {{"free_bytes", QJsonValue()}, {"total_bytes", QJsonValue()}};
  return {{"free_bytes", static_cast<qint64>(space.available)}, {"total_bytes", static_cast<qint64>(space.capacity)}};
}

}  // namespace

// A window that grows: on a busy line the last day is enough, and nobody reads years for twenty rows.
QJsonArray History::attempts_in(const std::string& slot_or_port, std::size_t most) const {
  db::Reader reader(database_);
  const Limit limit;
  std::deque<QJsonObject> newest;
  for (const auto window : {24h, 24h * 30}) {
    newest.clear();
    db::Filter filter;
    filter.slot = slot_or_port;
    filter.since = db::now() - window;
    reader.attempts(filter, [&](const db::Attempt& attempt) {
      newest.push_back(reports::attempt_json(attempt));
      if (newest.size() > most) newest.pop_front();
      return !limit.is_over();
    });
    if (newest.size() >= most || limit.is_over()) break;
  }
  QJsonArray all;
  for (const QJsonObject& attempt : newest) all.prepend(attempt);
  return all;
}

QJsonObject History::units(const std::string& query) const {
  return {{"units", query.empty() ? newest_units(database_) : units_of(database_, filter_for(query))}};
}

std::optional<QJsonObject> History::unit(const std::string& key) const {
  const Limit limit;
  db::Reader reader(database_);
  Unit unit;
  QJsonArray attempts;
  reader.attempts(filter_for(key), [&](const db::Attempt& attempt) {
    unit.add(attempt);
    attempts.prepend(reports::attempt_json(attempt));
    return unit.attempts < static_cast<qint64>(most_history) && !limit.is_over();
  });
  if (unit.attempts == 0) return std::nullopt;
  QJsonObject json = json_of(unit);
  json["attempts"] = attempts;
  QJsonArray decisions;
  for (const db::Disposition& decision : reader.dispositions(unit.last.started.attempt, unit.last.finished.unit)) {
    decisions.append(json_of(decision));
  }
  json["dispositions"] = decisions;
  return json;
}

QJsonObject job_json(const db::WorkOrder& job) {
  const db::JobOpened& opened = job.opened;
  QJsonObject counted;
  for (const auto& [outcome, units] : job.units) counted[text(db::to_string(outcome))] = qint64{units};
  return {{"id", text(opened.order)},
          {"order", text(opened.order)},
          {"product", text_or_null(opened.product)},
          {"recipe", text_or_null(opened.recipe_name)},
          {"lot", text_or_null(opened.lot)},
          {"quantity", qint64{opened.quantity}},
          {"made", qint64{job.made}},
          {"left", std::max<qint64>(0, opened.quantity - job.made)},
          {"operator", text_or_null(opened.operator_name)},
          {"state", job.closed ? "closed" : "open"},
          {"opened", reports::rfc3339(opened.at)},
          {"closed", job.closed ? QJsonValue(reports::rfc3339(job.closed->at)) : QJsonValue()},
          {"valid_until", opened.until ? QJsonValue(reports::rfc3339(*opened.until)) : QJsonValue()},
          {"units", counted}};
}

QJsonArray History::jobs() const {
  QJsonArray all;
  for (const db::WorkOrder& job : db::Reader(database_).jobs()) all.prepend(job_json(job));
  return all;
}

std::optional<QJsonObject> History::job(const std::string& order) const {
  const std::optional<db::WorkOrder> job = db::Reader(database_).job(order);
  if (!job) return std::nullopt;
  QJsonObject json = job_json(*job);
  json["certificate"] = job->closed ? QJsonValue(text(job->closed->certificate)) : QJsonValue();
  return json;
}

std::optional<std::string> History::certificate(const std::string& order) const {
  const std::optional<db::WorkOrder> job = db::Reader(database_).job(order);
  if (!job || !job->closed) return std::nullopt;
  return job->closed->certificate;
}

std::optional<std::string> History::signature(const std::string& order) const {
  const std::optional<std::string> text = certificate(order);
  if (!text) return std::nullopt;
  return db::StationKey::load(key_path(database_)).sign(*text, "flashline certificate " + order);
}

std::variant<std::string, Refused> History::certificate_page(const std::string& order) const {
  return order_certificate_page(database_, order);
}

std::variant<std::string, Refused> History::unit_certificate_page(const std::string& key) const {
  return station::unit_certificate_page(database_, key);
}

QJsonObject History::health(const LineNow& line) const {
  db::Reader reader(database_);
  Comparisons all(line);
  read_last_attempts(reader, [&](const db::Attempt& attempt) { all.add(attempt); });
  QJsonObject record = file_facts(database_);
  const auto stations = reader.stations();
  record["rows"] = stations.empty() ? qint64{0} : qint64{stations.front().head.seq};
  const auto backup = last_backup(database_);
  record["last_backup"] = backup ? QJsonValue(reports::rfc3339(*backup)) : QJsonValue();
  const QJsonObject clock{{"steps", qint64{reader.count_events("clock-step", db::now() - looked_back)}}};
  return {{"slots", all.slots.json()},     {"hubs", all.hubs.json()}, {"recipes", all.recipes.json()},
          {"disk", disk_facts(database_)}, {"clock", clock},          {"database", record}};
}

}  // namespace station::board
