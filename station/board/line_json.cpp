#include "station/board/line_json.h"

#include <cmath>

#include "reports/attempt_json.h"
#include "reports/json_text.h"
#include "station/live/advice.h"
#include "station/record/image_json.h"
#include "station/record/record_rows.h"
#include "station/version.h"

namespace station::board {

namespace {

using reports::text;
using reports::text_or_null;

double hundredths(double value) {
  return std::round(value * 100) / 100;
}

// Thousandths: what a bar or a percentage shows.
QJsonValue fine_or_null(const std::optional<double>& value) {
  return value ? QJsonValue(std::round(*value * 1000) / 1000) : QJsonValue();
}

QJsonValue whole_or_null(const std::optional<double>& value) {
  return value ? QJsonValue(std::round(*value)) : QJsonValue();
}

QJsonValue tenths_or_null(const std::optional<double>& value) {
  return value ? QJsonValue(std::round(*value * 10) / 10) : QJsonValue();
}

QJsonValue or_null(const std::optional<bool>& value) {
  return value ? QJsonValue(*value) : QJsonValue();
}

QString word(RunState state) {
  switch (state) {
    case RunState::running:
      return "running";
    case RunState::paused:
      return "paused";
    case RunState::commissioning:
      return "commissioning";
    case RunState::halted:
      return "stopped";
    case RunState::stopping:
      return "stopping";
    case RunState::stopping_at_once:
      return "stopping-now";
  }
  return {};
}

QString word(Bottleneck::By by) {
  switch (by) {
    case Bottleneck::By::people:
      return "people";
    case Bottleneck::By::units:
      return "units";
    case Bottleneck::By::bus:
      return "bus";
    case Bottleneck::By::limit:
      return "limit";
    case Bottleneck::By::pause:
      return "pause";
    case Bottleneck::By::order:
      return "order";
    case Bottleneck::By::hub_stopped:
      return "hub-stopped";
    case Bottleneck::By::hub_slowed:
      return "hub-slowed";
  }
  return {};
}

QString word(Skip::By by) {
  switch (by) {
    case Skip::By::somebody:
      return "board";
    case Skip::By::file:
      return "file";
    case Skip::By::no_recipe:
      return "no-recipe";
  }
  return {};
}

QJsonValue note_json(const LineNote& note) {
  if (note.code.empty()) return {};
  return QJsonObject{{"code", text(note.code)},
                     {"values", values_json(note.values)},
                     {"about", text_or_null(note.about)},
                     {"slot", text_or_null(note.slot)}};
}

QJsonValue closed_json(const std::optional<scheduler::Remark>& closed) {
  if (!closed) return {};
  return QJsonObject{{"code", text(to_string(closed->code))}, {"values", values_json(closed->values)}};
}

// Null: it takes its full width.
QJsonValue trouble_json(const std::optional<HubTrouble>& trouble) {
  if (!trouble) return {};
  return QJsonObject{{"state", trouble->stopped ? "stopped" : "slowed"},
                     {"code", text(to_string(trouble->said.code))},
                     {"values", values_json(trouble->said.values)}};
}

// Why no unit is taken in here.
std::string reason_of(const SlotNow& slot) {
  if (slot.skip && slot.state != SlotState::quarantined) return slot.skip->reason;
  return slot.quarantine;
}

QJsonValue last_json(const std::optional<Ending>& last) {
  if (!last) return {};
  return QJsonObject{{"outcome", text(scheduler::to_string(last->outcome))},
                     {"fault", reports::fault_json(fault_row(last->fault))},
                     {"verified", or_null(last->verified)},
                     {"booted", or_null(last->booted)},
                     {"seconds", fine_or_null(last->seconds)}};
}

QJsonValue job_json(const std::optional<db::JobOpened>& job, const std::optional<int>& left) {
  if (!job) return {};
  const qint64 to_make = left.value_or(0);
  return QJsonObject{{"id", text(job->order)},
                     {"order", text(job->order)},
                     {"product", text_or_null(job->product)},
                     {"lot", text_or_null(job->lot)},
                     {"quantity", qint64{job->quantity}},
                     {"made", qint64{job->quantity} - to_make},
                     {"left", to_make},
                     {"operator", text_or_null(job->operator_name)}};
}

QJsonObject bottleneck_json(const Bottleneck& bottleneck) {
  return {{"by", word(bottleneck.by)},
          {"slots", bottleneck.slots},
          {"name", text(bottleneck.name)},
          {"times_slower", hundredths(bottleneck.times_slower)}};
}

QJsonObject line_json(const LineNow& line, const LineFacts& facts) {
  const Counts& counts = line.counts;
  const config::Recipe* recipe = line.recipe.get();
  QJsonObject json;
  json["state"] = word(line.state);
  json["seconds"] = std::floor(line.seconds);
  json["recipe"] = recipe ? QJsonValue(QJsonObject{{"name", text(recipe->name)}, {"revision", text(recipe->revision)}})
                          : QJsonValue();
  json["units"] = counts.units;
  json["passed"] = counts.passed;
  json["already"] = counts.already;
  json["failed"] = counts.failed;
  json["error"] = counts.error;
  json["cancelled"] = counts.cancelled;
  json["attempts"] = counts.attempts;
  json["first_pass"] = counts.first_pass;
  json["yield"] = counts.units == 0 ? QJsonValue() : fine_or_null(static_cast<double>(counts.good()) / counts.units);
  json["units_per_hour"] = whole_or_null(line.units_per_hour);
  json["bound"] = bottleneck_json(line.bound);
  json["remark"] = text(line.note.text);  // in English; `note` is for a page of any language
  json["note"] = note_json(line.note);
  json["job"] = job_json(facts.job, line.still_to_make);
  // No unit is started before there is one.
  json["order_wanted"] = line.order && line.order->empty() && !line.without_order;
  json["operator"] = text_or_null(line.operator_name.value_or(facts.operator_name));
  json["changed_slots"] = static_cast<qint64>(facts.changed_slots);
  json["without_order"] = line.without_order;
  return json;
}

LineJson::Hub hub_json(const HubNow& hub, const LineFacts& facts) {
  LineJson::Hub json{.port = hub.port.text};
  json.facts = {{"port", text(hub.port.text)},
                {"label", text(hub.label)},
                {"tt", text(dfu::to_string(hub.tt))},
                {"ports", static_cast<qint64>(hub.slots.size())},
                {"missing", hub.missing},
                {"trouble", trouble_json(hub.trouble)}};
  json.load = hub.bus_load ? QJsonValue(hundredths(*hub.bus_load)) : QJsonValue();
  for (const SlotNow& slot : hub.slots) {
    json.ports.push_back(slot.port.text);
    const auto label = facts.labels.find(slot.visit);
    json.slots.push_back(compact(slot_json(slot, label == facts.labels.end() ? "" : label->second)));
  }
  return json;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : ",") + part;
  return all;
}

// `object` with one more member at its end, which is JSON already.
std::string with(const QJsonObject& object, const char* name, const std::string& json) {
  std::string all = compact(object);
  all.pop_back();
  return all + (object.isEmpty() ? "\"" : ",\"") + name + "\":" + json + "}";
}

bool same_structure(const LineJson& before, const LineJson& after) {
  if (before.hubs.size() != after.hubs.size()) return false;
  for (std::size_t i = 0; i < after.hubs.size(); ++i) {
    if (before.hubs[i].facts != after.hubs[i].facts || before.hubs[i].ports != after.hubs[i].ports) return false;
  }
  return true;
}

QJsonObject changed_line(const QJsonObject& before, const QJsonObject& after) {
  QJsonObject changed;
  for (auto member = after.begin(); member != after.end(); ++member) {
    if (before.value(member.key()) != member.value()) changed[member.key()] = member.value();
  }
  return changed;
}

QJsonArray changed_loads(const LineJson& before, const LineJson& after) {
  QJsonArray changed;
  for (std::size_t i = 0; i < after.hubs.size(); ++i) {
    const LineJson::Hub& hub = after.hubs[i];
    if (before.hubs[i].load == hub.load) continue;
    changed.append(QJsonObject{{"port", text(hub.port)}, {"bus_load", hub.load}});
  }
  return changed;
}

std::vector<std::string> changed_slots(const LineJson& before, const LineJson& after) {
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < after.hubs.size(); ++i) {
    const auto& was = before.hubs[i].slots;
    const auto& is = after.hubs[i].slots;
    for (std::size_t slot = 0; slot < is.size(); ++slot) {
      if (was[slot] != is[slot]) changed.push_back(is[slot]);
    }
  }
  return changed;
}

}  // namespace

