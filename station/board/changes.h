// The changes that people may make, each on record before it is done. Called on the workers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/recipe.h"
#include "scheduler/messages.h"
#include "station/board/http.h"
#include "station/board/journal.h"
#include "station/live/live_line.h"
#include "station/record/job_order.h"

namespace station::board {

// From any thread; they come back at once, and what they ask for happens on the main thread.
struct Controls {
  std::function<void(bool paused)> pause{};
  // All work ends, and none begins until `pause(false)`. The program goes on.
  std::function<void(scheduler::StopKind kind)> stop{};
  // A port or a hub.
  std::function<void(const dfu::PortPath& place, const scheduler::Decision& decision)> release{};
  // Without a reason the port is used again.
  std::function<void(const dfu::PortPath& port, const std::optional<std::string>& reason)> skip{};
  // Nothing: for none, and nothing is begun. `done` is called when no attempt can begin for another order.
  std::function<void(const std::optional<JobOrder>& order, const std::function<void()>& done)> work_for{};
  // While it is on, no unit is worked on. `done` is called when that holds.
  std::function<void(bool on, const std::function<void()>& done)> commission{};
  // As SIGHUP does: recipe and station file are read again. `done` gets whether they were good.
  std::function<void(const std::function<void(bool)>& done)> reload{};
  // As work_for: every unit that comes is started, for no order, and recorded with this operator.
  std::function<void(const std::string& operator_name, const std::function<void()>& done)> work_without_order{};
  std::string label_pattern{};  // of the station file, as it was at the start
};

class Changes {
 public:
  Changes(Controls controls, Journal& journal) : controls_(std::move(controls)), journal_(journal) {}

  Reply pause(const Asker& asker, bool paused);
  Reply stop(const Asker& asker, const Request& request);
  Reply release(const Asker& asker, const Request& request, const SlotNow& slot);
  Reply release_hub(const Asker& asker, const Request& request, const HubNow& hub);
  Reply skip(const Asker& asker, const Request& request, const SlotNow& slot);
  // `recipes`: those that the line works by, of which an order may name one.
  Reply open_job(const Asker& asker, const Request& request,
                 const std::vector<std::shared_ptr<const config::Recipe>>& recipes);
  // `current`: the line works for it.
  Reply close_job(const Asker& asker, const Request& request, const std::string& order, bool current);
  // Nothing if the line works for it from now on. Its units are recorded with the operator who asks.
  std::optional<Refusal> use_job(const Asker& asker, const JobOrder& order);
  Reply work_without_order(const Asker& asker);
  Reply decide(const Asker& asker, const Request& request);
  // Tells `paired` which label is on the unit of which visit.
  Reply pair_label(const Asker& asker, const Request& request, const std::function<void(const db::Labelled&)>& paired);

 private:
  std::optional<Refusal> work_for(const std::optional<JobOrder>& order);
  std::optional<Refusal> wait_for(const std::function<void(const std::function<void()>& done)>& change) const;

  const Controls controls_;
  Journal& journal_;
};

}  // namespace station::board
