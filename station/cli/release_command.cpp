// `release`: a person's word that a closed slot or a stopped hub was looked at, said to the program that runs the line.

#include "db/store.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/cli/record_session.h"
#include "station/live/release.h"
#include "station/output/output.h"
#include "station/run/command_socket.h"

namespace station {

namespace {

struct ReleaseOptions : RecordOptions {
  std::string place;  // a slot's label, a hub's label, or the port of either
  std::string operator_name;
  std::string reason;
};

ExitStatus complain_about(NoAnswer why, const std::string& database) {
  switch (why) {
    case NoAnswer::nobody:
      if (db::is_being_written(database)) {
        return complain(ExitStatus::no_unit, "a line runs with the record " + database +
                                                 ", and takes no commands: it said why when it began. Use the board, "
                                                 "or start the line again.");
      }
      return complain(ExitStatus::no_unit, "no line runs with the record " + database +
                                               ". A line that is started again uses every slot and hub.");
    case NoAnswer::denied:
      return complain(ExitStatus::no_permission, "this user may not command the line with the record " + database +
                                                     ". Only users who may write that record can.");
    case NoAnswer::none:
      break;
  }
  return complain(ExitStatus::no_unit, "the line does not answer. Check whether it still runs.");
}

ExitStatus release(const ReleaseOptions& options) {
  const auto found = place_of(options);
  if (const auto* status = std::get_if<ExitStatus>(&found)) return *status;
  const std::string& database = std::get<RecordPlace>(found).database;
  const ReleaseRequest request{options.place, {options.operator_name, options.reason}};
  const auto said = ask_line(database, to_line(request));
  if (const auto* why = std::get_if<NoAnswer>(&said)) return complain_about(*why, database);
  const auto answer = answer_from(std::get<std::string>(said));
  if (!answer) return complain(ExitStatus::internal, "the line's answer cannot be read. Is it of another version?");
  if (!answer->done) return complain(ExitStatus::usage, answer->text);
  return print(answer->text + "\n") ? ExitStatus::passed : ExitStatus::cannot_create;
}

std::string is_in_a_line(const std::string& text) {
  return is_reason(text) ? "" : "'" + text + "' is not a text of 1 to 200 characters on one line";
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<ReleaseOptions>();
  add_record_options(arguments, *options);
  arguments.add("place", options->place, "The slot or hub: its label or port")
      .type("PLACE")
      .required()
      .check(is_in_a_line);
  arguments.add("--operator", options->operator_name, "Who decided").required().type("NAME").check(is_in_a_line);
  arguments.add("--reason", options->reason, "Why: what was looked at, and replaced")
      .required()
      .type("TEXT")
      .check(is_in_a_line);
  return action(options, release);
}

const Registered command({.place = 110,
                          .words = "release",
                          .what = "Let a running line use a closed slot or a stopped hub again",
                          .example = "flashline release A2 --operator Li --reason cleaned",
                          .declare = declare});

}  // namespace

}  // namespace station
