#include "station/board/stream.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace station::board {

namespace {

std::shared_ptr<const std::string> message(const char* event, std::uint64_t number, const std::string& data) {
  return std::make_shared<const std::string>("event: " + std::string(event) + "\nid: " + std::to_string(number) +
                                             "\ndata: " + data + "\n\n");
}

const auto beat_message = std::make_shared<const std::string>(": beat\n\n");

}  // namespace

// Guarded by the stream's mutex.
class Stream::Client {
 public:
  std::shared_ptr<const std::string> sending;  // null: nothing
  std::size_t sent = 0;
  std::uint64_t seen = std::numeric_limits<std::uint64_t>::max();  // number of the picture it was given last
  std::uint64_t beats = 0;                                         // that it was given or that came with a picture
  std::function<void()> resume;                                    // set while it sleeps
  bool ended = false;
};

Stream::Stream(std::size_t most, std::function<void()> on_join) : most_(most), on_join_(std::move(on_join)) {}

Stream::~Stream() = default;

std::shared_ptr<Stream::Client> Stream::join() {
  auto client = std::make_shared<Client>();
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || clients_.size() >= most_) return nullptr;
    client->beats = beats_;
    clients_.insert(client);
  }
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

bool Stream::wants_picture() const {
  const std::lock_guard lock(mutex_);
  return !clients_.empty() && !whole_;
}

void Stream::give_next(Client& client) const {
  if (whole_ && client.seen != number_) {
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
  if (client.sent == client.sending->size()) client.sending = nullptr;
  return {Read::some, bytes};
}

// Outside of the lock, because a server has locks of its own; whoever sleeps cannot go before it is woken.
void Stream::wake_all(std::unique_lock<std::mutex> lock) {
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

void Stream::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  wake_all(std::move(lock));
}

}  // namespace station::board
