// What the record says, as JSON for the page. Each call reads with a connection of its own and stops after a limit of
// time, with what it has: for the workers. Errors: db::Error.
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <optional>
#include <string>
#include <vector>

#include "db/reader.h"
#include "station/live/live_line.h"
#include "station/record/entry.h"

namespace station::board {

class History {
 public:
  explicit History(std::string database) : database_(std::move(database)) {}

  const std::string& database() const { return database_; }
  // The newest `most` of this slot's attempts of the last thirty days.
  QJsonArray attempts_in(const std::string& slot_or_port, std::size_t most) const;
  // Units with this label, id or serial, or of this attempt; of no query, those that were here last. Newest first.
  QJsonObject units(const std::string& query) const;
  // All that is known of one; nothing: no such unit.
  std::optional<QJsonObject> unit(const std::string& key) const;
  QJsonArray jobs() const;
  std::optional<QJsonObject> job(const std::string& order) const;
  // Certificate of a closed order, and its signature by the station's key.
  std::optional<std::string> certificate(const std::string& order) const;
  std::optional<std::string> signature(const std::string& order) const;
  // As HTML: of a closed order, and of a unit (station/record/certificate_page.h).
  std::variant<std::string, Refused> certificate_page(const std::string& order) const;
  std::variant<std::string, Refused> unit_certificate_page(const std::string& key) const;
  // Slots, hubs and recipes by the units of the last seven days, the steps of its clock, and the record itself.
  QJsonObject health(const LineNow& line) const;

 private:
  const std::string database_;
};

QJsonObject job_json(const db::WorkOrder& job);

}  // namespace station::board
