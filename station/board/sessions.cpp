#include "station/board/sessions.h"

#include <algorithm>

namespace station::board {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_rest = 12h;  // a long shift: who was signed in for the early one is not for the late one
constexpr std::size_t most_sessions = 512;
constexpr std::size_t most_of_one_operator = 128;  // fifty boards, and some browsers that forgot their cookie
constexpr std::size_t most_clients = 1024;         // that guessed
constexpr std::size_t most_names = 32;             // that one client guessed and no operator has

}  // namespace

std::string Sessions::open(const std::string& operator_name, Role role, SessionTime now, const std::string& pin_hash) {
  const std::lock_guard lock(mutex_);
  make_room(operator_name, now);
  const std::string token = random_token();
  const std::string id = digest_of(token);
  by_id_[id] = {{operator_name, role, random_token(), pin_hash, id}, now};
  return token;
}

// The one that was not used for longest goes when there are too many: of this operator, else of all.
void Sessions::make_room(const std::string& operator_name, SessionTime now) {
  std::erase_if(by_id_, [now](const auto& entry) { return entry.second.used + longest_rest <= now; });
  const auto drop_oldest = [this](const auto& is_meant) {
    auto oldest = by_id_.end();
    for (auto entry = by_id_.begin(); entry != by_id_.end(); ++entry) {
      if (!is_meant(entry->second)) continue;
      if (oldest == by_id_.end() || entry->second.used < oldest->second.used) oldest = entry;
    }
    if (oldest != by_id_.end()) by_id_.erase(oldest);
  };
  const auto is_own = [&](const Kept& kept) { return kept.session.operator_name == operator_name; };
  const auto own = std::ranges::count_if(by_id_, [&](const auto& entry) { return is_own(entry.second); });
  if (static_cast<std::size_t>(own) >= most_of_one_operator) return drop_oldest(is_own);
  if (by_id_.size() >= most_sessions) drop_oldest([](const Kept&) { return true; });
}

std::optional<Session> Sessions::find(const std::string& token, SessionTime now) {
  if (token.empty()) return std::nullopt;
  const std::string id = digest_of(token);
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  if (found->second.used + longest_rest <= now) {
    by_id_.erase(found);
    return std::nullopt;
  }
  found->second.used = now;
  return found->second.session;
}

void Sessions::end(const std::string& token) {
  if (token.empty()) return;
  const std::lock_guard lock(mutex_);
  by_id_.erase(digest_of(token));
}

std::vector<Session> Sessions::keep(const std::function<bool(const Session&)>& is_good) {
  const std::lock_guard lock(mutex_);
  std::vector<Session> ended;
  std::erase_if(by_id_, [&](const auto& entry) {
    if (is_good(entry.second.session)) return false;
    ended.push_back(entry.second.session);
    return true;
  });
  return ended;
}

// The client that has not guessed for longest is forgotten when there are too many.
Guesses::Client& Guesses::client_of(const std::string& client, SessionTime now) {
  if (!by_client_.contains(client) && by_client_.size() >= most_clients) {
    by_client_.erase(std::ranges::min_element(by_client_, {}, [](const auto& entry) { return entry.second.last; }));
  }
  Client& one = by_client_[client];
  one.last = now;
  // A name that was not tried for long begins from the start.
  std::erase_if(one.by_name, [&](const auto& entry) { return now - entry.second.last > 4 * longest_wait_; });
  return one;
}

Guesses::Begun Guesses::begin(const std::string& client, const std::string& name, bool known, SessionTime now) {
  const std::lock_guard lock(mutex_);
  Client& one = client_of(client, now);
  const bool flooding = one.by_name.size() >= most_names;
  if (flooding && !known && !one.by_name.contains(name)) return {0s, true};
  return {count(one.by_name[name], now), flooding};
}

std::chrono::seconds Guesses::count(Tries& tries, SessionTime now) const {
  if (now < tries.next) return std::chrono::ceil<std::chrono::seconds>(tries.next - now);
  tries.last = now;
  ++tries.failed;
  const int over = tries.failed - free_tries_;
  if (over >= 0) tries.next = now + std::min(first_wait_ * (1 << std::min(over, 16)), longest_wait_);
  return 0s;
}

void Guesses::was_right(const std::string& client, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_client_.find(client); found != by_client_.end()) found->second.by_name.erase(name);
}

std::size_t Guesses::remembered() const {
  const std::lock_guard lock(mutex_);
  std::size_t pairs = 0;
  for (const auto& [name, client] : by_client_) pairs += client.by_name.size();
  return pairs;
}

bool OneEach::begin(const std::string& client) {
  const std::lock_guard lock(mutex_);
  return busy_.insert(client).second;
}

void OneEach::end(const std::string& client) {
  const std::lock_guard lock(mutex_);
  busy_.erase(client);
}

std::string cookie(std::string_view header, std::string_view name) {
  std::string found;
  while (!header.empty()) {
    std::string_view one = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(one.size() + 1, header.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (!one.starts_with(name) || !one.substr(name.size()).starts_with('=')) continue;
    const std::string_view value = one.substr(name.size() + 1);
    if (!found.empty() && found != value) return {};
    found = value;
  }
  return found;
}

}  // namespace station::board
