// Requests that are refused before their content is looked at: those that a foreign page in a visitor's browser makes,
// and those that can be read in two ways. Pure; any thread.
//
// A page elsewhere can send a browser to this address under a name of its own (DNS rebinding): the name in Host must be
// ours. It can also send requests and not read the answers: whatever changes something must come from our own page.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "station/board/http.h"

namespace station::board {

struct Endpoint {
  std::string host{};                  // that the board listens on, without brackets
  std::vector<std::string> names{};    // that the station file gives it, in lower case
  std::vector<std::string> proxies{};  // addresses whose X-Forwarded-For is believed, in their canonical form
};

// Whose request it is.
struct Sender {
  std::string address{};    // of the client: the other end of the connection, or what a trusted proxy says
  bool at_station = false;  // it is on this machine, and did not come through a proxy
  bool https = false;       // a trusted proxy says that the browser came by TLS
};
Sender sender_of(const Request& head, const Endpoint& place);

// The name or address in a Host header, in lower case or canonical form, without brackets and port. Nothing: it is
// not HOST or HOST:PORT, exactly.
std::optional<std::string> name_in_host(std::string_view host);

// By request target, Host, Origin, method and length.
std::optional<Refusal> refuse_head(const Request& head, const Endpoint& place);

// Text from outside for a log or a message: printable ASCII, at most so many bytes of it, which is said if it was
// longer.
std::string shown(std::string_view text, std::size_t most = 60);

// That every reply carries: what a browser may do with it, which is next to nothing.
const std::vector<std::pair<std::string, std::string>>& safe_headers();

}  // namespace station::board
