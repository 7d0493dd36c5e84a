#include "station/record/unit_certificate.h"

#include <fmt/format.h>

#include "db/outcome.h"
#include "station/record/anchor_text.h"
#include "station/text.h"
#include "station/version.h"

namespace station {

namespace {

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : printable(text);
}

// Empty: there is nothing against a certificate.
std::string why_none(const reports::UnitHistory& unit) {
  const std::string name = printable(unit.asked);
  if (unit.attempts.empty()) return "The record knows no unit " + name + ". Is it spelt as there?";
  if (unit.ids.size() > 1) {
    std::string ids;
    for (const std::string& id : unit.ids) ids += (ids.empty() ? "" : ", ") + printable(id);
    return name + " was shown by several units: " + ids + ". Name one of them by its id.";
  }
  const db::Outcome last = unit.attempts.back().finished.outcome;
  if (!db::is_good(last)) {
    return "The last attempt on unit " + name + " ended as " + std::string(to_string(last)) +
           ": there is no certificate for it. See `report --unit`.";
  }
  return {};
}

std::string recipe_lines(const db::AttemptStarted& started) {
  if (!started.recipe) return {};
  std::string out = fmt::format("recipe: {} {}\nrevision: {}\n", db::hex(started.recipe->sha256),
                                printable(started.recipe->name), or_dash(started.recipe->revision));
  for (const auto& image : started.recipe->images) {
    out += fmt::format("image: {} {}\n", db::hex(image->sha256), printable(image->name));
  }
  return out;
}

std::string holds_lines(const reports::UnitHistory& unit) {
  std::string out;
  for (const reports::Held& held : unit.holds) {
    out += fmt::format("holds: {:#010x} {} {} {}\n", held.address, held.bytes, db::hex(held.readback),
                       printable(held.image->name));
  }
  for (const db::Disposition& one : unit.dispositions) {
    out += fmt::format("decision: {} {} by {}: {}\n", utc(one.at), to_string(one.verdict), or_dash(one.author),
                       or_dash(one.reason));
  }
  return out;
}

}  // namespace

std::variant<std::string, Refused> unit_certificate(const reports::UnitHistory& unit, const std::string& public_key,
                                                    db::Time now) {
  if (const std::string problem = why_none(unit); !problem.empty()) return Refused{problem};
  const db::Attempt& last = unit.attempts.back();
  const db::AttemptFinished& finished = last.finished;
  std::string text = "flashline unit certificate 1\n";
  text += fmt::format("unit: {}\nlabel: {}\n", unit.ids.empty() ? "-" : printable(*unit.ids.begin()),
                      unit.labels.empty() ? "-" : printable(unit.labels.back()));
  for (const std::string& serial : unit.serials) text += "serial: " + printable(serial) + "\n";
  text += fmt::format("outcome: {}\nverified: {}\nbooted: {}\nattempt: {}\nfinished: {}\n", to_string(finished.outcome),
                      yes_no(finished.verified), yes_no(finished.booted), db::to_string(last.started.attempt),
                      utc(finished.at));
  text += fmt::format("station: {}\nslot: {}\noperator: {}\nfor_order: {}\nfor_lot: {}\n", or_dash(last.station),
                      or_dash(last.visit.slot.empty() ? last.visit.port : last.visit.slot),
                      or_dash(last.started.operator_name), or_dash(last.started.job), or_dash(last.started.lot));
  text += recipe_lines(last.started) + holds_lines(unit);
  const db::StationInfo& station = unit.stations.front();
  text += anchor_lines(station.installation, station.head);
  return text + fmt::format("issued: {} by station {}\nsoftware: flashline {}\npublic_key: {}\n", utc(now),
                            or_dash(station.name), version(), public_key);
}

}  // namespace station
