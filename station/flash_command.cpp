#include <QCoreApplication>
#include <QMetaObject>
#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>

#include <sys/resource.h>
#include <unistd.h>

#include "db/error.h"
#include "db/image_store.h"
#include "dfu/usb/usb_line.h"
#include "station/at_the_record.h"
#include "station/board/board.h"
#include "station/clock_question.h"
#include "station/command_socket.h"
#include "station/commands.h"
#include "station/console.h"
#include "station/flash_run.h"
#include "station/hooks.h"
#include "station/inputs.h"
#include "station/job_order.h"
#include "station/json_lines.h"
#include "station/left_behind.h"
#include "station/live_line.h"
#include "station/not_begun.h"
#include "station/open_line.h"
#include "station/operators.h"
#include "station/paths.h"
#include "station/progress_lines.h"
#include "station/release.h"
#include "station/service.h"
#include "station/signals.h"
#include "station/version.h"

namespace station {

namespace {

constexpr int line_priority = -10;

// The files that may be read again while the line runs.
struct FileSettings {
  std::shared_ptr<const config::Recipe> recipe;  // null: only slots' own recipes
  std::map<std::string, std::shared_ptr<const config::Recipe>>
      slot_recipes;  // by the port as the station file names it
  std::shared_ptr<const config::StationConfig> station;
};

// What the command line named, read and found good.
struct Inputs {
  FileSettings files;
  std::string database;
};

std::variant<FileSettings, ExitStatus> read_settings(const FlashOptions& options) {
  FileSettings files;
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  files.station = std::get<0>(station);
  if (!options.recipe.empty()) {
    const auto recipe = read_recipe(options.recipe);
    if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
    files.recipe = std::get<0>(recipe);
  }
  for (const config::SlotConfig& slot : files.station->slots) {
    if (!options.stay || slot.recipe.empty()) continue;
    const auto recipe = read_recipe(slot.recipe);
    if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
    files.slot_recipes[slot.port] = std::get<0>(recipe);
  }
  if (!files.recipe && files.slot_recipes.empty()) {
    return complain(ExitStatus::usage,
                    "there is nothing to flash: name a recipe, or give slots of the station file one.");
  }
  return files;
}

std::vector<std::shared_ptr<const config::Recipe>> recipes_of(const FileSettings& files) {
  std::vector<std::shared_ptr<const config::Recipe>> recipes{files.recipe};
  for (const auto& [port, recipe] : files.slot_recipes) recipes.push_back(recipe);
  return recipes;
}

scheduler::LineSettings line_settings(const FileSettings& files, const dfu::Topology& topology) {
  scheduler::LineSettings settings{files.recipe, {}, files.station};
  for (const auto& [name, recipe] : files.slot_recipes) {
    if (const auto port = files.station->port_of(name, topology.controllers)) settings.own_recipes[*port] = recipe;
  }
  return settings;
}

std::variant<Inputs, ExitStatus> read_inputs(const FlashOptions& options) {
  const auto settings = read_settings(options);
  if (const auto* status = std::get_if<ExitStatus>(&settings)) return *status;
  const FileSettings& files = std::get<FileSettings>(settings);
  const auto database = find_database(options.db, *files.station);
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  return Inputs{files, std::get<0>(database)};
}

std::string labels_of(const config::StationConfig& station) {
  std::string labels;
  for (const config::SlotConfig& slot : station.slots) labels += (labels.empty() ? "" : ", ") + slot.label;
  return labels.empty() ? "The station file names no slot" : "The station file names " + labels;
}

// The ports that --port and --slot name; empty: every port.
std::variant<std::vector<dfu::PortPath>, ExitStatus> chosen_ports(const FlashOptions& options,
                                                                  const config::StationConfig& station,
                                                                  const dfu::Topology& topology) {
  std::vector<std::string> named = options.ports;
  for (const std::string& label : options.slots) {
    const auto slot = std::ranges::find(station.slots, label, &config::SlotConfig::label);
    if (slot == station.slots.end()) {
      return complain(ExitStatus::usage, "there is no slot '" + label + "'. " + labels_of(station) + ".");
    }
    named.push_back(slot->port);
  }
  std::vector<dfu::PortPath> ports;
  for (const std::string& name : named) {
    const auto port = station.port_of(name, topology.controllers);
    if (!port) return complain(ExitStatus::no_unit, "port " + name + " is on a controller that this line has not.");
    ports.push_back(*port);
  }
  return ports;
}

db::Run run_row(const FlashOptions& options, db::UuidGenerator& uuids) {
  db::Run run = run_of_command(options.stay ? "run" : "flash", options.operator_name, uuids);
  run.recipe_file = options.recipe;
  run.libusb = dfu::usb::library_version();
  return run;
}

void tell_interrupted(const db::Store& store, Log& log) {
  for (const db::Uuid& attempt : store.interrupted()) {
    log.logger().warn("attempt {}: left open by a run that ended early; recorded as interrupted",
                      db::to_string(attempt));
  }
}

// What earlier runs left half-written. The line works without it: nothing is judged by it.
std::vector<scheduler::HalfWritten> half_written(const db::Store* store, const std::string& database, Log& log) {
  if (!store) return {};
  try {
    return left_behind(database);
  } catch (const db::Error& error) {
    log.logger().warn("units that earlier runs left half-written cannot be told: {}", error.what());
    return {};
  }
}

RunFacts facts_of(const FlashOptions& options, const Inputs& inputs, const OpenedLine& line,
                  const std::optional<JobOrder>& job, const Log& log) {
  return {.recipe = inputs.files.recipe,
          .station = inputs.files.station->name,
          .line = line.description,
          .job = job ? job->opened.order : "",
          .quota = job ? std::optional(job->quota) : std::nullopt,
          .database = options.dry_run ? "" : inputs.database,
          .log = log.file(),
          .dry_run = options.dry_run};
}

std::unique_ptr<RunOutput> make_output(const FlashOptions& options, const RecordContext& context, const LiveLine& live,
                                       LineWriter& out) {
  if (options.json) return std::make_unique<JsonLines>(out, context);
  // What a dry run finds is a list that is to be read afterwards.
  if (!options.dry_run && Terminal::usable()) return std::make_unique<Console>(out, live, Terminal::wants_colour());
  return std::make_unique<ProgressLines>(out);
}

ExitStatus status_of(const RunEnd& end) {
  const scheduler::Totals& totals = end.totals;
  if (totals.records_lost || !end.records_problem.empty()) return ExitStatus::records_lost;
  if (end.stopped) return ExitStatus::stopped;
  if (totals.units == 0) return ExitStatus::no_unit;
  // Units that were not begun because the order is complete have not failed.
  const int begun = totals.units - (totals.quota_made ? totals.not_begun : 0);
  if (totals.access_denied == totals.units) return ExitStatus::no_permission;
  return totals.passed + totals.already == begun ? ExitStatus::passed : ExitStatus::not_passed;
}

// Where the lines that were printed do not say why the status is what it is.
void explain(ExitStatus status, const config::Recipe* recipe, const NotBegun& not_begun) {
  if (status == ExitStatus::no_unit) {
    const std::string units = not_begun.sentences();
    if (!units.empty()) {
      complain(status, "no unit was begun. " + units);
    } else if (recipe) {
      complain(status, "no unit for this recipe is on the ports that were asked for. It wants " +
                           dfu::to_string(recipe->profile.dfu) + ", in DFU mode.");
    }
  } else if (const std::string units = not_begun.sentences_in_dfu_mode(); !units.empty()) {
    complain(status, "not every unit was begun. " + units);
  }
  if (status == ExitStatus::no_permission) {
    complain(status, "not one unit may be opened. Give this user access to the units' device nodes.");
  }
}

// Null for a dry run.
std::variant<std::unique_ptr<db::Store>, ExitStatus> open_store(const FlashOptions& options, const Inputs& inputs,
                                                                const db::Run& run, db::UuidGenerator& uuids,
                                                                const db::ClockRules& clock) {
  if (options.dry_run) return std::unique_ptr<db::Store>();
  try {
    return std::make_unique<db::Store>(inputs.database, given_name(*inputs.files.station), run, uuids, clock);
  } catch (const db::Error& error) {
    return complain(ExitStatus::records_lost, error.what());
  }
}

// So that a unit can be checked against the very bytes years later.
ExitStatus keep_images(const FlashOptions& options, const FileSettings& files, const std::string& database) {
  if (options.dry_run || !options.archive || !files.station->archive_images) return ExitStatus::passed;
  try {
    const db::ImageStore store(database);
    for (const auto& recipe : recipes_of(files)) {
      if (!recipe) continue;
      for (const dfu::Step& step : recipe->layout.steps) store.put(step.image->sha256, step.image->file);
    }
    return ExitStatus::passed;
  } catch (const db::Error& error) {
    return complain(ExitStatus::records_lost, error.what());
  }
}

std::variant<std::optional<JobOrder>, ExitStatus> job_of(const FlashOptions& options, const Inputs& inputs) {
  try {
    const auto found = find_job(options.job, inputs.database, recipes_of(inputs.files));
    const auto* job = std::get_if<std::optional<JobOrder>>(&found);
    if (!job || !*job) return found;
    // Who runs this line, else who opened the order.
    const std::string& name = options.operator_name.empty() ? (*job)->opened.operator_name : options.operator_name;
    return std::optional(worked_by(**job, name));
  } catch (const db::Error& error) {
    return complain(ExitStatus::input_missing, error.what());
  }
}

std::variant<std::unique_ptr<Log>, ExitStatus> open_log(const FlashOptions& options, const std::string& database) {
  try {
    return std::make_unique<Log>(std::filesystem::path(database).parent_path() / "logs", options.verbosity);
  } catch (const std::exception& error) {
    return complain(ExitStatus::cannot_create, std::string("the log cannot be written: ") + error.what() + ".");
  }
}

// Where the board listens; empty: nowhere.
std::string board_place(const FlashOptions& options, const config::StationConfig& station) {
  const std::string& listen = options.board.empty() ? station.board_listen : options.board;
  return options.stay && listen != "off" ? listen : "";
}

std::variant<ClockAnswer, ExitStatus> clock_of(const FlashOptions& options, const Inputs& inputs, db::Time now) {
  const config::StationConfig& station = *inputs.files.station;
  const db::ClockRules rules{.gap = station.clock_gap};
  if (options.dry_run) return ClockAnswer{rules};
  const ClockWitness witness = options.clock_is_right                   ? ClockWitness::option
                               : terminal_can_answer()                  ? ClockWitness::terminal
                               : !board_place(options, station).empty() ? ClockWitness::board
                                                                        : ClockWitness::nobody;
  return ask_about_clock(inputs.database, now, rules, witness);
}

// What the board asks for happens in the event loop, in which alone the run is touched.
board::Controls controls_of(FlashRun& run, const std::function<bool()>& reload) {
  const auto later = [](std::function<void()> call) {
    QMetaObject::invokeMethod(QCoreApplication::instance(), std::move(call), Qt::QueuedConnection);
  };
  return {
      .pause = [&run, later](bool paused) { later([&run, paused] { run.pause(paused); }); },
      .stop = [&run, later](scheduler::StopKind kind) { later([&run, kind] { run.halt(kind); }); },
      .release = [&run](const dfu::PortPath& place,
                        const scheduler::Decision& decision) { run.release(place, decision); },
      .skip =
          [&run, later](const dfu::PortPath& port, const std::optional<std::string>& reason) {
            later([&run, port, reason] { run.skip(port, reason); });
          },
      .work_for = [&run, later](
                      const std::optional<JobOrder>& order,
                      const std::function<void()>& done) { later([&run, order, done] { run.work_for(order, done); }); },
      .commission = [&run, later](
                        bool on,
                        const std::function<void()>& done) { later([&run, on, done] { run.commission(on, done); }); },
      .reload = [&reload, later](const std::function<void(bool)>& done) { later([&reload, done] { done(reload()); }); },
      .work_without_order =
          [&run, later](const std::string& operator_name, const std::function<void()>& done) {
            later([&run, operator_name, done] { run.work_without_order(operator_name, done); });
          }};
}

// How `flashline release` reaches this run. Null: it flashes what is there and ends.
std::unique_ptr<CommandSocket> open_commands(const FlashOptions& options, const std::string& database, FlashRun& run,
                                             const LiveLine& live, Log& log) {
  if (!options.stay || options.dry_run) return nullptr;
  ReleaseParts parts{live, run.door(), [&run](const dfu::PortPath& place, const scheduler::Decision& decision) {
                       run.release(place, decision);
                     }};
  auto socket = std::make_unique<CommandSocket>(
      database, [parts = std::move(parts)](std::string_view line, const CommandSocket::Answer& answer) {
        obey(parts, line, answer);
      });
  if (!socket->problem().empty()) log.logger().warn("no command reaches this line: {}", socket->problem());
  return socket;
}

// A dry run gives no verdict on a unit.
std::vector<config::HookConfig> hooks_of(const FlashOptions& options, const FileSettings& files) {
  return options.dry_run ? std::vector<config::HookConfig>() : files.station->hooks;
}

// All is flashed and recorded; those of the last units may still run.
void wait_for(Hooks& hooks, const Service& service) {
  hooks.close();
  while (!hooks.over(std::chrono::seconds(1))) service.alive();
}

// What tells the board more than the live line does.
struct BoardParts {
  board::Stories stories;
  board::Meter meter;
  Commissioning commissioning;
};

// Null: nobody asked for one. It must go before the run.
std::variant<std::unique_ptr<board::Board>, ExitStatus> open_board(const FlashOptions& options, const Inputs& inputs,
                                                                   FlashRun& run, BoardParts& parts,
                                                                   const LiveLine& live,
                                                                   const std::function<bool()>& reload, Log& log) {
  const config::StationConfig& station = *inputs.files.station;
  const std::string listen = board_place(options, station);
  if (listen.empty()) return std::unique_ptr<board::Board>();
  board::BoardSetup setup{
      address_from(listen).value(), station.board_names, {run.station(), {}, options.operator_name}};
  setup.operators = operators_path(inputs.database);
  setup.database = inputs.database;
  setup.stories = &parts.stories;
  setup.meter = &parts.meter;
  setup.commit_times = [&run] { return run.commit_times(); };
  setup.door = run.door();
  setup.controls = controls_of(run, reload);
  setup.controls.label_pattern = station.label_pattern;
  setup.commissioning = &parts.commissioning;
  setup.station_file = options.station;
  setup.topology = [&run] { return run.topology(); };
  setup.changed_slots = [&run] { return run.changed_slots(); };
  setup.proxies = station.board_proxies;
  if (run.job()) {
    setup.facts.job = run.job()->opened;
    setup.facts.operator_name = run.job()->quota.job->operator_name;
  }
  try {
    if (const auto problem = board::unsafe(setup.listen, setup.operators, setup.proxies)) {
      return complain(ExitStatus::bad_configuration, *problem + ".");
    }
    return std::make_unique<board::Board>(std::move(setup), live, log.logger());
  } catch (const std::exception& error) {
    return complain(ExitStatus::cannot_create, std::string(error.what()) + ". Choose another one with --board.");
  }
}

}  // namespace

ExitStatus flash(const FlashOptions& options) {
  const auto read = read_inputs(options);
  if (const auto* status = std::get_if<ExitStatus>(&read)) return *status;
  const Inputs& inputs = std::get<Inputs>(read);

  // The line goes before whatever else this machine does, if the system lets it: units wait for no compiler or backup.
  // Threads inherit it.
  setpriority(PRIO_PROCESS, 0, line_priority);
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads the output may go; the line runs on
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow any more is a disk that is full, and no reason to die
  int argc = 1;
  char name[] = "flashline";
  char* argv[] = {name, nullptr};
  const QCoreApplication application(argc, argv);
  std::setlocale(LC_NUMERIC, "C");  // Qt took the user's locale; a decimal comma has no place in what programs read
  FlashRun* running = nullptr;
  Service service;
  std::function<bool()> reload;
  const auto on_signal = [&](int signal) {
    if (signal == SIGHUP) return static_cast<void>(reload());
    if (signal == SIGUSR1) return running->toggle_pause();
    service.stopping();
    running->stop();
  };
  const auto signals =
      options.stay ? std::make_unique<Signals>(std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP, SIGUSR1}, on_signal)
                   : std::make_unique<Signals>(std::initializer_list<int>{SIGINT, SIGTERM}, on_signal);

