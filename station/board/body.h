// What a change says in its body: a JSON object. Pure.
#pragma once

#include <QJsonObject>
#include <string>
#include <variant>

#include "station/board/http.h"

namespace station::board {

std::variant<QJsonObject, Refusal> body_of(const Request& request);
// Empty if it is not there, or no text.
std::string text_in(const QJsonObject& body, const char* key);
Refusal bad_request(std::string message, std::string remedy = "Load the page again.");

}  // namespace station::board
