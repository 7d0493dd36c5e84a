// Who is signed in, and how often a PIN may be guessed. Kept in memory: after a restart everybody signs in again.
// Any thread; the time is given, so that tests need none. Everything here has a limit, because strangers fill it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "station/board/operators.h"

namespace station::board {

using SessionTime = std::chrono::steady_clock::time_point;

struct Session {
  std::string operator_name;
  Role role = Role::works;
  std::string csrf;        // what every change must carry: a page elsewhere cannot know it
  std::string pin_hash{};  // of the PIN that let them in; empty: none was needed
  std::string id{};        // names the session and opens nothing
};

class Sessions {
 public:
  // The token that the browser keeps.
  std::string open(const std::string& operator_name, Role role, SessionTime now, const std::string& pin_hash = "");
  // Nothing: no such one, or nobody used it for twelve hours.
  std::optional<Session> find(const std::string& token, SessionTime now);
  void end(const std::string& token);
  // The sessions that were not kept.
  std::vector<Session> keep(const std::function<bool(const Session&)>& is_good);

 private:
  struct Kept {
    Session session;
    SessionTime used;
  };
  void make_room(const std::string& operator_name, SessionTime now);

  std::mutex mutex_;
  std::map<std::string, Kept> by_id_;  // guarded by mutex_
};

// A PIN that is guessed for one operator from one client: after some free tries each further one has to wait, longer
// every time. Nobody else waits: the same operator from another client does not, nor another operator from this one.
// A try counts as failed until it is known to be right, so that many at once gain nothing.
//
// Names that no operator has are counted like others, so that guessing does not tell which names there are. Of these
// only so many are counted for one client. A client that has guessed so many names is `flooding`: the caller must
// then answer every wrong try in the same way, because names that are not counted never have to wait.
class Guesses {
 public:
  Guesses(int free_tries, std::chrono::seconds first_wait, std::chrono::seconds longest_wait)
      : free_tries_(free_tries), first_wait_(first_wait), longest_wait_(longest_wait) {}

  struct Begun {
    std::chrono::seconds wait{};  // before the next try; zero: the try is begun
    bool flooding = false;
  };
  // `known`: an operator has this name.
  Begun begin(const std::string& client, const std::string& name, bool known, SessionTime now);
  void was_right(const std::string& client, const std::string& name);
  std::size_t remembered() const;  // pairs

 private:
  struct Tries {
    int failed = 0;
    SessionTime last{};
    SessionTime next{};
  };
  struct Client {
    SessionTime last{};
    std::map<std::string, Tries> by_name;
  };

  Client& client_of(const std::string& client, SessionTime now);
  std::chrono::seconds count(Tries& tries, SessionTime now) const;

  const int free_tries_;
  const std::chrono::seconds first_wait_, longest_wait_;
  mutable std::mutex mutex_;
  std::map<std::string, Client> by_client_;  // guarded by mutex_
};

// One at a time for each client. Hashing a PIN takes time and memory on purpose; a client that asks for many at once
// must not keep all workers busy.
class OneEach {
 public:
  class Turn {
   public:
    Turn(OneEach& all, std::string client) : all_(all), client_(std::move(client)), taken_(all_.begin(client_)) {}
    ~Turn() {
      if (taken_) all_.end(client_);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool taken() const { return taken_; }

   private:
    OneEach& all_;
    const std::string client_;
    const bool taken_;
  };

 private:
  bool begin(const std::string& client);
  void end(const std::string& client);

  std::mutex mutex_;
  std::set<std::string> busy_;  // guarded by mutex_; no more than there are workers
};

// The value of the cookie with this name. Empty: there is none, or there are two that differ, one of which somebody
// else has put there.
std::string cookie(std::string_view header, std::string_view name);

}  // namespace station::board
