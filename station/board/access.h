// Who may do what. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "station/board/http.h"
#include "station/board/sessions.h"

namespace station::board {

enum class Needs {
  nothing,
  reading,          // at a station without operators anybody; else who is signed in
  work,             // an operator
  supervision,      // a supervisor
  work_or_distant,  // an operator who stands at the station, or a supervisor
};

struct Asked {
  bool at_station = true;            // the request comes from this machine, and not through a proxy
  bool has_operators = false;        // then nobody is trusted without a session, at the station neither
  std::optional<Session> session{};  // of who asks
  std::string_view token{};          // that came with the request
};

std::optional<Refusal> refuse_access(Needs needs, const Asked& asked);

}  // namespace station::board
