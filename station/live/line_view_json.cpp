// The object that `list --json` prints.
#include <QJsonArray>
#include <QJsonObject>

#include <fmt/format.h>

#include "reports/json_text.h"
#include "station/live/line_view.h"
#include "station/record/image_json.h"

namespace station {

namespace {

using reports::text;
using reports::text_or_null;

QJsonArray controllers_json(const LineView& line, const config::StationConfig& station) {
  QJsonArray array;
  for (const dfu::ControllerInfo& each : line.topology.controllers) {
    array.append(
        QJsonObject{{"bus", each.bus}, {"path", text(each.path)}, {"name", text_or_null(name_of(each, station))}});
  }
  return array;
}

QJsonArray hubs_json(const LineView& line, const config::StationConfig& station) {
  QJsonArray array;
  for (const dfu::HubInfo& each : line.topology.hubs) {
    array.append(QJsonObject{{"port", text(each.port.text)},
                             {"label", text_or_null(label_of(each, station, line.topology.controllers))},
                             {"ports", each.ports},
                             {"tt", text(to_string(each.tt))},
                             {"power", text(to_string(each.power))}});
  }
  return array;
}

QJsonArray units_json(const LineView& line) {
  QJsonArray array;
  for (const UnitView& each : line.units) {
    array.append(QJsonObject{{"port", text(each.info.port.text)},
                             {"slot", text_or_null(each.slot)},
                             {"usb", text(dfu::to_string(each.info.id))},
                             {"release", text(fmt::format("{:04x}", each.info.release))},
                             {"serial", text_or_null(each.info.serial)},
                             {"product", text_or_null(each.info.product)},
                             {"unit", text_or_null(each.id.value_or(""))},
                             {"mode", text(to_string(each.mode))},
                             {"profile", text_or_null(each.profile)},
                             {"foreign", each.foreign()},
                             {"fit", each.foreign() ? QJsonValue() : QJsonValue(text(to_string(each.fit)))},
                             {"unfit", text_or_null(each.unfit)}});
  }
  return array;
}

}  // namespace

std::string as_json(const LineView& line, const config::StationConfig& station) {
  QJsonArray missing;
  for (const config::SlotConfig& slot : line.missing) {
    missing.append(QJsonObject{{"slot", text(slot.label)}, {"port", text(slot.port)}});
  }
  return compact(QJsonObject{{"controllers", controllers_json(line, station)},
                             {"hubs", hubs_json(line, station)},
                             {"units", units_json(line)},
                             {"missing_slots", missing}}) +
         "\n";
}

}  // namespace station
