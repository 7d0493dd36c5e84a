// A run of the line from the command line to the exit status. Its members are made in the order in which a run needs
// them, and go in the opposite one. Belongs to the main thread.
#pragma once

#include <QCoreApplication>
#include <memory>
#include <optional>
#include <vector>

#include "db/store.h"
#include "db/uuid.h"
#include "station/live/live_line.h"
#include "station/output/output.h"
#include "station/output/run_facts.h"
#include "station/run/board_of_run.h"
#include "station/run/clock_question.h"
#include "station/run/command_socket.h"
#include "station/run/flash_run.h"
#include "station/run/flash_settings.h"
#include "station/run/not_begun.h"
#include "station/run/service.h"
#include "station/run/signals.h"
#include "station/sinks/hooks.h"

namespace station {

// A run cannot begin; why has been said on stderr.
struct CannotBegin {
  ExitStatus status;
};

class StartUp {
 public:
  // Throws CannotBegin. `options` must outlive it.
  explicit StartUp(const FlashOptions& options);
  // Until every unit has its verdict and all is recorded.
  ExitStatus run();

 private:
  // The program as one that runs a line: its priority, what becomes of signals, Qt's event loop.
  class Process {
   public:
    Process();

   private:
    int argc_ = 1;
    char name_[10] = "flashline";
    char* argv_[2] = {name_, nullptr};
    QCoreApplication application_{argc_, argv_};
  };

  std::unique_ptr<Signals> catch_signals();
  std::shared_ptr<const db::Run> run_row();
  ClockAnswer clock_answer() const;
  std::unique_ptr<db::Store> open_store();
  void keep_images(const FileSettings& files) const;
  std::unique_ptr<Log> open_log() const;
  std::optional<JobOrder> find_job() const;
  RecordContext context() const;
  std::unique_ptr<RunOutput> make_output();
  std::vector<config::HookConfig> hooks_of(const FileSettings& files) const;
  RunFacts facts() const;
  RunParts run_parts();
  std::unique_ptr<CommandSocket> open_commands();
  bool reload();
  void explain(ExitStatus status) const;
  void warn_of_few_files() const;

  const FlashOptions& options_;
  const FileSettings files_;
  const std::string database_;
  Process process_;
  Service service_;
  std::unique_ptr<Signals> signals_;
  OpenedLine line_;  // until the run has it
  const dfu::Topology topology_;
  const std::vector<dfu::PortPath> ports_;
  db::UuidGenerator uuids_;
  const std::shared_ptr<const db::Run> run_row_;
  const ClockAnswer clock_;
  const std::unique_ptr<db::Store> store_;  // null: a dry run, which records nothing
  const std::unique_ptr<Log> log_;
  const std::optional<JobOrder> job_;
  const RecordContext context_;
  LineWriter out_;
  LiveLine live_;
  const std::unique_ptr<RunOutput> output_;
  BoardParts parts_;
  NotBegun not_begun_;
  Hooks hooks_;
  RunFacts facts_;
  FlashRun run_;
  std::unique_ptr<board::Board> board_;      // null: nobody asked for one
  std::unique_ptr<CommandSocket> commands_;  // null: the run flashes what is there and ends
};

}  // namespace station
