#include "station/board/http.h"

#include <QJsonObject>

#include "station/record/image_json.h"

namespace station::board {

std::string percent_decoded(std::string_view text) {
  return QByteArray::fromPercentEncoding(QByteArray(text.data(), static_cast<qsizetype>(text.size()))).toStdString();
}

Reply json_reply(int status, std::string json) {
  Reply reply{.status = status};
  reply.body = std::make_shared<const std::string>(std::move(json));
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

Reply reply_of(const Refusal& refusal) {
  const QJsonObject object{{"error", QString::fromStdString(refusal.code)},
                           {"message", QString::fromStdString(refusal.message)},
                           {"remedy", QString::fromStdString(refusal.remedy)}};
  return json_reply(refusal.status, compact(object));
}

}  // namespace station::board
