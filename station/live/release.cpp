#include "station/live/release.h"

#include <QJsonDocument>
#include <QJsonObject>

#include "reports/json_text.h"
#include "reports/printable.h"
#include "station/record/image_json.h"

namespace station {

namespace {

constexpr std::size_t longest_reason = 200;

using reports::text;

std::optional<QJsonObject> object_from(std::string_view line) {
  const auto bytes = QByteArray::fromRawData(line.data(), static_cast<qsizetype>(line.size()));
  const QJsonDocument document = QJsonDocument::fromJson(bytes);
  return document.isObject() ? std::optional(document.object()) : std::nullopt;
}

std::string text_of(const QJsonObject& object, const char* key) {
  return object.value(key).toString().toStdString();
}

// "Anna released hub left (cable replaced) by command."
db::Event event_of(const Releasable& what, const scheduler::Decision& decision) {
  db::Event event;
  event.kind = "released";
  event.about = what.port.text;
  event.text = decision.by + " released " + what.name + " (" + decision.reason + ") by command.";
  event.facts =
      compact(QJsonObject{{"operator", text(decision.by)}, {"reason", text(decision.reason)}, {"from", "command"}});
  return event;
}

}  // namespace

bool is_reason(const std::string& text) {
  return !text.empty() && text.size() <= longest_reason && reports::printable(text) == text;
}

std::string to_line(const ReleaseRequest& request) {
  return compact(QJsonObject{
      {"release", text(request.place)}, {"by", text(request.decision.by)}, {"reason", text(request.decision.reason)}});
}

std::string to_line(const ReleaseAnswer& answer) {
  return compact(QJsonObject{{"done", answer.done}, {"text", text(answer.text)}});
}

std::optional<ReleaseRequest> request_from(std::string_view line) {
  const auto object = object_from(line);
  if (!object) return std::nullopt;
  ReleaseRequest request{text_of(*object, "release"), {text_of(*object, "by"), text_of(*object, "reason")}};
  const bool whole = !request.place.empty() && is_reason(request.decision.by) && is_reason(request.decision.reason);
  return whole ? std::optional(std::move(request)) : std::nullopt;
}

std::optional<ReleaseAnswer> answer_from(std::string_view line) {
  const auto object = object_from(line);
  if (!object || !object->value("done").isBool()) return std::nullopt;
  return ReleaseAnswer{object->value("done").toBool(), text_of(*object, "text")};
}

std::variant<Releasable, std::string> releasable(const LineNow& line, const std::string& place) {
  for (const HubNow& hub : line.hubs) {
    if (hub.port.text != place && hub.label != place) continue;
    const std::string name = "hub " + hub.name();
    if (!hub.trouble) return name + " takes its full width: there is nothing to release.";
    return Releasable{hub.port, name,
                      hub.trouble->stopped
                          ? "It takes half as many units at once as before; release it once more for all."
                          : "It takes as many units at once as before."};
  }
  for (const HubNow& hub : line.hubs) {
    for (const SlotNow& slot : hub.slots) {
      if (slot.port.text != place && slot.label != place) continue;
      const std::string name = "slot " + slot.name();
      if (slot.quarantine.empty()) return name + " is in use: there is nothing to release.";
      return Releasable{slot.port, name, "The next unit there is its test."};
    }
  }
  return "the line has no slot and no hub '" + place + "'.";
}

void obey(const ReleaseParts& parts, std::string_view line, const std::function<void(std::string)>& answer) {
  const auto refuse = [&](const std::string& why) { answer(to_line(ReleaseAnswer{false, why})); };
  const auto request = request_from(line);
  if (!request) return refuse("the line does not know this command.");
  if (!parts.service) return refuse("this is a dry run: nothing is recorded, and nothing can be released.");
  const auto found = releasable(parts.live.now(), request->place);
  if (const auto* why = std::get_if<std::string>(&found)) return refuse(*why);
  const Releasable& what = std::get<Releasable>(found);
  parts.service->enter(
      EventEntry{event_of(what, request->decision)},
      [answer, what, decision = request->decision, release = parts.release](const EntryResult& result) {
        if (const auto* refused = std::get_if<Refused>(&result)) {
          return answer(to_line(ReleaseAnswer{false, refused->sentence}));
        }
        release(what.port, decision);
        answer(to_line(ReleaseAnswer{true, what.name + " is released. " + what.then}));
      });
}

}  // namespace station
