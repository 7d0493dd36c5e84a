// Rows that many attempts share, each read when the first attempt that names it comes by, so that an attempt costs no
// look-up of its own and a question about one attempt reads one run and one recipe. Inside db only; one thread, for the
// length of one state of the record.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/reader.h"
#include "db/station_names.h"

namespace db {

struct StationRow {
  Uuid installation;
  std::string name;  // the last one
};
// By chain.
std::map<std::int64_t, StationRow> read_station_rows(SQLite::Database& database);

class SharedRows {
 public:
  explicit SharedRows(SQLite::Database& database);

  Uuid installation(std::int64_t chain) const;
  // The name under which row `seq` was written.
  const std::string& station(std::int64_t chain, std::int64_t seq) const { return names_.at(chain, seq); }

  // A record that was tampered with may name rows that are gone: then an empty value, so that a report shows the rest.
  // Verify says what is missing.
  std::shared_ptr<const Run> run(const Uuid& id);
  std::shared_ptr<const Image> image(const Uuid& id);
  std::shared_ptr<const Recipe> recipe(const Uuid& id);

  // The recipes that Filter::recipe and Filter::image allow; nothing where the filter has neither.
  std::optional<std::vector<Uuid>> recipes_for(const Filter& filter);

 private:
  template <typename Value>
  struct Known {
    SQLite::Statement query;
    std::map<Uuid, std::shared_ptr<const Value>> values{};  // null: there is none
  };
  template <typename Value, typename Read>
  std::shared_ptr<const Value> look_up(Known<Value>& known, const Uuid& id, Read read);
  std::shared_ptr<const Image> image_if_there(const Uuid& id);
  std::vector<std::shared_ptr<const Image>> images_of(const SQLite::Column& ids);

  SQLite::Database& database_;
  std::map<std::int64_t, StationRow> stations_;
  StationNames names_;
  Known<Run> runs_;
  Known<Image> images_;
  Known<Recipe> recipes_;
};

}  // namespace db
