#include "station/board/sessions.h"

#include <algorithm>

namespace station::board {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_rest = 12h;  // a long shift: who was signed in for the early one is not for the late one
constexpr std::size_t most_sessions = 256;
constexpr std::size_t most_remembered = 1024;  // names and addresses that guessed

}  // namespace

std::string Sessions::open(const std::string& operator_name, Role role, SessionTime now, const std::string& pin_hash) {
  const std::lock_guard lock(mutex_);
  make_room(now);
  const std::string token = random_token();
  by_token_[token] = {{operator_name, role, random_token(), pin_hash}, now};
  return token;
}

// The one that was not used for longest goes when there are too many.
void Sessions::make_room(SessionTime now) {
  std::erase_if(by_token_, [now](const auto& entry) { return entry.second.used + longest_rest <= now; });
  if (by_token_.size() < most_sessions) return;
  by_token_.erase(std::ranges::min_element(by_token_, {}, [](const auto& entry) { return entry.second.used; }));
}

std::optional<Session> Sessions::find(const std::string& token, SessionTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) return std::nullopt;
  if (found->second.used + longest_rest <= now) {
    by_token_.erase(found);
    return std::nullopt;
  }
  found->second.used = now;
  return found->second.session;
}

void Sessions::end(const std::string& token) {
  const std::lock_guard lock(mutex_);
  by_token_.erase(token);
}

std::vector<std::string> Sessions::keep(const std::function<bool(const Session&)>& is_good) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ended;
  std::erase_if(by_token_, [&](const auto& entry) {
    if (is_good(entry.second.session)) return false;
    ended.push_back(entry.second.session.operator_name);
    return true;
  });
  return ended;
}

std::chrono::seconds Guesses::begin(const std::string& who, SessionTime now) {
  const std::lock_guard lock(mutex_);
  if (!by_who_.contains(who) && by_who_.size() >= most_remembered) {
    by_who_.erase(std::ranges::min_element(by_who_, {}, [](const auto& entry) { return entry.second.last; }));
  }
  Tries& tries = by_who_[who];
  if (now < tries.next) return std::chrono::ceil<std::chrono::seconds>(tries.next - now);
  // Who has not tried for long begins anew.
  if (tries.failed > 0 && now - tries.last > 4 * longest_wait_) tries = {};
  tries.last = now;
  ++tries.failed;
  const int over = tries.failed - free_tries_;
  if (over >= 0) tries.next = now + std::min(first_wait_ * (1 << std::min(over, 16)), longest_wait_);
  return 0s;
}

void Guesses::was_right(const std::string& who) {
  const std::lock_guard lock(mutex_);
  by_who_.erase(who);
}

std::string cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    std::string_view one = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(one.size() + 1, header.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) {
      return std::string(one.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace station::board
