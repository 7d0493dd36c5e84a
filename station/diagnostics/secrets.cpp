#include "station/diagnostics/secrets.h"

#include <QRegularExpression>
#include <QString>
#include <algorithm>

namespace station {

namespace {

constexpr const char* kRemoved = "(removed)";
constexpr std::size_t shortest = 6;  // "false" is none

// Each has what stands before the secret in its first group, and the secret in its second.
const std::vector<QRegularExpression>& places() {
  static const QString name =
      "[\\w.-]*(?:password|passwd|passphrase|secret|token|credential|authorization|bearer|private[_-]?key|"
      "access[_-]?key|api[_-]?key|\\bpin\\b)[\\w.-]*";
  static const auto option = QRegularExpression::CaseInsensitiveOption;
  static const std::vector<QRegularExpression> all{
      QRegularExpression("([a-z][a-z0-9+.-]*://)([^\\s/@\"'?#]+)(?=@)", option),
      QRegularExpression("(" + name + "[\"']?\\s*[=:]\\s*[\"']?)([^\\s\"',;&}\\]]+)", option),
      // "--token", "abc" of a list, and --token abc of a line.
      QRegularExpression("(--" + name + "[\"']?[\\s,]+[\"']?)([^\\s\"',;&}\\]]+)", option),
      QRegularExpression("((?:bearer|basic)\\s+)([^\\s\"',;&}\\]]+)", option)};
  return all;
}

}  // namespace

void Secrets::add(std::string_view secret) {
  if (secret.size() < shortest || std::ranges::count(known_, secret) != 0) return;
  known_.emplace_back(secret);
  // One may be a part of another.
  std::ranges::stable_sort(known_, std::ranges::greater{}, &std::string::size);
}

void Secrets::learn(const std::string& text) {
  const QString where = QString::fromStdString(text);
  for (const QRegularExpression& place : places()) {
    for (auto found = place.globalMatch(where); found.hasNext();) {
      const QString secret = found.next().captured(2);
      add(secret.toStdString());
      // NAME:PASSWORD of a URL
      add(secret.section(':', 1).toStdString());
    }
  }
}

std::string Secrets::removed_from(const std::string& text) const {
  QString out = QString::fromStdString(text);
  for (const std::string& secret : known_) out.replace(QString::fromStdString(secret), kRemoved);
  for (const QRegularExpression& place : places()) out.replace(place, QString("\\1") + kRemoved);
  return out.toStdString();
}

}  // namespace station
