// `label`: which printed label is on which unit, typed or scanned.
#include <iostream>

#include <fmt/format.h>

#include "db/lookup.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/cli/record_session.h"
#include "station/cli/scanning.h"
#include "station/output/output.h"
#include "station/record/entry.h"

namespace station {

namespace {

struct LabelOptions : RecordOptions {
  std::string label;
  // Whose it is: one of these.
  std::string attempt;
  std::string unit;
  std::string slot;
  bool scan = false;  // slot and label in turn, from standard input
  bool again = false;
  std::string operator_name;
};

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
  if (const auto* refused = std::get_if<Refused>(&result))
    return complain(ExitStatus::not_passed, at_the_shell(*refused));
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

ExitStatus label(const LabelOptions& options) {
  // Some scanners type into the shell, with their frames.
  const std::string label(scanned(options.label));
  return record_session(options, [&](const RecordPlace& place) {
    WritingSession session(place, "label", options.operator_name);
    if (options.scan) return scan(options, place, session.store());
    const std::string with = !options.attempt.empty() ? "the unit of attempt " + options.attempt
                             : !options.unit.empty()  ? "unit " + options.unit
                                                      : "the last unit in " + options.slot;
    const ExitStatus status = pair(
        {label, subject_of(options), options.operator_name, options.again, place.label_pattern}, with, session.store());
    return status == ExitStatus::not_passed ? ExitStatus::usage : status;
  });
}

std::string problem_of(const LabelOptions& options) {
  const int named = int{!options.attempt.empty()} + int{!options.unit.empty()} + int{!options.slot.empty()};
  if (options.scan)
    return named == 0 && options.label.empty() ? "" : "--scan takes labels and slots from standard input";
  if (scanned(options.label).empty()) return "name the label, or read it with --scan";
  if (named != 1) return "say whose label it is: one of --attempt, --unit and --slot";
  if (!options.attempt.empty() && !db::parse_uuid(options.attempt)) {
    return "'" + options.attempt + "' is not the id of an attempt; `flashline report --format json` tells them";
  }
  return {};
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<LabelOptions>();
  add_record_options(arguments, *options);
  arguments.add("label", options->label, "What the scanner reads").type("LABEL");
  arguments.add("--attempt", options->attempt, "The unit of this attempt").type("ID");
  arguments.add("--unit", options->unit, "The unit with this chip or device id, or with this label").type("ID");
  arguments.add("--slot", options->slot, "The last unit in this slot: its label or port").type("SLOT");
  arguments.flag("--scan", options->scan, "Read standard input: a slot, then the label of the unit there, and so on");
  arguments.flag("--again", options->again, "The new pair replaces what either had before");
  arguments.add("--operator", options->operator_name, "Who scans").type("NAME");
  return action(options, label, [options] { return problem_of(*options); });
}

const Registered command({.place = 100,
                          .words = "label",
                          .what = "Pair a scanned label with the unit it is on",
                          .example = "flashline label SN-0042 --slot A2",
                          .declare = declare});

}  // namespace

}  // namespace station
