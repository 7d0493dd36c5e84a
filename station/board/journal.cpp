#include "station/board/journal.h"

#include <QJsonObject>

#include "station/record/image_json.h"

namespace station::board {

std::variant<OnRecord, Refusal> Journal::enter(Entry entry) {
  if (!service_) {
    return Refusal{503, "records-unavailable", "This is a dry run: nothing is recorded, and nothing can be changed.",
                   "Start the line without --dry-run."};
  }
  const EntryResult result = enter_and_wait(*service_, std::move(entry));
  if (const auto* done = std::get_if<OnRecord>(&result)) return *done;
  return Refusal{409, "conflict", std::get<Refused>(result).sentence, ""};
}

std::optional<Refusal> Journal::note(const Asker& asker, const std::string& kind, const std::string& about,
                                     const std::string& what) {
  const QJsonObject facts{{"operator", QString::fromStdString(asker.session.operator_name)},
                          {"role", QString::fromUtf8(to_string(asker.session.role).data())},
                          {"from", QString::fromStdString(asker.peer)}};
  db::Event event;
  event.kind = kind;
  event.about = about;
  event.text = asker.session.operator_name + " " + what + " on the board.";
  event.facts = compact(facts);
  const auto entered = enter(EventEntry{std::move(event)});
  const auto* refusal = std::get_if<Refusal>(&entered);
  return refusal ? std::optional(*refusal) : std::nullopt;
}

}  // namespace station::board
