#include "station/image_json.h"

#include <QJsonDocument>

#include "dfu/bytes.h"

namespace station {

namespace {

QString text(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

}  // namespace

QJsonArray dependencies_json(const dfu::particle::Module& module) {
  QJsonArray array;
  for (const dfu::particle::Dependency& dependency : module.dependencies) {
    array.append(QJsonObject{{"function", text(dfu::particle::to_string(dependency.function))},
                             {"index", dependency.index},
                             {"version", dependency.version}});
  }
  return array;
}

QJsonObject image_json(const std::string& file, const dfu::Image& image) {
  const dfu::ImageFacts& facts = image.facts;
  QJsonObject object{{"file", text(file)},
                     {"bytes", static_cast<qint64>(image.file.size())},
                     {"sha256", text(dfu::to_hex(image.sha256))},
                     {"kind", text(dfu::to_string(facts.kind))},
                     {"sound", facts.sound},
                     {"problem", facts.problem.empty() ? QJsonValue() : QJsonValue(text(facts.problem))}};
  if (facts.module) {
    const dfu::particle::Module& module = *facts.module;
    object["platform"] = text(dfu::particle::to_string(module.platform));
    object["function"] = text(dfu::particle::to_string(module.function));
    object["index"] = module.index;
    object["version"] = module.version;
    object["start"] = text(dfu::hex_address(module.start));
    object["end"] = text(dfu::hex_address(module.end));
    object["dependencies"] = dependencies_json(module);
  }
  if (!facts.ranges.empty()) {
    QJsonArray ranges;
    for (const dfu::Range& range : facts.ranges) {
      ranges.append(
          QJsonObject{{"start", text(dfu::hex_address(range.begin))}, {"end", text(dfu::hex_address(range.end))}});
    }
    object["ranges"] = ranges;
  }
  if (facts.alternate) object["alternate"] = *facts.alternate;
  if (facts.suffix) {
    object["usb"] = text(dfu::hex_id(facts.suffix->vendor, facts.suffix->product));
    object["release"] = text(dfu::hex_address(facts.suffix->release).substr(6));
  }
  return object;
}

std::string compact(const QJsonArray& array) {
  return QJsonDocument(array).toJson(QJsonDocument::Compact).toStdString();
}

std::string compact(const QJsonObject& object) {
  return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

}  // namespace station
