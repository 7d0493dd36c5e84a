// `flash` and `run`: the units of a line, once or as they are plugged in. The exit status of a run is
// run/start_up.cpp's.
#include "station/board/address.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/run/flash_options.h"

namespace station {

namespace {

// "1-1.4.2", or with a controller's name from the station file, "L-1.4.2".
std::string is_port(const std::string& text) {
  const std::size_t dash = text.rfind('-');
  const std::string chain = dash == std::string::npos ? "" : text.substr(dash + 1);
  const bool digits = !chain.empty() && chain.find_first_not_of("0123456789.") == std::string::npos;
  const bool dots = digits && chain.front() != '.' && chain.back() != '.' && chain.find("..") == std::string::npos;
  if (dash > 0 && dots) return {};
  return "'" + text + "' is not a port; write it as bus and chain of ports, like 1-1.2";
}

std::string is_board(const std::string& text) {
  if (text == "off" || address_from(text)) return {};
  return "'" + text + "' is not an address and a port; write 127.0.0.1:8080, or off";
}

std::string problem_of(const Arguments& arguments, const FlashOptions& options) {
  const std::string problem = contradiction(arguments, options);
  if (!problem.empty()) return problem;
  if (!options.slots.empty() && options.station.empty()) {
    return "--slot needs --station FILE, which says where the slots are";
  }
  return {};
}

Action declare(Arguments& arguments, bool stay) {
  const auto options = std::make_shared<FlashOptions>();
  options->stay = stay;
  arguments.add("recipe", options->recipe, "Recipe file").required(!stay).type("FILE");
  add_record_options(arguments, options->station, options->db);
  add_line_options(arguments, *options);
  arguments.add("--port", options->ports, "Only this port (again for more)").type("PATH").check(is_port);
  arguments.add("--slot", options->slots, "Only the slot with this label (again for more)").type("LABEL");
  arguments.add("--operator", options->operator_name, "Who works here, for the record").type("NAME");
  arguments.add("--job", options->job, "The order that units are made for; stops at its quantity").type("ID");
  arguments.flag("!--no-archive", options->archive, "Keep no copy of the images beside the database");
  if (stay) {
    arguments.add("--board", options->board, "Where the board, a web page, is served; port 0: any that is free")
        .type("ADDR:PORT|off")
        .check(is_board);
  }
  arguments.flag("--clock-is-right", options->clock_is_right,
                 "Begin although the clock is behind the record or far ahead of it; this is recorded");
  arguments.flag("--dry-run", options->dry_run, "Survey and judge; write nothing, record nothing");
  arguments.flag("--json", options->json, "JSON Lines on standard output");
  arguments.add("--color", options->color, "Colours of the live console; auto: unless the environment has NO_COLOR")
      .one_of({"auto", "always", "never"})
      .show_default();
  arguments.flag("-v,--verbose", options->verbosity, "More of the log on standard error; twice for all of it");
  return action(options, flash, [&arguments, options] { return problem_of(arguments, *options); });
}

const Registered flash_command({.place = 10,
                                .words = "flash",
                                .what = "Flash every matching unit on the line once, then exit",
                                .example = "flashline flash photon.toml --line virtual --units 8",
                                .declare = [](Arguments& arguments) { return declare(arguments, false); }});
const Registered run_command({.place = 20,
                              .words = "run",
                              .what = "Keep the line running: units flash as they are plugged in",
                              .example = "flashline run photon.toml --station line-3.toml --board 127.0.0.1:8080",
                              .declare = [](Arguments& arguments) { return declare(arguments, true); }});

}  // namespace

}  // namespace station
