#include "station/record/image_json.h"

#include <QJsonDocument>

#include "dfu/bytes.h"
#include "reports/json_text.h"

namespace station {

namespace {

using reports::text;

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

namespace {

QJsonArray flags_json(const dfu::particle::Module& module) {
  using namespace dfu::particle;
  QJsonArray array;
  if (module.has(flag::drop_header)) array.append("drop-header");
  if (module.has(flag::compressed)) array.append("compressed");
  if (module.has(flag::combined)) array.append("combined");
  if (module.has(flag::encrypted)) array.append("encrypted");
  if (module.has(flag::extended)) array.append("extended");
  return array;
}

void put_module(QJsonObject& object, const dfu::particle::Module& module) {
  if (!module.for_any_platform()) object["platform"] = text(dfu::particle::to_string(module.platform));
  object["function"] = text(dfu::particle::to_string(module.function));
  object["index"] = module.index;
  object["version"] = module.version;
  object["start"] = text(dfu::hex_address(module.start));
  object["end"] = text(dfu::hex_address(module.end));
  object["dependencies"] = dependencies_json(module);
  object["header_offset"] = static_cast<qint64>(module.header_offset);
  if (module.flags != 0) object["flags"] = flags_json(module);
  if (module.product_id) object["product_id"] = *module.product_id;
  if (module.product_version) object["product_version"] = *module.product_version;
  if (module.hash) object["module_sha256"] = text(dfu::to_hex(*module.hash));
  if (!module.name.empty()) object["asset"] = text(module.name);
  if (module.unpacked_size != 0) object["unpacked_bytes"] = static_cast<qint64>(module.unpacked_size);
  QJsonArray assets, modules;
  for (const dfu::particle::AssetNeed& asset : module.assets) {
    assets.append(QJsonObject{{"name", text(asset.name)}, {"sha256", text(dfu::to_hex(asset.sha256))}});
  }
  if (!assets.isEmpty()) object["assets"] = assets;
  for (const dfu::particle::Module& next : module.following) {
    QJsonObject one;
    put_module(one, next);
    modules.append(one);
  }
  if (!modules.isEmpty()) object["following"] = modules;
}

QJsonObject packed_json(const dfu::Packed& packed) {
  QJsonObject object{{"name", text(packed.name)},
                     {"bytes", static_cast<qint64>(packed.bytes)},
                     {"kind", text(dfu::to_string(packed.kind))},
                     {"sound", packed.sound}};
  if (packed.module) put_module(object, *packed.module);
  return object;
}

}  // namespace

QJsonObject image_json(const std::string& file, const dfu::Image& image) {
  const dfu::ImageFacts& facts = image.facts;
  QJsonObject object{{"file", text(file)},
                     {"bytes", static_cast<qint64>(image.file.size())},
                     {"sha256", text(dfu::to_hex(image.sha256))},
                     {"kind", text(dfu::to_string(facts.kind))},
                     {"sound", facts.sound},
                     {"problem", facts.problem.empty() ? QJsonValue() : QJsonValue(text(facts.problem))}};
  if (!facts.what.empty()) object["what"] = text(facts.what);
  if (facts.module) put_module(object, *facts.module);
  if (!facts.ranges.empty()) {
    QJsonArray ranges;
    for (const dfu::Range& range : facts.ranges) {
      ranges.append(
          QJsonObject{{"start", text(dfu::hex_address(range.begin))}, {"end", text(dfu::hex_address(range.end))}});
    }
    object["ranges"] = ranges;
  }
  if (!facts.packed.empty()) {
    QJsonArray files;
    for (const dfu::Packed& packed : facts.packed) files.append(packed_json(packed));
    object["files"] = files;
  }
  if (!facts.remarks.empty()) {
    QJsonArray remarks;
    for (const std::string& remark : facts.remarks) remarks.append(text(remark));
    object["remarks"] = remarks;
  }
  if (facts.alternate) object["alternate"] = *facts.alternate;
  if (facts.suffix) {
    object["usb"] = text(dfu::hex_id(facts.suffix->vendor, facts.suffix->product));
    object["release"] = text(dfu::hex_address(facts.suffix->release).substr(6));
  }
  return object;
}

QJsonObject values_json(const scheduler::RemarkValues& values) {
  QJsonObject object;
  for (const auto& [name, value] : values) {
    const auto* number = std::get_if<std::int64_t>(&value);
    object[text(name)] =
        number ? QJsonValue(static_cast<qint64>(*number)) : QJsonValue(text(std::get<std::string>(value)));
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