  const bool everywhere = options.ports.empty() && options.slots.empty();
  auto line = open_line(options, everywhere ? LineUse::work : LineUse::part);
  if (const auto* status = std::get_if<ExitStatus>(&line)) return *status;
  const dfu::Topology topology = std::get<OpenedLine>(line).hubs->topology();
  const auto ports = chosen_ports(options, *inputs.files.station, topology);
  if (const auto* status = std::get_if<ExitStatus>(&ports)) return *status;
  db::UuidGenerator uuids;
  const auto run_facts = std::make_shared<const db::Run>(run_row(options, uuids));
  const auto asked = clock_of(options, inputs, run_facts->at);
  if (const auto* status = std::get_if<ExitStatus>(&asked)) return *status;
  const ClockAnswer& clock = std::get<ClockAnswer>(asked);
  const auto store = open_store(options, inputs, *run_facts, uuids, clock.rules);
  if (const auto* status = std::get_if<ExitStatus>(&store)) return *status;
  const ExitStatus kept = keep_images(options, inputs.files, inputs.database);
  if (kept != ExitStatus::passed) return kept;
  const auto made = open_log(options, inputs.database);
  if (const auto* status = std::get_if<ExitStatus>(&made)) return *status;
  Log& log = *std::get<0>(made);
  if (std::get<0>(store)) tell_interrupted(*std::get<0>(store), log);
  const auto found = job_of(options, inputs);
  if (const auto* status = std::get_if<ExitStatus>(&found)) return *status;
  const std::optional<JobOrder>& job = std::get<0>(found);

