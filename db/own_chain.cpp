#include "db/own_chain.h"

#include "db/row_reader.h"
#include "db/schema.h"

namespace db {

std::optional<Uuid> own_installation(SQLite::Database& database) {
  SQLite::Statement own(database, "SELECT installation FROM chain WHERE chain = ?");
  own.bind(1, kOwnChain);
  if (!own.executeStep()) return std::nullopt;
  return RowReader(own).uuid();
}

void make_own_chain(SQLite::Database& database, const Uuid& installation) {
  SQLite::Statement insert(database, "INSERT INTO chain (chain, installation) VALUES (?, ?)");
  insert.bind(1, kOwnChain);
  insert.bind(2, installation.bytes.data(), static_cast<int>(installation.bytes.size()));
  insert.exec();
}

std::optional<std::string> station_on_record(SQLite::Database& database) {
  SQLite::Statement name(database, "SELECT name FROM station WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  name.bind(1, kOwnChain);
  if (!name.executeStep()) return std::nullopt;
  return name.getColumn(0).getString();
}

std::string key_on_record(SQLite::Database& database) {
  SQLite::Statement key(database, "SELECT public_key FROM station_key WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  key.bind(1, kOwnChain);
  return key.executeStep() ? key.getColumn(0).getString() : std::string();
}

std::optional<Time> time_of_key(SQLite::Database& database) {
  SQLite::Statement key(database, "SELECT at FROM station_key WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  key.bind(1, kOwnChain);
  if (!key.executeStep()) return std::nullopt;
  return RowReader(key).time();
}

// By the index on the ids, from its end: + keeps SQLite from reading all rows of the chain.
std::optional<Uuid> youngest_attempt(SQLite::Database& database) {
  SQLite::Statement youngest(database, "SELECT id FROM attempt_started WHERE +chain = ? ORDER BY id DESC LIMIT 1");
  youngest.bind(1, kOwnChain);
  if (!youngest.executeStep()) return std::nullopt;
  return RowReader(youngest).uuid();
}

std::vector<Uuid> open_attempts(SQLite::Database& database) {
  SQLite::Statement open(
      database,
      "SELECT s.id FROM unsettled u CROSS JOIN attempt_started s ON s.id = u.attempt LEFT JOIN attempt_finished f ON "
      "f.attempt = s.id WHERE u.open = 1 AND s.chain = ?1 AND s.seq > (SELECT coalesce(max(seq), 0) FROM run WHERE "
      "chain = ?1) AND f.attempt IS NULL ORDER BY s.seq");
  open.bind(1, kOwnChain);
  std::vector<Uuid> attempts;
  while (open.executeStep()) attempts.push_back(RowReader(open).uuid());
  return attempts;
}

AttemptFinished interruption(const Uuid& attempt, Time at) {
  AttemptFinished finished;
  finished.attempt = attempt;
  finished.at = at;
  finished.outcome = Outcome::interrupted;
  finished.fault = interrupted_fault();
  return finished;
}

}  // namespace db
