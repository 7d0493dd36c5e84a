// Who may do what. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "station/board/http.h"
#include "station/board/sessions.h"

namespace station::board {

enum class Needs {
  nothing,
  reading,          // on a loopback address anybody; elsewhere who is signed in
  work,             // an operator
  supervision,      // a supervisor
  work_or_distant,  // an operator who stands at the station, or a supervisor
};

struct Asked {
  bool loopback = true;              // the board listens on such an address: whoever asks is at the station
  std::optional<Session> session{};  // of who asks
  std::string_view token{};          // that came with the request
};

std::optional<Refusal> refuse_access(Needs needs, const Asked& asked);

}  // namespace station::board
