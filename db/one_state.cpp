#include "db/one_state.h"

#include "db/writer_lock.h"

namespace db {

OneState::OneState(SQLite::Database& database, const std::string& path)
    : before_(run_of_live_writer(path)), transaction_(database) {
  database.execAndGet("SELECT count(*) FROM chain");  // the first read takes the state
  after_ = run_of_live_writer(path);
}

Outcome OneState::open_outcome(const Uuid& run) const {
  return run == before_ || run == after_ ? Outcome::running : Outcome::interrupted;
}

}  // namespace db
