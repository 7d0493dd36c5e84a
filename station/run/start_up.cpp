#include "station/run/start_up.h"

#include <clocale>
#include <csignal>
#include <filesystem>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "db/error.h"
#include "db/image_store.h"
#include "dfu/usb/usb_line.h"
#include "station/diagnostics/gather_host.h"
#include "station/live/release.h"
#include "station/output/console.h"
#include "station/output/json_lines.h"
#include "station/output/progress_lines.h"
#include "station/output/terminal.h"
#include "station/record/job_order.h"
#include "station/record/partial_flashes_at_start.h"
#include "station/record/run_row.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"
#include "station/text.h"

namespace station {

namespace {

constexpr int line_priority = -10;

// What was made, or the end of the start.
template <typename Made>
Made need(std::variant<Made, ExitStatus> made) {
  if (const auto* status = std::get_if<ExitStatus>(&made)) throw CannotBegin{*status};
  return std::get<Made>(std::move(made));
}

[[noreturn]] void refuse(ExitStatus status, const std::string& sentence) {
  throw CannotBegin{complain(status, sentence)};
}

LineUse use_of(const FlashOptions& options) {
  return options.ports.empty() && options.slots.empty() ? LineUse::work : LineUse::part;
}

void tell_of_start(const db::Store& store, Log& log) {
  if (const std::string changed = change_of_key(store); !changed.empty()) log.logger().warn("{}", changed);
  for (const std::string& warning : store.warnings()) log.logger().warn("{}", warning);
  if (const auto& open = store.interrupted(); !open.empty()) {
    log.logger().warn("a run ended early and left {} without a verdict: recorded as interrupted",
                      counted(open.size(), "attempt"));
    for (const db::Uuid& attempt : open)
      log.logger().info("attempt {}: recorded as interrupted", db::to_string(attempt));
  }
}

// What earlier runs left half-written. The line works without it: nothing is judged by it.
std::vector<scheduler::PartialFlash> partial_flashes(const db::Store* store, const std::string& database, Log& log) {
  if (!store) return {};
  try {
    return partial_flashes_at_start(database);
  } catch (const db::Error& error) {
    log.logger().warn("units that earlier runs left half-written cannot be listed: {}", error.what());
    return {};
  }
}

ExitStatus status_of(const RunEnd& end) {
  const scheduler::Totals& totals = end.totals;
  if (totals.records_lost || !end.records_problem.empty()) return ExitStatus::records_lost;
  // The next run would find units as they were before this one, and the record says otherwise.
  if (!end.flash_problem.empty()) return ExitStatus::records_lost;
  if (end.stopped) return ExitStatus::stopped;
  if (totals.units == 0) return ExitStatus::no_unit;
  // Units that were not begun because the order is complete have not failed.
  const int begun = totals.units - (totals.quota_made ? totals.not_begun : 0);
  if (totals.access_denied == totals.units) return ExitStatus::no_permission;
  return totals.passed + totals.already == begun ? ExitStatus::passed : ExitStatus::not_passed;
}

// All is flashed and recorded; those of the last units may still run.
void wait_for(Hooks& hooks, const Service& service) {
  hooks.close();
  while (!hooks.over(std::chrono::seconds(1))) service.alive();
}

}  // namespace

StartUp::Process::Process() {
  // Asks for priority over other programs, so that units do not wait for a compiler or a backup. Threads inherit it;
  // without the permission nothing changes.
  setpriority(PRIO_PROCESS, 0, line_priority);
  std::signal(SIGPIPE, SIG_IGN);    // the reader of the output may go away; the line runs on
  std::signal(SIGXFSZ, SIG_IGN);    // a file at its size limit is handled like a full disk
  std::setlocale(LC_NUMERIC, "C");  // Qt took the user's locale; a decimal comma has no place in what programs read
}

StartUp::StartUp(const FlashOptions& options)
    : options_(options),
      files_(need(read_settings(options))),
      database_(need(find_database(options.db, *files_.station))),
      signals_(catch_signals()),
      line_(need(open_line(options, use_of(options)))),
      topology_(line_.hubs->topology()),
      ports_(need(chosen_ports(options, *files_.station, topology_))),
      run_row_(run_row()),
      clock_(clock_answer()),
      store_(open_store()),
      log_(open_log()),
      job_(find_job()),
      context_(context()),
      out_(STDOUT_FILENO),
      live_({line_settings(files_, topology_), topology_, ports_, options.stay,
             job_ ? std::optional(job_->quota.left) : std::nullopt},
            *line_.clock),
      output_(make_output()),
      hooks_(context_, std::filesystem::absolute(database_), hooks_of(files_), log_->logger()),
      facts_(facts()),
      run_(run_parts()),
      board_(need(open_board({.options = options,
                              .station = *files_.station,
                              .database = database_,
                              .parts = parts_,
                              .live = live_,
                              .log = *log_,
                              .reload = [this] { return reload(); }},
                             run_))),
      commands_(open_commands()) {}

std::unique_ptr<Signals> StartUp::catch_signals() {
  const auto on_signal = [this](int signal) {
    if (signal == SIGHUP && options_.stay) return static_cast<void>(reload());
    if (signal == SIGUSR1) return run_.toggle_pause();
    if (signal == SIGUSR2) {
      service_.stopping("units in work are finished first");
      return run_.finish_units();
    }
    service_.stopping("units in work stop at a safe point");
    run_.stop();
  };
  // `flash` ends with its terminal, as by SIGTERM: units in work first.
  const std::initializer_list<int> signals{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
  return std::make_unique<Signals>(signals, on_signal);
}

std::shared_ptr<const db::Run> StartUp::run_row() {
  db::Run run = run_of_command(options_.stay ? "run" : "flash", options_.operator_name, uuids_);
  run.recipe_file = options_.recipe;
  run.libusb = dfu::usb::library_version();
  return std::make_shared<const db::Run>(std::move(run));
}

ClockAnswer StartUp::clock_answer() const {
  const db::ClockRules rules{.gap = files_.station->clock_gap};
  if (options_.dry_run) return ClockAnswer{rules};
  const ClockWitness witness = options_.clock_is_right                           ? ClockWitness::option
                               : terminal_can_answer()                           ? ClockWitness::terminal
                               : !board_place(options_, *files_.station).empty() ? ClockWitness::board
                                                                                 : ClockWitness::nobody;
  return need(ask_about_clock(database_, run_row_->at, rules, witness));
}

std::unique_ptr<db::Store> StartUp::open_store() {
  if (options_.dry_run) return nullptr;
  try {
    auto store = std::make_unique<db::Store>(database_, given_name(*files_.station), *run_row_, uuids_, clock_.rules);
    keep_images(files_);
    return store;
  } catch (const db::Error& error) {
    refuse(ExitStatus::records_lost, error.what());
  }
}

// So that a unit can be checked against the very bytes years later. Errors: db::Error.
void StartUp::keep_images(const FileSettings& files) const {
  if (options_.dry_run || !options_.archive || !files.station->archive_images) return;
  const db::ImageStore images(database_);
  for (const auto& recipe : recipes_of(files)) {
    if (!recipe) continue;
    for (const dfu::Step& step : recipe->layout.steps) images.put(step.image->sha256, step.image->file);
  }
}

std::unique_ptr<Log> StartUp::open_log() const {
  if (options_.dry_run) return std::make_unique<Log>("", options_.verbosity);  // it writes nothing
  try {
    return std::make_unique<Log>(std::filesystem::path(database_).parent_path() / "logs", options_.verbosity);
  } catch (const std::exception& error) {
    refuse(ExitStatus::cannot_create, std::string("the log cannot be written: ") + error.what() + ".");
  }
}

// Nothing without an order number. What is wrong with the order is said: unknown, closed, expired, complete, or of
// another recipe than one of these.
std::optional<JobOrder> StartUp::find_job() const {
  if (store_) tell_of_start(*store_, *log_);
  if (options_.job.empty()) return std::nullopt;
  try {
    const auto taken =
        take_job(db::Reader(database_).job(options_.job), options_.job, recipes_of(files_), order_time(database_));
    if (const auto* none = std::get_if<NoOrder>(&taken)) refuse(none->status, none->sentence);
    const JobOrder& job = std::get<JobOrder>(taken);
    // Who runs this line, else who opened the order.
    return worked_by(job, options_.operator_name.empty() ? job.opened.operator_name : options_.operator_name);
  } catch (const db::Error& error) {
    refuse(ExitStatus::input_missing, error.what());
  }
}

RecordContext StartUp::context() const {
  return {.station = store_ ? store_->station() : files_.station->name,
          .installation = store_ ? store_->installation() : db::Uuid{},
          .run = run_row_,
          .operator_name = options_.operator_name};
}

std::unique_ptr<RunOutput> StartUp::make_output() {
  if (options_.json) return std::make_unique<JsonLines>(out_, context_);
  // What a dry run finds is a list that is to be read afterwards.
  if (!options_.dry_run && Terminal::usable()) {
    return std::make_unique<Console>(out_, live_, Terminal::wants_colour(options_.color));
  }
  return std::make_unique<ProgressLines>(out_);
}

// A dry run gives no verdict on a unit.
std::vector<config::HookConfig> StartUp::hooks_of(const FileSettings& files) const {
  return options_.dry_run ? std::vector<config::HookConfig>() : files.station->hooks;
}

RunFacts StartUp::facts() const {
  return {.recipe = files_.recipe,
          .station = context_.station,
          .line = line_.description,
          .job = job_ ? job_->opened.order : "",
          .quota = job_ ? std::optional(job_->quota) : std::nullopt,
          .database = options_.dry_run ? "" : database_,
          .log = log_->file(),
          .dry_run = options_.dry_run};
}

RunParts StartUp::run_parts() {
  return {.line = std::move(line_),
          .topology = topology_,
          .only_ports = ports_,
          .settings = line_settings(files_, topology_),
          .stay = options_.stay,
          .job = job_,
          .wait_for_jobs = !board_place(options_, *files_.station).empty(),
          .partial_flashes = partial_flashes(store_.get(), database_, *log_),
          .context = context_,
          .store = store_.get(),
          .uuids = uuids_,
          .log = *log_,
          .live = live_,
          .output = *output_,
          .watchers = {&parts_.timelines, &parts_.exporter, &parts_.commissioning, &hooks_, &not_begun_},
          .clock = clock_.rules,
          .wait_for_clock = clock_.wait_on_board};
}

// How `flashline release` reaches this run.
std::unique_ptr<CommandSocket> StartUp::open_commands() {
  if (!options_.stay || options_.dry_run) return nullptr;
  ReleaseParts parts{live_, run_.service(), [this](const dfu::PortPath& place, const scheduler::Decision& decision) {
                       run_.release(place, decision);
                     }};
  auto socket = std::make_unique<CommandSocket>(
      database_, [parts = std::move(parts)](std::string_view line, const CommandSocket::Reply& answer) {
        obey(parts, line, answer);
      });
  if (!socket->problem().empty()) log_->logger().warn("no command reaches this line: {}", socket->problem());
  return socket;
}

// From the event loop: the files as they are now, if they are good.
bool StartUp::reload() {
  const auto read = read_settings(options_);
  const auto* files = std::get_if<FileSettings>(&read);
  if (!files) return false;
  const auto& order = run_.job();
  const std::string problem = order ? foreign_recipe(order->opened, recipes_of(*files)) : "";
  if (!problem.empty()) {
    complain(ExitStatus::bad_recipe, problem);
    return false;
  }
  try {
    keep_images(*files);
  } catch (const db::Error& error) {
    complain(ExitStatus::records_lost, error.what());
    return false;
  }
  hooks_.reload(hooks_of(*files));
  run_.reload(line_settings(*files, topology_));
  return true;
}

// Where the lines that were printed do not say why the status is what it is.
void StartUp::explain(ExitStatus status) const {
  if (status == ExitStatus::no_unit) {
    const std::string units = not_begun_.sentences();
    if (!units.empty()) {
      complain(status, "no unit was begun. " + units);
    } else if (files_.recipe) {
      complain(status, "no unit for this recipe is on the ports that were asked for. It is for " +
                           dfu::to_string(files_.recipe->profile.dfu) + ", in DFU mode.");
    }
  } else if (const std::string units = not_begun_.sentences_in_dfu_mode(); !units.empty()) {
    complain(status, "not every unit was begun. " + units);
  }
  if (status == ExitStatus::no_permission) {
    complain(status, "no unit can be opened. Give this user access to the units' device nodes.");
  }
}

// What a person would see as a slow line.
void StartUp::warn_of_few_files() const {
  constexpr int narrow = 32;  // units at once
  if (files_.station->has_cap || files_.station->cap >= narrow) return;
  log_->logger().warn("this program may open {} files only, so it works on {} at once: raise the limit (ulimit -n)",
                      open_files_limit(), counted(static_cast<std::uint64_t>(files_.station->cap), "unit"));
}

ExitStatus StartUp::run() {
  warn_of_few_files();
  if (options_.stay) facts_.board = board_ ? board_->url() : "";
  output_->started(facts_);
  service_.ready(facts_.board.value_or("").empty() ? "the line runs" : "the line runs; board at " + *facts_.board);
  run_.execute();
  const RunEnd end = run_.close();
  output_->ended(end);
  wait_for(hooks_, service_);
  const ExitStatus status = status_of(end);
  log_->logger().info("the run ends with exit status {}", static_cast<int>(status));
  explain(status);
  return status;
}

ExitStatus flash(const FlashOptions& options) {
  try {
    return StartUp(options).run();
  } catch (const CannotBegin& problem) {
    return problem.status;
  }
}

}  // namespace station
