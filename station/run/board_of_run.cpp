#include "station/run/board_of_run.h"

#include <QCoreApplication>
#include <QMetaObject>
#include <stdexcept>
#include <utility>

#include "station/board/address.h"
#include "station/board/operators.h"
#include "station/board/security.h"
#include "station/run/inputs.h"

namespace station {

namespace {

// What the board requests is done in the event loop: no other thread may use the run.
board::Controls controls_of(FlashRun& run, std::function<bool()> reload) {
  const auto later = [](std::function<void()> call) {
    QMetaObject::invokeMethod(QCoreApplication::instance(), std::move(call), Qt::QueuedConnection);
  };
  return {.pause = [&run, later](bool paused) { later([&run, paused] { run.pause(paused); }); },
          .stop = [&run, later](scheduler::StopKind kind) { later([&run, kind] { run.halt(kind); }); },
          .release = [&run](const dfu::PortPath& place,
                            const scheduler::Decision& decision) { run.release(place, decision); },
          .skip =
              [&run, later](const dfu::PortPath& port, const std::optional<std::string>& reason) {
                later([&run, port, reason] { run.skip(port, reason); });
              },
          .work_for =
              [&run, later](const std::optional<JobOrder>& order, const std::function<void()>& done) {
                later([&run, order, done] { run.work_for(order, done); });
              },
          .commission =
              [&run, later](bool on, const std::function<void()>& done) {
                later([&run, on, done] { run.commission(on, done); });
              },
          .reload = [reload = std::move(reload),
                     later](const std::function<void(bool)>& done) { later([reload, done] { done(reload()); }); },
          .work_without_order =
              [&run, later](const std::string& operator_name, const std::function<void()>& done) {
                later([&run, operator_name, done] { run.work_without_order(operator_name, done); });
              }};
}

board::BoardSetup setup_of(const BoardRequest& request, FlashRun& run, const std::string& listen) {
  board::BoardSetup setup{
      address_from(listen).value(), request.station.board_names, {run.station(), {}, request.options.operator_name}};
  setup.operators = operators_path(request.database);
  setup.database = request.database;
  setup.timelines = &request.parts.timelines;
  setup.exporter = &request.parts.exporter;
  setup.commit_times = [&run] { return run.commit_times(); };
  setup.service = run.service();
  setup.controls = controls_of(run, request.reload);
  setup.controls.label_pattern = request.station.label_pattern;
  setup.commissioning = &request.parts.commissioning;
  setup.station_file = request.options.station;
  setup.topology = [&run] { return run.topology(); };
  setup.changed_slots = [&run] { return run.changed_slots(); };
  setup.proxies = request.station.board_proxies;
  if (run.job()) {
    setup.facts.job = run.job()->opened;
    setup.facts.operator_name = run.job()->quota.job->operator_name;
  }
  return setup;
}

}  // namespace

std::variant<std::unique_ptr<board::Board>, ExitStatus> open_board(const BoardRequest& request, FlashRun& run) {
  const std::string listen = board_place(request.options, request.station);
  if (listen.empty()) return std::unique_ptr<board::Board>();
  board::BoardSetup setup = setup_of(request, run, listen);
  try {
    if (const auto problem = board::unsafe(setup.listen, setup.operators, setup.proxies)) {
      return complain(ExitStatus::bad_configuration, *problem + ".");
    }
    return std::make_unique<board::Board>(std::move(setup), request.live, request.log.logger());
  } catch (const std::exception& error) {
    return complain(ExitStatus::cannot_create, std::string(error.what()) + ". Choose another one with --board.");
  }
}

}  // namespace station
