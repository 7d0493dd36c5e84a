#include "station/record/output_file.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace station {

namespace {

namespace fs = std::filesystem;

bool is_database(const fs::path& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::error_code failure;
  if (!fs::is_regular_file(path, failure)) return false;
  std::array<char, magic.size()> begin{};
  std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
  return std::string_view(begin.data(), begin.size()) == magic;
}

// "r.db.key" beside "r.db": the record that this file is a part of, or is kept with.
std::optional<fs::path> record_of(const fs::path& path) {
  for (const std::string_view suffix : {"-wal", "-shm", "-journal", ".key", ".key.pub", ".lock", ".operators"}) {
    const std::string name = path.string();
    if (!name.ends_with(suffix)) continue;
    const fs::path record = name.substr(0, name.size() - suffix.size());
    if (is_database(record)) return record;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_not_written(const std::string& path) {
  if (path.empty()) return std::nullopt;  // standard output
  std::error_code failure;
  const fs::path file = fs::weakly_canonical(path, failure);
  if (failure || !fs::exists(file, failure)) return std::nullopt;
  const std::string other = " Name another file with -o.";
  if (fs::is_directory(file)) return path + " is a folder." + other;
  if (!fs::is_regular_file(file)) return path + " is a device or a pipe, and no file." + other;
  if (is_database(file)) return path + " is a database, and a result is never written over one." + other;
  if (const auto record = record_of(file)) return path + " belongs to the record " + record->string() + "." + other;
  if (file.extension() == ".toml") return path + " is a recipe, a station file or a line file." + other;
  return std::nullopt;
}

bool commit_whole(QSaveFile& file, qint64 size) {
  return file.flush() && file.size() == size && file.commit();
}

std::string why_it_failed(const QSaveFile& file) {
  const std::string said = file.errorString().toStdString();
  const bool says_nothing = file.error() == QFileDevice::NoError || said == "Unknown error";  // Qt's, of a part
  if (!says_nothing) return said;
  return "the disk took a part of it only. Is it full, or is there a limit (ulimit -f)?";
}

}  // namespace station
