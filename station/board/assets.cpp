#include "station/board/assets.h"

#include <QDirIterator>
#include <QFile>
#include <QJsonArray>
#include <QJsonObject>

#include "dfu/hash.h"
#include "station/record/image_json.h"

// Outside of every namespace, as Qt wants it: a static library's resources are left out by the linker otherwise.
static void take_in_resources() {
  Q_INIT_RESOURCE(board);
}

namespace station::board {

namespace {

const QString root = ":/board";

std::string type_of(const QString& name) {
  static const std::map<QString, std::string> types{
      {"html", "text/html; charset=utf-8"},
      {"css", "text/css; charset=utf-8"},
      {"js", "text/javascript; charset=utf-8"},
      {"json", "application/json"},
      {"webmanifest", "application/manifest+json"},
      {"svg", "image/svg+xml"},
      {"png", "image/png"},
      {"ico", "image/x-icon"},
      {"woff2", "font/woff2"},
      {"txt", "text/plain; charset=utf-8"},
  };
  const auto found = types.find(name.section('.', -1));
  return found == types.end() ? "application/octet-stream" : found->second;
}

Reply asset(const QString& name, const QByteArray& content) {
  Reply reply{.type = type_of(name), .body = std::make_shared<const std::string>(content.toStdString())};
  const dfu::Bytes bytes(content.begin(), content.end());
  reply.headers.emplace_back("ETag", "\"" + dfu::to_hex(dfu::sha256(bytes)).substr(0, 32) + "\"");
  // Kept, but asked about each time: a station with a newer program shows its newer page.
  reply.headers.emplace_back("Cache-Control", "no-cache");
  return reply;
}

}  // namespace

Assets::Assets() {
  take_in_resources();
  QDirIterator files(root, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    QFile file(files.next());
    if (!file.open(QIODevice::ReadOnly)) continue;
    const QString name = file.fileName().mid(root.size());
    by_path_[name.toStdString()] = asset(name, file.readAll());
  }
  if (const auto page = by_path_.find("/index.html"); page != by_path_.end()) by_path_["/"] = page->second;
}

const Reply* Assets::find(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &found->second;
}

Reply Assets::reply(const Request& request) const {
  Reply reply = *find(request.path);
  if (request.header("if-none-match") != reply.headers.front().second) return reply;
  reply.status = 304;
  reply.body = std::make_shared<const std::string>();
  return reply;
}

Reply Assets::languages() const {
  const std::string folder = "/lang/", ending = ".json";
  QJsonArray names;
  for (const auto& [path, content] : by_path_) {
    if (!path.starts_with(folder) || !path.ends_with(ending)) continue;
    names.append(QString::fromStdString(path.substr(folder.size(), path.size() - folder.size() - ending.size())));
  }
  return json_reply(200, compact(QJsonObject{{"languages", names}}));
}

}  // namespace station::board
