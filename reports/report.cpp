#include "reports/report.h"

#include "reports/attempt_json.h"

namespace reports {

namespace {

std::string selection_of(const db::Filter& filter) {
  std::string out;
  const auto add = [&out](const char* name, const std::string& value) {
    out += (out.empty() ? "" : ", ") + std::string(name) + " " + value;
  };
  const auto add_if = [&add](const char* name, const std::optional<std::string>& value) {
    if (value) add(name, *value);
  };
  add_if("job", filter.job);
  add_if("lot", filter.lot);
  add_if("recipe", filter.recipe);
  add_if("image", filter.image);
  add_if("unit", filter.unit);
  add_if("slot", filter.slot);
  add_if("operator", filter.operator_name);
  if (filter.outcome) add("outcome", std::string(to_string(*filter.outcome)));
  if (filter.since) add("from", rfc3339(*filter.since).toStdString());
  if (filter.until) add("until", rfc3339(*filter.until).toStdString());
  if (filter.attempt) add("attempt", to_string(*filter.attempt));
  return out;
}

}  // namespace

Report make_report(db::Reader& reader, const db::Filter& filter, db::LineHistory* history) {
  Report report{
      reader.stations(), [&reader, filter](const Report::Visitor& visitor) { reader.attempts(filter, visitor); },
      selection_of(filter),
      [&reader, filter](db::Outlined outlined, const auto& visitor) { reader.outlines(filter, outlined, visitor); }};
  if (filter.job) report.jobs = reader.jobs_of_all(*filter.job);
  report.all_jobs = [&reader] { return reader.jobs_of_all(std::nullopt); };
  report.filter = filter;
  report.history = history;
  return report;
}

}  // namespace reports
