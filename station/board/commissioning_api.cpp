#include "station/board/commissioning_api.h"

#include <QJsonArray>
#include <QJsonObject>
#include <algorithm>
#include <future>

#include "config/files.h"
#include "reports/json_text.h"
#include "station/board/body.h"
#include "station/commissioning/slots_in_file.h"
#include "station/commissioning/station_file.h"
#include "station/live/line_view.h"
#include "station/record/image_json.h"

namespace station::board {

namespace {

constexpr std::chrono::seconds longest_wait(5);
constexpr std::chrono::seconds longest_reading(30);  // of a recipe's images, from a slow disk
constexpr std::size_t most_labels = 1000;
constexpr std::size_t largest_file = 1 << 20;

using reports::text;

Refusal not_now(std::string message, std::string remedy) {
  return {409, "not-now", std::move(message), std::move(remedy)};
}

Refusal none_runs() {
  return not_now("No sockets are being named.", "Start naming them first.");
}

QJsonObject socket_json(const NamedSocket& socket) {
  return {{"label", text(socket.label)}, {"port", text(socket.port.text)}};
}

// Each hub with the ports that are sockets: neither the computer's own nor those that hold another hub.
QJsonArray hubs_json(const dfu::Topology& topology) {
  QJsonArray hubs;
  for (const dfu::HubInfo& hub : topology.hubs) {
    if (hub.port.is_root()) continue;
    QJsonArray ports;
    for (int number = 1; number <= hub.ports; ++number) {
      const dfu::PortPath port = child(hub.port, number);
      if (std::ranges::count(topology.hubs, port, &dfu::HubInfo::port) == 0) ports.append(text(port.text));
    }
    hubs.append(QJsonObject{{"port", text(hub.port.text)}, {"ports", ports}});
  }
  return hubs;
}

QJsonArray changed_json(const std::vector<ChangedSlot>& changed) {
  QJsonArray all;
  for (const ChangedSlot& slot : changed) {
    all.append(QJsonObject{{"label", text(slot.label)},
                           {"was", text(slot.was)},
                           {"is", slot.is ? QJsonValue(text(slot.is->text)) : QJsonValue()}});
  }
  return all;
}

std::string names_of(const std::vector<NamedSocket>& sockets) {
  std::string all;
  for (const NamedSocket& one : sockets) all += (all.empty() ? "" : ", ") + one.label + " is " + one.port.text;
  return all;
}

// The labels to ask for, in their order; or what is wrong with them.
std::variant<std::vector<std::string>, Refusal> labels_in(const QJsonObject& body) {
  std::vector<std::string> labels;
  const QJsonArray wanted = body.value("labels").toArray();
  if (static_cast<std::size_t>(wanted.size()) > most_labels) return bad_request("There are too many labels.");
  for (const QJsonValue value : wanted) {
    const std::string label = value.toString().toStdString();
    if (const std::string problem = problem_with_label(label); !problem.empty()) {
      return bad_request("'" + label + "' cannot be a label: " + problem + ".");
    }
    if (std::ranges::count(labels, label) > 0) return bad_request("'" + label + "' is there twice.");
    labels.push_back(label);
  }
  return labels;
}

std::string read_text(const std::string& file) {
  const auto read = config::read_file(file, largest_file);
  const auto* bytes = std::get_if<dfu::Bytes>(&read);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "";
}

}  // namespace

Reply CommissioningApi::tell() const {
  const auto lesson = parts_.lesson ? parts_.lesson->now() : std::nullopt;
  QJsonObject json{
      {"active", lesson.has_value()},
      {"expect", lesson ? QJsonValue(text(lesson->expected())) : QJsonValue()},
      {"twice", lesson && lesson->twice() ? QJsonValue(socket_json(*lesson->twice())) : QJsonValue()},
      {"plugs", lesson ? lesson->plugs() : 0},
      {"wanted", lesson ? static_cast<qint64>(lesson->wanted()) : 0},
      {"station_file", parts_.station_file.empty() ? QJsonValue() : QJsonValue(text(parts_.station_file))}};
  QJsonArray learned;
  if (lesson) {
    for (const NamedSocket& one : lesson->learned()) learned.append(socket_json(one));
  }
  json["learned"] = learned;
  json["changed"] = changed_json(parts_.changed ? parts_.changed() : std::vector<ChangedSlot>());
  json["hubs"] = hubs_json(parts_.topology ? parts_.topology() : dfu::Topology());
  return json_reply(200, compact(json));
}

std::optional<Refusal> CommissioningApi::refuse_begin(const LineNow& line) const {
  if (!parts_.lesson || parts_.station_file.empty()) {
    return not_now("This station was started without a station file, so that there is nowhere to keep the names.",
                   "Start it with one, which may be empty: --station FILE");
  }
  if (line.state == RunState::stopping || line.state == RunState::stopping_at_once) {
    return not_now("The line is stopping.", "Start it again first.");
  }
  int busy = 0;
  for (const HubNow& hub : line.hubs) {
    busy += static_cast<int>(std::ranges::count_if(hub.slots, [&](const SlotNow& slot) {
      const bool waits = slot.state == SlotState::queued && line.state == RunState::running;
      return waits || slot.state == SlotState::working || slot.state == SlotState::between;
    }));
  }
  if (busy == 0) return std::nullopt;
  return not_now(std::to_string(busy) + (busy == 1 ? " unit is" : " units are") + " in work.",
                 "Pause the line, wait for the verdicts, and begin then.");
}

// Called once, whether or not the other side still waits: the line may end just now, and never answer.
bool CommissioningApi::commission(bool on) const {
  const auto taken = std::make_shared<std::promise<void>>();
  std::future<void> done = taken->get_future();
  parts_.controls.commission(on, [taken] { taken->set_value(); });
  return done.wait_for(longest_wait) == std::future_status::ready;
}

bool CommissioningApi::reload() const {
  const auto taken = std::make_shared<std::promise<bool>>();
  std::future<bool> done = taken->get_future();
  parts_.controls.reload([taken](bool good) { taken->set_value(good); });
  return done.wait_for(longest_reading) == std::future_status::ready && done.get();
}

Reply CommissioningApi::begin(const Asker& asker, const Request& request, const std::function<LineNow()>& line) {
  const std::lock_guard lock(one_at_a_time_);
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  const auto labels = labels_in(std::get<QJsonObject>(body));
  if (const auto* refusal = std::get_if<Refusal>(&labels)) return reply_of(*refusal);
  if (const auto refusal = refuse_begin(line())) return reply_of(*refusal);
  if (parts_.lesson->now()) return reply_of(not_now("The sockets are being named already.", "Go on with it."));
  const config::StationResult file = config::load_station(parts_.station_file);
  if (!file.station) return reply_of(not_now("The station file now has an error.", "Do: flashline doctor"));
  // Before a person has plugged a unit into each socket.
  if (const auto problem = try_station_file(parts_.station_file, read_text(parts_.station_file))) {
    return reply_of(not_now(*problem,
                            "Let this program write there, as the guide for administrators says under \"Sockets\". "
                            "Or do on the station's computer: flashline slots learn --station " +
                                parts_.station_file));
  }
  if (const auto refusal = journal_.note(asker, "commissioning-started", "line", "began to name the sockets")) {
    return reply_of(*refusal);
  }
  if (!commission(true)) return reply_of({503, "busy", "The line does not answer.", "Check whether it still runs."});
  // A unit may have come in between.
  if (const auto refusal = refuse_begin(line())) {
    commission(false);
    return reply_of(*refusal);
  }
  parts_.lesson->begin(GuidedLesson(*file.station, std::get<std::vector<std::string>>(labels)));
  return tell();
}

Reply CommissioningApi::leave_out(const Asker& asker, const Request& request) {
  const std::lock_guard lock(one_at_a_time_);
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  const auto lesson = parts_.lesson ? parts_.lesson->now() : std::nullopt;
  if (!lesson) return reply_of(none_runs());
  if (std::get<QJsonObject>(body).value("back").toBool()) return take_back(asker, *lesson);
  const std::string next = text_in(std::get<QJsonObject>(body), "to");
  GuidedLesson trial = *lesson;
  if (const std::string problem = next.empty() ? "" : trial.go_on_with(next); !problem.empty()) {
    return reply_of(not_now("The next socket cannot be called '" + next + "': " + problem + ".", "Give another name."));
  }
  const std::string what = next.empty() ? "left out socket " + lesson->expected()
                                        : "went on with socket " + next + " instead of " + lesson->expected();
  if (const auto refusal = journal_.note(asker, "socket-left-out", lesson->expected(), what)) return reply_of(*refusal);
  parts_.lesson->leave_out(next);
  return tell();
}

Reply CommissioningApi::take_back(const Asker& asker, const GuidedLesson& lesson) {
  if (lesson.learned().empty()) return reply_of(not_now("No socket has a name yet.", "Plug a unit into one."));
  const NamedSocket& last = lesson.learned().back();
  const std::string what = "took back that socket " + last.label + " is " + last.port.text;
  if (const auto refusal = journal_.note(asker, "socket-taken-back", last.label, what)) return reply_of(*refusal);
  parts_.lesson->take_back();
  return tell();
}

// The names are on record before they are in the file, and in the file before the line has them.
std::optional<Refusal> CommissioningApi::write(const Asker& asker, const GuidedLesson& lesson) {
  const std::string& file = parts_.station_file;
  const config::StationResult now = config::load_station(file);
  if (!now.station) return not_now("The station file now has an error.", "Correct it, then save again.");
  const auto fresh = with_slots(read_text(file), *now.station, parts_.topology(), lesson.learned());
  if (const auto* no = std::get_if<NotWritable>(&fresh)) return not_now(no->sentence, "Then save again.");
  const std::string& whole = std::get<std::string>(fresh);
  if (const auto problem = try_station_file(file, whole)) return not_now(*problem, "Then save again.");
  const std::size_t count = lesson.learned().size();
  const std::string what =
      "named " + std::to_string(count) + (count == 1 ? " socket (" : " sockets (") + names_of(lesson.learned()) + ")";
  if (const auto refusal = journal_.note(asker, "commissioning-finished", "line", what)) return refusal;
  if (const auto problem = replace_station_file(file, whole)) return not_now(*problem, "Then save again.");
  return std::nullopt;
}

void CommissioningApi::end() {
  parts_.lesson->end();
  commission(false);
}

Reply CommissioningApi::finish(const Asker& asker) {
  const std::lock_guard lock(one_at_a_time_);
  const auto lesson = parts_.lesson ? parts_.lesson->now() : std::nullopt;
  if (!lesson) return reply_of(none_runs());
  if (lesson->learned().empty()) return reply_of(not_now("No socket has a name yet.", "Plug a unit into one."));
  if (const auto refusal = write(asker, *lesson)) return reply_of(*refusal);
  const bool taken = reload();
  end();
  if (taken) return tell();
  return reply_of(not_now("The names are saved, but the line could not read its files again.",
                          "See the log of the station, then start it again."));
}

Reply CommissioningApi::cancel(const Asker& asker) {
  const std::lock_guard lock(one_at_a_time_);
  if (!parts_.lesson || !parts_.lesson->now()) return reply_of(none_runs());
  if (const auto refusal = journal_.note(asker, "commissioning-cancelled", "line", "stopped naming the sockets")) {
    return reply_of(*refusal);
  }
  end();
  return tell();
}

}  // namespace station::board
