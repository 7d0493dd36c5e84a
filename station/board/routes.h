// What a request is about: one table of everything that the board answers. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "station/board/access.h"
#include "station/board/http.h"

namespace station::board {

enum class Action {
  state,
  events,
  languages,
  slot,
  units,
  unit,
  jobs,
  job,
  certificate,
  signature,
  certificate_page,
  unit_certificate_page,
  report,
  commissioning,
  health,
  metrics,
  session,
  sign_in,
  sign_out,
  pause,
  resume,
  stop,
  release,
  release_hub,
  skip,
  begin_commissioning,
  leave_out,
  finish_commissioning,
  cancel_commissioning,
  open_job,
  use_job,
  close_job,
  work_without_order,
  label,
  disposition,
};

struct Route {
  Action action = Action::state;
  Needs needs = Needs::supervision;
  std::string key{};  // what stands at the '*' of its path
};

// Nothing: no path of the API. A path that is one, but not for this method, is nothing too.
std::optional<Route> route_of(Method method, const std::string& path);

}  // namespace station::board
