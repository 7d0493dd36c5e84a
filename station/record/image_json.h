// Values that several commands write as JSON, in one encoding. What an image is: for `inspect` and for the record.
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <string>

#include "dfu/image/image.h"
#include "scheduler/remark.h"

namespace station {

QJsonArray dependencies_json(const dfu::particle::Module& module);
// `file` is the name as the person gave it.
QJsonObject image_json(const std::string& file, const dfu::Image& image);

// Of a remark: numbers and texts by name.
QJsonObject values_json(const scheduler::RemarkValues& values);

// One line, without the line end.
std::string compact(const QJsonArray& array);
std::string compact(const QJsonObject& object);

}  // namespace station
