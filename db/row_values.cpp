#include "db/row_values.h"

#include "db/schema.h"

namespace db {

static_assert(kOwnChain == 1);  // as kOwnRowsFirst says

Run run_of(RowReader& row) {
  Run run;
  run.id = row.uuid();
  run.at = row.time();
  for (std::string* text : {&run.command, &run.software, &run.host, &run.kernel, &run.libusb, &run.sqlite,
                            &run.operator_name, &run.recipe_file}) {
    *text = row.text();
  }
  return run;
}

Event event_of(RowReader& row) {
  Event event;
  event.at = row.time();
  event.kind = row.text();
  event.attempt = maybe_uuid(row);
  event.about = row.text();
  event.text = row.text();
  event.facts = row.text();
  return event;
}

Disposition disposition_of(RowReader& row) {
  Disposition one;
  one.at = row.time();
  one.attempt = maybe_uuid(row);
  one.unit = row.text();
  one.verdict = parse_verdict(row.text()).value_or(Verdict::comment);
  one.author = row.text();
  one.reason = row.text();
  return one;
}

std::optional<Uuid> maybe_uuid(RowReader& row) {
  if (!row.is_null()) return row.uuid();
  row.skip(1);
  return std::nullopt;
}

std::optional<Time> maybe_time(RowReader& row) {
  const auto value = row.maybe_integer();
  return value ? std::optional(Time(milliseconds(*value))) : std::nullopt;
}

}  // namespace db
