// Who is signed in, and how often a PIN may be guessed. Kept in memory: a station that starts anew asks again.
// Any thread; the time is given, so that tests need none.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "station/operators.h"

namespace station::board {

using SessionTime = std::chrono::steady_clock::time_point;

struct Session {
  std::string operator_name;
  Role role = Role::works;
  std::string csrf;        // what every change must carry: a page elsewhere cannot know it
  std::string pin_hash{};  // of the PIN that let them in; empty: none was needed
};

class Sessions {
 public:
  // The token that the browser keeps.
  std::string open(const std::string& operator_name, Role role, SessionTime now, const std::string& pin_hash = "");
  // Nothing: no such one, or nobody used it for twelve hours.
  std::optional<Session> find(const std::string& token, SessionTime now);
  void end(const std::string& token);
  // Whose sessions were not kept.
  std::vector<std::string> keep(const std::function<bool(const Session&)>& is_good);

 private:
  struct Kept {
    Session session;
    SessionTime used;
  };
  void make_room(SessionTime now);

  std::mutex mutex_;
  std::map<std::string, Kept> by_token_;  // guarded by mutex_
};

// After some free tries each further one has to wait, longer every time. A try counts as failed until it is known to be
// right, so that many at once gain nothing.
class Guesses {
 public:
  Guesses(int free_tries, std::chrono::seconds first_wait, std::chrono::seconds longest_wait)
      : free_tries_(free_tries), first_wait_(first_wait), longest_wait_(longest_wait) {}

  // How long this one has to wait before the next try; zero: the try is begun.
  std::chrono::seconds begin(const std::string& who, SessionTime now);
  void was_right(const std::string& who);

 private:
  struct Tries {
    int failed = 0;
    SessionTime last{};
    SessionTime next{};
  };

  const int free_tries_;
  const std::chrono::seconds first_wait_, longest_wait_;
  std::mutex mutex_;
  std::map<std::string, Tries> by_who_;  // guarded by mutex_
};

// The value of the cookie with this name; empty: none.
std::string cookie(std::string_view header, std::string_view name);

}  // namespace station::board
