#include "station/last_backup.h"

#include <QFile>
#include <QSaveFile>
#include <filesystem>

#include "reports/attempt_json.h"
#include "station/anchor_text.h"

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
  file.write(reports::rfc3339(at).toUtf8() + '\t' + std::filesystem::absolute(to).c_str() + '\n');
  return file.commit();
}

std::optional<db::Time> last_backup(const std::string& database) {
  QFile file(note_of(database));
  if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
  const QString line = QString::fromUtf8(file.readLine());
  return time_from(line.section('\t', 0, 0).toStdString());
}

}  // namespace station
