// What is refused before anybody looks at what a request wants: requests that a strange page in a visitor's browser
// makes. Pure; any thread.
//
// A page elsewhere can send a browser to this address under a name of its own (DNS rebinding): the name in Host must be
// ours. It can also send requests and not read the answers: whatever changes something must come from our own page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "station/board/http.h"

namespace station::board {

struct Place {
  std::string host;                // that the board listens on, without brackets
  std::vector<std::string> names;  // that the station file gives it, in lower case
};

// By Host, Origin, method and length.
std::optional<Refusal> refuse_head(const Request& head, const Place& place);

// That every reply carries: what a browser may do with it, which is next to nothing.
const std::vector<std::pair<std::string, std::string>>& safe_headers();

}  // namespace station::board
