// The stream of events to every open board: the newest state of the line, made once for all of them.
//
// There is no queue. A client that reads slowly gets fewer messages, each of them the newest; one that has missed a
// change gets the whole state. One who opens too many streams loses its oldest, and others keep theirs. Clients read on
// the server's thread and sleep while there is nothing for them; `publish` and `beat` come from the thread that makes
// the states and wake them. All calls from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace station::board {

class Stream {
 public:
  // A connection that carries a client's events.
  struct Line {
    std::function<void()> suspend;  // nothing to read; called inside `read`
    std::function<void()> resume;   // there is something again
  };
  class Client;
  enum class Read { some, nothing, over };
  struct Taken {
    Read what = Read::nothing;
    std::size_t bytes = 0;
  };

  // `most` streams at once, and of one owner so many; `on_join` is called, from any thread, when one came.
  Stream(std::size_t most, std::function<void()> on_join, std::size_t most_of_one = 24);
  ~Stream();

  // `owner` is whose stream it is, and `session` the id of the session it is shown in; either may be empty. The oldest
  // stream of an owner that has too many gets a notice and is ended; when all places are taken, that of the owner who
  // has most of them. Null: every owner has as few as this one, or the stream is closed.
  std::shared_ptr<Client> join(const std::string& owner = {}, const std::string& session = {});
  void leave(const std::shared_ptr<Client>& client);
  // Up to `size` bytes of what the client is to be sent next.
  Taken read(Client& client, const Line& line, char* buffer, std::size_t size);

  std::size_t clients() const;
  // A client is here and there is no state: the next one that is published must not be a change only.
  bool wants_line_json() const;
  // `delta` leads from the state before to this one; empty: only the whole does. Forgotten while nobody is there.
  void publish(std::uint64_t number, std::string whole, std::string delta);
  // That the station is still there.
  void beat();
  // Ends every client; they may come again.
  void end_all();
  // Ends those that are shown in this session.
  void end_session(const std::string& session);
  // Ends every client. None joins from then on.
  void close();

 private:
  void give_next(Client& client) const;
  std::size_t streams_of(const std::string& owner) const;
  bool evict_oldest_of(const std::string& owner);
  bool make_room_for(const std::string& owner);
  void wake_all(std::unique_lock<std::mutex> lock) const;

  const std::size_t most_, most_of_one_;
  const std::function<void()> on_join_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  bool closed_ = false;
  std::set<std::shared_ptr<Client>> clients_;
  std::uint64_t joined_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t beats_ = 0;
  std::shared_ptr<const std::string> whole_, delta_;
};

}  // namespace station::board
