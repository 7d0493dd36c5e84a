// Whatever is changed through the board is an event on record, with who did it and from where, before it happens.
// Any thread that may wait some milliseconds.
#pragma once

#include <optional>
#include <string>

#include "station/board/http.h"
#include "station/board/sessions.h"
#include "station/record/entry.h"

namespace station::board {

struct Asker {
  Session session;
  std::string peer;
};

class Journal {
 public:
  // Null: nothing is recorded, so nothing can be changed. The service must outlive it.
  explicit Journal(RecordService* service) : service_(service) {}

  // What it became, or why not: 503 when it cannot be recorded, else 409.
  std::variant<OnRecord, Refusal> enter(Entry entry);
  // `kind` and `about` as in db::Event; `what`: "paused the line".
  std::optional<Refusal> note(const Asker& asker, const std::string& kind, const std::string& about,
                              const std::string& what);

 private:
  RecordService* service_;
};

}  // namespace station::board
