// `label`: which printed label is on which unit, told by hand or by a scanner.
#include <iostream>

#include <fmt/format.h>

#include "db/lookup.h"
#include "station/at_the_record.h"
#include "station/commands.h"
#include "station/entry.h"
#include "station/output.h"
#include "station/scanning.h"

namespace station {

namespace {

Subject subject_of(const LabelOptions& options) {
  if (!options.attempt.empty()) return ThisAttempt{db::parse_uuid(options.attempt).value()};
  if (!options.unit.empty()) return ThisUnit{options.unit};
  return LastIn{options.slot};
}

ExitStatus say(const std::string& line) {
  return print(line + "\n") ? ExitStatus::passed : ExitStatus::cannot_create;
}

ExitStatus pair(const PairLabel& entry, const std::string& with, db::Store& store) {
  const EntryResult result = put_on_record(entry, store);
  if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::not_passed, refused->sentence);
  return say(fmt::format("{} is the label of {}{}", entry.label, with,
                         std::get<OnRecord>(result).was_there ? ", as it was" : ""));
}

// What cannot be paired is said, and the next line is read.
ExitStatus scan(const LabelOptions& options, const RecordPlace& place, db::Store& store) {
  db::Lookup lookup(place.database);
  Scanning scanning;
  ExitStatus worst = ExitStatus::passed;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string text(scanned(line));
    const bool is_slot = lookup.last_in(text).has_value();
    const Scanning::Meaning meaning = scanning.read(text, is_slot);
    ExitStatus status = ExitStatus::passed;
    if (!meaning.say.empty()) status = is_slot ? say(meaning.say) : complain(ExitStatus::not_passed, meaning.say + ".");
    if (const auto& found = meaning.pair) {
      status = pair({found->label, LastIn{found->slot}, options.operator_name, options.again, place.label_pattern},
                    "the last unit in " + found->slot, store);
    }
    if (status == ExitStatus::cannot_create) return status;
    if (status != ExitStatus::passed) worst = status;
  }
  if (scanning.slot().empty()) return worst;
  return complain(ExitStatus::not_passed, "the label of the unit in " + scanning.slot() + " was not scanned.");
}

}  // namespace

ExitStatus label(const LabelOptions& options) {
  return at_the_record(options, [&](const RecordPlace& place) {
    WritingSession session(place, "label", options.operator_name);
    if (options.scan) return scan(options, place, session.store());
    const std::string with = !options.attempt.empty() ? "the unit of attempt " + options.attempt
                             : !options.unit.empty()  ? "unit " + options.unit
                                                      : "the last unit in " + options.slot;
    const ExitStatus status =
        pair({options.label, subject_of(options), options.operator_name, options.again, place.label_pattern}, with,
             session.store());
    return status == ExitStatus::not_passed ? ExitStatus::usage : status;
  });
}

}  // namespace station
