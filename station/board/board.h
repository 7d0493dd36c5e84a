// The board: the line as a web page, from this program itself. It looks at snapshots of the live line and never at the
// line; its threads run at low priority, and the line never waits for them.
//
// Belongs to the main thread, and must go before what it was given. Errors: std::runtime_error from the constructor,
// with a sentence; afterwards none, a board that fails does not stop the line.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/logger.h>

#include "station/board/address.h"
#include "station/board/assets.h"
#include "station/board/changes.h"
#include "station/board/commissioning_api.h"
#include "station/board/counted_log.h"
#include "station/board/history.h"
#include "station/board/journal.h"
#include "station/board/line_json.h"
#include "station/board/prometheus_exporter.h"
#include "station/board/routes.h"
#include "station/board/security.h"
#include "station/board/server.h"
#include "station/board/sign_in.h"
#include "station/board/slot_timelines.h"
#include "station/board/stream.h"
#include "station/live/live_line.h"

namespace station::board {

struct BoardSetup {
  Address listen{};
  std::vector<std::string> names{};  // by which browsers may call this station, beside addresses
  LineFacts facts{};
  std::string operators{};  // file
  std::string database{};
  const SlotTimelines* timelines = nullptr;  // they outlive the board
  const PrometheusExporter* exporter = nullptr;
  std::function<CommitTimes()> commit_times{};
  RecordService* service = nullptr;  // null: a dry run, which changes nothing
  Controls controls{};
  Commissioning* commissioning = nullptr;  // null: the sockets cannot be named; outlives the board
  std::string station_file{};              // empty: there is none
  std::function<dfu::Topology()> topology{};
  std::function<std::vector<ChangedSlot>()> changed_slots{};
  std::vector<std::string> proxies{};  // addresses of proxies that say for whom they ask
};

// Nobody may be let in from elsewhere without a PIN: who comes through a proxy is elsewhere. A sentence if that would
// be so.
std::optional<std::string> unsafe(const Address& listen, const std::string& operators,
                                  const std::vector<std::string>& proxies = {});

class Board : private Handler {
 public:
  // From now on it answers. Live line and logger must outlive it.
  Board(BoardSetup setup, const LiveLine& live, spdlog::logger& logger);
  ~Board() override;

  std::string url() const;

 private:
  std::optional<Refusal> refuse(const Request& head) override;
  Response answer(const Request& request) override;
  Response answer(const Request& request, const Route& route, const Sender& sender);
  Asked asked_by(const Request& request, const Sender& sender);
  Needs needs_of(const Route& route) const;
  OpenStream stream_for(const Request& request, const Sender& sender);
  LineFacts facts(const LineNow& line);
  Reply state();
  Reply slot(const std::string& port_or_label);
  Reply release(const Asker& asker, const Request& request, const std::string& port_or_label);
  Reply release_hub(const Asker& asker, const Request& request, const std::string& port_or_label);
  Reply skip(const Asker& asker, const Request& request, const std::string& port_or_label);
  Reply jobs();
  Reply use_job(const Asker& asker, const std::string& order);
  Reply close_job(const Asker& asker, const Request& request, const std::string& order);
  Reply health();
  Reply metrics();
  void remember_label(const db::Labelled& paired);
  void log_refusal(const Request& request, const Refusal& refusal);

  void end_outdated_sessions();
  void show(std::stop_token stop);
  // True while a unit is in work: only then does anything move.
  bool show_once();

  const BoardSetup setup_;
  const LiveLine& live_;
  spdlog::logger& logger_;
  const Assets assets_;
  const Endpoint place_;
  std::mutex mutex_;
  std::condition_variable_any joined_;         // with mutex_: a client waits for a state
  bool wanted_ = false;                        // guarded by mutex_
  std::map<std::string, std::string> labels_;  // guarded by mutex_: of units on the line, by visit
  std::map<std::string, db::JobOpened> jobs_;  // guarded by mutex_: that were used, by order
  std::atomic<std::uint64_t> number_ = 0;
  std::optional<LineJson> shown_;  // showing thread
  bool had_operators_ = false;     // showing thread
  CountedLog log_;
  Stream stream_;
  Journal journal_;
  SignIn sign_in_;
  Changes changes_;
  CommissioningApi commissioning_;
  const History history_;
  std::unique_ptr<Server> server_;
  std::jthread showing_;
};

}  // namespace station::board
