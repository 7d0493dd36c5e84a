#include "station/board/body.h"

#include <QJsonDocument>

namespace station::board {

std::variant<QJsonObject, Refusal> body_of(const Request& request) {
  // A form on a page elsewhere cannot say this without asking first.
  if (!request.header("content-type").starts_with("application/json")) {
    return bad_request("The request is not application/json.");
  }
  QJsonParseError error;
  const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(request.body), &error);
  if (error.error != QJsonParseError::NoError) {
    return bad_request("The request is not JSON: " + error.errorString().toStdString() + ".");
  }
  if (!document.isObject()) return bad_request("The request is JSON, but not an object.");
  return document.object();
}

std::string text_in(const QJsonObject& body, const char* key) {
  return body.value(QLatin1String(key)).toString().toStdString();
}

Refusal bad_request(std::string message, std::string remedy) {
  return {400, "bad-request", std::move(message), std::move(remedy)};
}

}  // namespace station::board
