#include "station/board/stream.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace station::board {

namespace {

std::shared_ptr<const std::string> message(const char* event, std::uint64_t number, const std::string& data) {
  return std::make_shared<const std::string>("event: " + std::string(event) + "\nid: " + std::to_string(number) +
                                             "\ndata: " + data + "\n\n");
}

const auto beat_message = std::make_shared<const std::string>(": beat\n\n");
const auto replaced_message = std::make_shared<const std::string>("event: replaced\ndata: {}\n\n");

}  // namespace

// Guarded by the stream's mutex.
class Stream::Client {
 public:
  std::shared_ptr<const std::string> sending;  // null: nothing
  std::size_t sent = 0;
  std::uint64_t seen = std::numeric_limits<std::uint64_t>::max();  // number of the state it was given last
  std::uint64_t beats = 0;                                         // that it was given or that came with a state
  std::function<void()> resume;                                    // set while it sleeps
  bool ended = false;
  bool evicted = false;  // it gets a notice before it ends, and takes no place
  std::string owner, session;
  std::uint64_t number = 0;  // in the order in which they came
};

Stream::Stream(std::size_t most, std::function<void()> on_join, std::size_t most_of_one)
    : most_(most), most_of_one_(most_of_one), on_join_(std::move(on_join)) {}

Stream::~Stream() = default;

std::size_t Stream::streams_of(const std::string& owner) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(clients_, [&](const auto& client) { return !client->evicted && client->owner == owner; }));
}

bool Stream::evict_oldest_of(const std::string& owner) {
  std::shared_ptr<Client> oldest;
  for (const auto& client : clients_) {
    if (client->evicted || client->owner != owner) continue;
    if (!oldest || client->number < oldest->number) oldest = client;
  }
  if (oldest) oldest->evicted = true;
  return oldest != nullptr;
}

// By the one who has most, as long as that is more than the newcomer would have.
bool Stream::make_room_for(const std::string& owner) {
  if (streams_of(owner) >= most_of_one_) return evict_oldest_of(owner);
  std::map<std::string, std::size_t> places;
  std::size_t taken = 0;
  for (const auto& client : clients_) {
    if (client->evicted) continue;
    ++places[client->owner];
    ++taken;
  }
  if (taken < most_) return true;
  const auto largest = std::ranges::max_element(places, {}, [](const auto& one) { return one.second; });
  return largest->second > places[owner] + 1 && evict_oldest_of(largest->first);
}

std::shared_ptr<Stream::Client> Stream::join(const std::string& owner, const std::string& session) {
  auto client = std::make_shared<Client>();
  std::unique_lock lock(mutex_);
  if (closed_ || !make_room_for(owner)) return nullptr;
  client->beats = beats_;
  client->owner = owner;
  client->session = session;
  client->number = ++joined_;
  clients_.insert(client);
  wake_all(std::move(lock));
  on_join_();
  return client;
}

void Stream::leave(const std::shared_ptr<Client>& client) {
  const std::lock_guard lock(mutex_);
  clients_.erase(client);
  // The next one who comes is not shown what the line was then.
  if (clients_.empty()) whole_ = delta_ = nullptr;
}

std::size_t Stream::clients() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

bool Stream::wants_line_json() const {
  const std::lock_guard lock(mutex_);
  return !clients_.empty() && !whole_;
}

void Stream::give_next(Client& client) const {
  if (client.evicted) {
    client.sending = replaced_message;
  } else if (whole_ && client.seen != number_) {
    const bool next = delta_ && client.seen + 1 == number_;
    client.sending = next ? delta_ : whole_;
    client.seen = number_;
    client.beats = beats_;
  } else if (client.beats != beats_) {
    client.sending = beat_message;
    client.beats = beats_;
  }
  client.sent = 0;
}

// Suspending inside the lock: otherwise what wakes the client could come before it sleeps.
Stream::Taken Stream::read(Client& client, const Line& line, char* buffer, std::size_t size) {
  const std::lock_guard lock(mutex_);
  if (closed_ || client.ended) return {Read::over};
  if (!client.sending) give_next(client);
  if (!client.sending) {
    client.resume = line.resume;
    line.suspend();
    return {Read::nothing};
  }
  const std::size_t bytes = std::min(size, client.sending->size() - client.sent);
  std::memcpy(buffer, client.sending->data() + client.sent, bytes);
  client.sent += bytes;
  if (client.sent == client.sending->size()) {
    client.ended = client.sending == replaced_message;
    client.sending = nullptr;
  }
  return {Read::some, bytes};
}

// Outside of the lock, because a server has locks of its own; a client that sleeps cannot leave before it is woken.
void Stream::wake_all(std::unique_lock<std::mutex> lock) const {
  std::vector<std::function<void()>> sleeping;
  for (const auto& client : clients_) {
    if (client->resume) sleeping.push_back(std::exchange(client->resume, nullptr));
  }
  lock.unlock();
  for (const auto& resume : sleeping) resume();
}

void Stream::publish(std::uint64_t number, std::string whole, std::string delta) {
  std::unique_lock lock(mutex_);
  if (clients_.empty()) return;
  number_ = number;
  whole_ = message("state", number, whole);
  delta_ = delta.empty() ? nullptr : message("delta", number, delta);
  wake_all(std::move(lock));
}

void Stream::beat() {
  std::unique_lock lock(mutex_);
  ++beats_;
  wake_all(std::move(lock));
}

void Stream::end_all() {
  std::unique_lock lock(mutex_);
  for (const auto& client : clients_) client->ended = true;
  wake_all(std::move(lock));
}

void Stream::end_session(const std::string& session) {
  if (session.empty()) return;
  std::unique_lock lock(mutex_);
  for (const auto& client : clients_) {
    if (client->session == session) client->ended = true;
  }
  wake_all(std::move(lock));
}

void Stream::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  wake_all(std::move(lock));
}

}  // namespace station::board