std::string_view to_string(SlotState state) {
  switch (state) {
    case SlotState::empty:
      return "empty";
    case SlotState::foreign:
      return "foreign";
    case SlotState::queued:
      return "queued";
    case SlotState::working:
      return "working";
    case SlotState::between:
      return "between";
    case SlotState::verdict:
      return "verdict";
    case SlotState::quarantined:
      return "quarantined";
    case SlotState::skipped:
      return "skipped";
    case SlotState::no_hub:
      return "no-hub";
  }
  return {};
}

QJsonObject slot_json(const SlotNow& slot, const std::string& label) {
  const bool works = slot.state == SlotState::working;
  QJsonObject json;
  json["port"] = text(slot.port.text);
  json["label"] = text(slot.label);
  json["state"] = text(to_string(slot.state));
  json["present"] = slot.present;
  json["visit"] = text_or_null(slot.visit);
  json["attempt"] = slot.attempt;
  json["phase"] = works ? text(to_string(slot.phase)) : QString("");
  json["step"] = works ? text(slot.step) : QString("");
  json["fraction"] = works ? fine_or_null(slot.fraction) : QJsonValue(0);
  json["left_seconds"] = tenths_or_null(slot.left_seconds);
  json["bytes_per_second"] = whole_or_null(slot.bytes_per_second);
  json["stuck_seconds"] = std::floor(slot.stuck_seconds);
  json["outcome"] = slot.verdict ? QJsonValue(text(scheduler::to_string(*slot.verdict))) : QJsonValue();
  json["last"] = last_json(slot.last);
  json["unit"] = text_or_null(slot.unit);
  json["serial"] = text_or_null(slot.serial);
  json["label_of_unit"] = text_or_null(label);
  json["reason"] = text_or_null(reason_of(slot));
  json["missed"] = slot.missed;
  json["advice"] = text(to_string(advise(slot)));
  json["taken_out"] = slot.taken_out;
  json["failed_in_a_row"] = slot.failed_in_a_row >= hint_after ? slot.failed_in_a_row : 0;
  json["closed"] = closed_json(slot.closed);
  json["waits_for"] = slot.wait ? QJsonValue(text(to_string(slot.wait->what))) : QJsonValue();
  json["hub_stopped"] = slot.hub_stopped;
  json["skipped_by"] = slot.skip ? QJsonValue(word(slot.skip->by)) : QJsonValue();
  return json;
}

