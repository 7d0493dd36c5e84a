#include "db/shared_rows.h"

#include <algorithm>

#include "db/row_values.h"

namespace db {

namespace {

constexpr std::size_t kShortestPrefix = 4;

bool names(const std::string& wanted, const std::string& name, const Sha256& digest) {
  if (wanted == name) return true;
  if (wanted.size() < kShortestPrefix) return false;
  std::string lower = wanted;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return hex(digest).starts_with(lower);
}

Image read_image(RowReader& row) {
  Image image;
  image.sha256 = row.sha256();
  image.name = row.text();
  image.size = row.integer();
  image.kind = row.text();
  image.platform = row.text();
  image.function = row.text();
  image.module_index = row.maybe_integer();
  image.module_version = row.maybe_integer();
  image.start_address = row.maybe_integer();
  image.end_address = row.maybe_integer();
  image.dependencies = row.text();
  return image;
}

template <typename Value>
std::shared_ptr<const Value> or_empty(std::shared_ptr<const Value> value) {
  return value ? value : std::make_shared<const Value>();
}

}  // namespace

std::map<std::int64_t, StationRow> read_station_rows(SQLite::Database& database) {
  std::map<std::int64_t, StationRow> stations;
  SQLite::Statement query(database,
                          "SELECT chain, installation, (SELECT name FROM station WHERE station.chain = chain.chain "
                          "ORDER BY seq DESC LIMIT 1) FROM chain");
  while (query.executeStep()) {
    RowReader row(query);
    StationRow& station = stations[row.integer()];
    station.installation = row.uuid();
    station.name = row.text();
  }
  return stations;
}

SharedRows::SharedRows(SQLite::Database& database)
    : database_(database),
      stations_(read_station_rows(database)),
      names_(database),
      runs_{SQLite::Statement(database, std::string("SELECT ") + kRunColumns + " FROM run r WHERE r.id = ?")},
      images_{SQLite::Statement(database,
                                "SELECT sha256, name, size, kind, platform, function, module_index, module_version, "
                                "start_address, end_address, dependencies FROM image WHERE id = ?")},
      recipes_{
          SQLite::Statement(database, "SELECT sha256, name, revision, file, text, images FROM recipe WHERE id = ?")} {}

Uuid SharedRows::installation(std::int64_t chain) const {
  const auto station = stations_.find(chain);
  return station == stations_.end() ? Uuid{} : station->second.installation;
}

template <typename Value, typename Read>
std::shared_ptr<const Value> SharedRows::look_up(Known<Value>& known, const Uuid& id, Read read) {
  const auto [value, is_new] = known.values.try_emplace(id);
  if (!is_new) return value->second;
  bind(known.query, 1, value->first);
  if (known.query.executeStep()) {
    RowReader row(known.query);
    value->second = std::make_shared<const Value>(read(row));
  }
  known.query.reset();
  return value->second;
}

std::shared_ptr<const Run> SharedRows::run(const Uuid& id) {
  return or_empty(look_up(runs_, id, run_of));
}

std::shared_ptr<const Image> SharedRows::image(const Uuid& id) {
  return or_empty(image_if_there(id));
}

std::shared_ptr<const Image> SharedRows::image_if_there(const Uuid& id) {
  return look_up(images_, id, read_image);
}

std::shared_ptr<const Recipe> SharedRows::recipe(const Uuid& id) {
  return or_empty(look_up(recipes_, id, [this](RowReader& row) {
    Recipe recipe;
    recipe.sha256 = row.sha256();
    for (std::string* text : {&recipe.name, &recipe.revision, &recipe.file, &recipe.text}) *text = row.text();
    recipe.images = images_of(recipes_.query.getColumn(5));
    return recipe;
  }));
}

std::vector<std::shared_ptr<const Image>> SharedRows::images_of(const SQLite::Column& ids) {
  std::vector<std::shared_ptr<const Image>> images;
  const auto* bytes = static_cast<const std::uint8_t*>(ids.getBlob());
  Uuid id;
  for (int at = 0; at + 16 <= ids.getBytes(); at += 16) {
    std::copy_n(bytes + at, id.bytes.size(), id.bytes.begin());
    if (auto image = image_if_there(id)) images.push_back(std::move(image));
  }
  return images;
}

std::optional<std::vector<Uuid>> SharedRows::recipes_for(const Filter& filter) {
  if (!filter.recipe && !filter.image) return std::nullopt;
  std::vector<Uuid> ids;
  SQLite::Statement query(database_, "SELECT id, sha256, name, images FROM recipe");
  while (query.executeStep()) {
    RowReader row(query);
    const Uuid id = row.uuid();
    const Sha256 digest = row.sha256();
    if (filter.recipe && !names(*filter.recipe, row.text(), digest)) continue;
    const auto asked_for = [&](const auto& image) { return names(*filter.image, image->name, image->sha256); };
    if (filter.image && std::ranges::none_of(images_of(query.getColumn(3)), asked_for)) continue;
    ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

}  // namespace db
