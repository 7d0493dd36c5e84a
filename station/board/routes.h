// What a request is about: one table of everything that the board answers. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "station/board/http.h"

namespace station::board {

enum class Action { state, events };

struct Route {
  Action action = Action::state;
  std::string key{};  // what stands at the '*' of its path
};

// Nothing: no path of the API. A path that is one, but not for this method, is nothing too.
std::optional<Route> route_of(Method method, const std::string& path);

}  // namespace station::board