LineJson line_json_of(const LineNow& line, const LineFacts& facts) {
  LineJson json{.station = facts.station, .line = line_json(line, facts)};
  for (const HubNow& hub : line.hubs) json.hubs.push_back(hub_json(hub, facts));
  return json;
}

std::string whole(const LineJson& line, const Moment& moment) {
  std::vector<std::string> hubs;
  for (const LineJson::Hub& hub : line.hubs) {
    QJsonObject facts = hub.facts;
    facts["bus_load"] = hub.load;
    hubs.push_back(with(facts, "slots", "[" + joined(hub.slots) + "]"));
  }
  const QJsonObject top{{"n", static_cast<qint64>(moment.number)},
                        {"time", reports::rfc3339(moment.time)},
                        {"station", text(line.station)},
                        {"version", text(version())},
                        {"line", line.line}};
  return with(top, "hubs", "[" + joined(hubs) + "]");
}

Delta delta(const LineJson& before, const LineJson& after, const Moment& moment) {
  if (!same_structure(before, after) || before.station != after.station) return {Change::structure};
  const QJsonObject line = changed_line(before.line, after.line);
  const QJsonArray loads = changed_loads(before, after);
  const std::vector<std::string> slots = changed_slots(before, after);
  if (line.isEmpty() && loads.isEmpty() && slots.empty()) return {Change::none};
  QJsonObject top{{"n", static_cast<qint64>(moment.number)}, {"time", reports::rfc3339(moment.time)}, {"line", line}};
  if (!loads.isEmpty()) top["hubs"] = loads;
  return {Change::some, with(top, "slots", "[" + joined(slots) + "]")};
}

}  // namespace station::board
