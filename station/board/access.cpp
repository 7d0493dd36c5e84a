#include "station/board/access.h"

namespace station::board {

namespace {

// The same time whatever differs.
bool same(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
  return difference == 0;
}

bool needs_supervisor(Needs needs, bool at_station) {
  return needs == Needs::supervision || (needs == Needs::work_or_distant && !at_station);
}

}  // namespace

std::optional<Refusal> refuse_access(Needs needs, const Asked& asked) {
  const bool open_to_all = asked.at_station && !asked.has_operators;
  if (needs == Needs::nothing || (needs == Needs::reading && open_to_all)) return std::nullopt;
  if (!asked.session) return Refusal{401, "no-session", "Nobody is signed in here.", "Sign in and try again."};
  if (needs == Needs::reading) return std::nullopt;
  if (!same(asked.token, asked.session->csrf)) {
    return Refusal{403, "no-token", "The request does not carry the token of this session.", "Load the page again."};
  }
  if (needs_supervisor(needs, asked.at_station) && asked.session->role != Role::supervises) {
    return Refusal{403, "forbidden", asked.session->operator_name + " is an operator; this needs a supervisor.",
                   "Ask a supervisor to sign in."};
  }
  return std::nullopt;
}

}  // namespace station::board
