// UTF-8 as Qt's JSON takes it, for reports and for the station's JSON. Pure; any thread.
#pragma once

#include <QJsonValue>
#include <QString>
#include <string_view>

namespace reports {

inline QString text(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

// Null for an empty text: what does not apply, or is not known.
inline QJsonValue text_or_null(std::string_view utf8) {
  return utf8.empty() ? QJsonValue() : QJsonValue(text(utf8));
}

}  // namespace reports
