#include "station/record/last_backup.h"

#include <QSaveFile>
#include <filesystem>

#include "config/files.h"
#include "reports/attempt_json.h"
#include "station/record/anchor_text.h"
#include "station/record/output_file.h"

namespace station {

namespace {

QString note_of(const std::string& database) {
  return QString::fromStdString(database + ".last-backup");
}

}  // namespace

bool remember_backup(const std::string& database, const std::string& to, db::Time at) {
  std::error_code missing;
  if (std::filesystem::equivalent(to, note_of(database).toStdString(), missing)) return false;  // it is the backup
  QSaveFile file(note_of(database));
  if (!file.open(QIODevice::WriteOnly)) return false;
  const QByteArray note = reports::rfc3339(at).toUtf8() + '\t' + std::filesystem::absolute(to).c_str() + '\n';
  return file.write(note) == note.size() && commit_whole(file, note.size());
}

std::optional<db::Time> last_backup(const std::string& database) {
  constexpr std::size_t most_bytes = 65536;  // a time and a path
  const auto read = config::read_file(note_of(database).toStdString(), most_bytes);
  const auto* bytes = std::get_if<dfu::Bytes>(&read);
  if (!bytes) return std::nullopt;
  const QString line =
      QString::fromUtf8(reinterpret_cast<const char*>(bytes->data()), static_cast<qsizetype>(bytes->size()));
  return time_from(line.section('\t', 0, 0).toStdString());
}

}  // namespace station
