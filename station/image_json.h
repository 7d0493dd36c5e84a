// What an image is, as JSON: one encoding for `inspect` and for the record. Format: CONTRACTS, "JSON of inspect".
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <string>

#include "dfu/image/image.h"

namespace station {

QJsonArray dependencies_json(const dfu::particle::Module& module);
// `file` is the name as the person gave it.
QJsonObject image_json(const std::string& file, const dfu::Image& image);

// One line, without the line end.
std::string compact(const QJsonArray& array);
std::string compact(const QJsonObject& object);

}  // namespace station