  const std::string station_name = std::get<0>(store) ? std::get<0>(store)->station() : inputs.files.station->name;
  const RecordContext context{station_name, std::get<0>(store) ? std::get<0>(store)->installation() : db::Uuid{},
                              run_facts, options.operator_name};
  LineWriter out(STDOUT_FILENO);
  LiveLine live({line_settings(inputs.files, topology), topology, std::get<0>(ports), options.stay,
                 job ? std::optional(job->quota.left) : std::nullopt},
                *std::get<OpenedLine>(line).clock);
  const std::unique_ptr<RunOutput> output = make_output(options, context, live, out);
  BoardParts parts;
  NotBegun not_begun;
  Hooks hooks(context, std::filesystem::absolute(inputs.database), hooks_of(options, inputs.files), log.logger());
  RunFacts facts = facts_of(options, inputs, std::get<OpenedLine>(line), job, log);
  facts.station = station_name;
  FlashRun flash_run({std::get<OpenedLine>(std::move(line)),
                      topology,
                      std::get<0>(ports),
                      line_settings(inputs.files, topology),
                      options.stay,
                      job,
                      !board_place(options, *inputs.files.station).empty(),
                      half_written(std::get<0>(store).get(), inputs.database, log),
                      context,
                      std::get<0>(store).get(),
                      uuids,
                      log,
                      live,
                      *output,
                      {&parts.stories, &parts.meter, &parts.commissioning, &hooks, &not_begun},
                      clock.rules,
                      clock.wait_on_board});
  running = &flash_run;
  reload = [&] {
    const auto files = read_settings(options);
    const auto* good = std::get_if<FileSettings>(&files);
    if (!good) return false;
    const auto& order = flash_run.job();
    const std::string problem = order ? foreign_recipe(order->opened, recipes_of(*good)) : "";
    if (!problem.empty()) {
      complain(ExitStatus::bad_recipe, problem);
      return false;
    }
    if (keep_images(options, *good, inputs.database) != ExitStatus::passed) return false;
    hooks.reload(hooks_of(options, *good));
    flash_run.reload(line_settings(*good, topology));
    return true;
  };
  const auto board = open_board(options, inputs, flash_run, parts, live, reload, log);
  if (const auto* status = std::get_if<ExitStatus>(&board)) return *status;
  const auto commands = open_commands(options, inputs.database, flash_run, live, log);
  if (options.stay) facts.board = std::get<0>(board) ? std::get<0>(board)->url() : "";
  output->started(facts);
  service.ready(facts.board.value_or("").empty() ? "the line runs" : "the line runs; board at " + *facts.board);
  flash_run.execute();
  const RunEnd end = flash_run.close();
  output->ended(end);
  wait_for(hooks, service);
  const ExitStatus status = status_of(end);
  log.logger().info("the run ends with exit status {}", static_cast<int>(status));
  explain(status, inputs.files.recipe.get(), not_begun);
  return status;
}

}  // namespace station
