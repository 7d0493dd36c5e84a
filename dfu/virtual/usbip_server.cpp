#include "dfu/virtual/usbip_server.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <variant>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dfu/virtual/usbip.h"
#include "dfu/virtual/usbip_socket.h"
#include "dfu/virtual/usbip_urbs.h"

namespace dfu::virt::usbip {

namespace {

using namespace std::chrono_literals;

// Connections that have not imported a unit. When there are more, the one that has waited longest is closed.
constexpr std::size_t most_openings = 64;
// Bytes read of one connection before the others have their turn; bytes that may wait to be read by a client before
// it is listened to again.
constexpr std::size_t read_at_once = 16 * 1024, most_to_send = 256 * 1024;
// When the system has no descriptor left for a new connection.
constexpr Duration accept_pause = 100ms;

using ConnectionId = std::uint64_t;

struct Opened {
  ConnectionId connection = 0;
  UnitHandle unit = 0;
  OpenStatus status = OpenStatus::ok;
};
struct Answered {
  ConnectionId connection = 0;
  TransferResult result;
};
struct WasReset {
  ConnectionId connection = 0;
  ResetStatus status = ResetStatus::ok;
};
struct Closed {
  UnitHandle unit = 0;
};
using Message = std::variant<Arrived, Left, Listed, Opened, Answered, WasReset, Closed>;

// Messages from the threads of the bus to the server's thread. Shared with the callbacks, which may come after the
// server was destroyed.
class Inbox {
 public:
  Inbox() : bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (bell_.descriptor() < 0) throw std::runtime_error("the system has no more file descriptors");
  }

  void post(Message message) {
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    ring();
  }
  void ring() { eventfd_write(bell_.descriptor(), 1); }
  int bell() const { return bell_.descriptor(); }

  std::vector<Message> take() {
    eventfd_t rung = 0;
    eventfd_read(bell_.descriptor(), &rung);
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  const Socket bell_;
  std::mutex mutex_;
  std::vector<Message> messages_;  // guarded by mutex_
};

void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

struct Connection {
  enum class Phase {
    opening,     // has not said what it wants
    importing,   // the unit is being opened for it
    imported,    // submits URBs
    last_words,  // has its answer, and goes when it has read it
  };
  Socket socket;
  std::string peer;
  Duration since{};
  Phase phase = Phase::opening;
  Bytes received, to_send;
  UnitHandle unit = 0;
  UrbQueue urbs;
  std::optional<Transfer> after_reset;
  bool readable = false;            // there are bytes, or there is an end
  bool hung_up = false;             // the client sends no more
  std::optional<std::string> over;  // why it is to be closed

  // A client that does not read its answers is not served.
  bool listens() const {
    const bool may_speak = phase == Phase::opening || phase == Phase::imported;
    return may_speak && !hung_up && to_send.size() < most_to_send;
  }
};

struct Exported {
  UnitInfo info;
  ConnectionId holder = 0;  // 0: free
};

}  // namespace

struct Server::Impl {
  Impl(Bus& the_bus, Settings the_settings)
      : bus(the_bus), settings(std::move(the_settings)), listener(listen_on(settings.host, settings.port)) {}

  void run(std::stop_token stop);
  void wait();
  void take_messages();
  void accept_all();
  void serve(ConnectionId id, Connection& one);
  void read(Connection& one);
  void open_with(ConnectionId id, Connection& one);
  void import(ConnectionId id, Connection& one, const std::string& busid);
  void take_commands(ConnectionId id, Connection& one);
  void ask_unit(ConnectionId id, Connection& one);
  void submit(ConnectionId id, UnitHandle unit, Transfer transfer);
  void sweep();
  void let_go(ConnectionId id, const Connection& one);

  void on(const Arrived& arrived);
  void on(const Left& left);
  void on(const Listed&) {}
  void on(const Opened& opened);
  void on(const Answered& answered);
  void on(const WasReset& was_reset);
  void on(const Closed& closed);

  Connection* find(ConnectionId id) {
    const auto found = connections.find(id);
    return found == connections.end() ? nullptr : &found->second;
  }
  Duration now() const { return std::chrono::steady_clock::now() - start; }
  void note(const std::string& line) const {
    if (settings.note) settings.note(line);
  }

  Bus& bus;
  const Settings settings;
  const Socket listener;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  const std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();

  // The rest belongs to the thread.
  std::map<ConnectionId, Connection> connections;
  std::map<UnitHandle, Exported> units;
  ConnectionId last_id = 0;
  Duration accept_again{};
  std::jthread thread;
};

Server::Server(Bus& bus, Settings settings) : impl_(std::make_unique<Impl>(bus, std::move(settings))) {
  bus.start([inbox = impl_->inbox](const BusEvent& event) {
    std::visit([&](const auto& each) { inbox->post(each); }, event);
  });
  impl_->thread = std::jthread([impl = impl_.get()](std::stop_token stop) { impl->run(stop); });
}

Server::~Server() {
  stop();
}

std::uint16_t Server::port() const {
  return port_of(impl_->listener);
}

void Server::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->inbox->ring();
  impl_->thread.join();
  impl_->connections.clear();
}

// ---- the loop

void Server::Impl::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    wait();
    take_messages();
    accept_all();
    for (auto& [id, one] : connections) serve(id, one);
    sweep();
  }
}

// Waits for something to do: a message, a new connection, bytes to read, room to write, or a time limit.
void Server::Impl::wait() {
  std::vector<pollfd> watched{{inbox->bell(), POLLIN, 0}};
  std::optional<Duration> alarm;
  const auto wake_at = [&](std::optional<Duration> time) {
    if (time && (!alarm || *time < *alarm)) alarm = time;
  };
  if (now() >= accept_again) {
    watched.push_back({listener.descriptor(), POLLIN, 0});
  } else {
    wake_at(accept_again);
  }
  for (const auto& [id, one] : connections) {
    const int events = (one.listens() ? POLLIN : 0) | (one.to_send.empty() ? 0 : POLLOUT);
    watched.push_back({one.socket.descriptor(), static_cast<short>(events), 0});
    if (one.phase != Connection::Phase::imported) wake_at(one.since + settings.opening_time);
    if (one.to_send.size() < most_to_send) wake_at(one.urbs.next_at());
  }
  // Rounded up, or the last part of a millisecond would be spent spinning.
  const auto wait_for =
      alarm ? std::chrono::ceil<std::chrono::milliseconds>(std::max(*alarm - now(), Duration{})) : -1ms;
  poll(watched.data(), watched.size(), static_cast<int>(wait_for.count()));
  auto each = watched.end() - static_cast<std::ptrdiff_t>(connections.size());
  for (auto& [id, one] : connections) one.readable = (each++)->revents & (POLLIN | POLLHUP | POLLERR);
}

void Server::Impl::take_messages() {
  for (const Message& message : inbox->take()) {
    std::visit([this](const auto& each) { on(each); }, message);
  }
}

void Server::Impl::accept_all() {
  if (now() < accept_again) return;
  Accepted accepted;
  // A bound, so that many new connections do not hold up the others.
  for (std::size_t count = 0; count < most_openings; ++count) {
    switch (accept_from(listener, accepted)) {
      case AcceptStatus::nobody:
        return;
      case AcceptStatus::failed:
        accept_again = now() + accept_pause;
        return;
      case AcceptStatus::ok:
        break;
    }
    const auto dallies = [](const auto& each) { return each.second.phase != Connection::Phase::imported; };
    if (static_cast<std::size_t>(std::ranges::count_if(connections, dallies)) >= most_openings) {
      const auto oldest = std::ranges::find_if(connections, dallies);
      let_go(oldest->first, oldest->second);
      connections.erase(oldest);
    }
    Connection& one = connections[++last_id];
    one.socket = std::move(accepted.socket);
    one.peer = std::move(accepted.peer);
    one.since = now();
  }
}

void Server::Impl::serve(ConnectionId id, Connection& one) {
  if (!one.over) read(one);
  if (!one.over && one.phase == Connection::Phase::opening) open_with(id, one);
  if (!one.over && one.phase == Connection::Phase::imported) take_commands(id, one);
  if (!one.over && !one.to_send.empty() && !send_to(one.socket, one.to_send)) one.over = "the connection broke";
  if (one.over) return;
  const bool said_all = one.phase == Connection::Phase::last_words && one.to_send.empty();
  const bool too_late = one.phase != Connection::Phase::imported && now() >= one.since + settings.opening_time;
  if (said_all) {
    one.over = "";
  } else if (one.hung_up && one.phase != Connection::Phase::last_words) {
    one.over = "the client closed the connection";
  } else if (too_late) {
    one.over = "too slow";
  }
}

void Server::Impl::read(Connection& one) {
  if (one.readable && one.listens()) one.hung_up = !receive_from(one.socket, one.received, read_at_once);
}

void Server::Impl::sweep() {
  for (auto each = connections.begin(); each != connections.end();) {
    if (!each->second.over) {
      ++each;
      continue;
    }
    let_go(each->first, each->second);
    each = connections.erase(each);
  }
}

// A unit that is still being opened is closed when that has its answer.
void Server::Impl::let_go(ConnectionId id, const Connection& one) {
  const auto unit = units.find(one.unit);
  const bool holds = unit != units.end() && unit->second.holder == id;
  if (holds) note(unit->second.info.port.text + " is free again: " + one.over.value_or("too many connections"));
  if (!holds && one.over && !one.over->empty()) note(one.peer + ": " + *one.over);
  if (!holds || one.phase != Connection::Phase::imported) return;
  bus.cancel(one.unit);
  bus.close(one.unit, [inbox = inbox, handle = one.unit] { inbox->post(Closed{handle}); });
}

// ---- what clients ask

void Server::Impl::open_with(ConnectionId id, Connection& one) {
  ByteView received = one.received;
  const Opening opening = take_opening(received);
  if (std::holds_alternative<Incomplete>(opening)) return;
  one.received.erase(one.received.begin(), one.received.end() - static_cast<std::ptrdiff_t>(received.size()));
  if (const auto* refused = std::get_if<Refused>(&opening)) {
    one.over = "not USB/IP as this program speaks it: " + refused->reason;
  } else if (const auto* request = std::get_if<ImportRequest>(&opening)) {
    import(id, one, request->busid);
  } else {
    std::vector<UnitInfo> free;
    for (const auto& [handle, unit] : units) {
      if (unit.holder == 0) free.push_back(unit.info);
    }
    std::ranges::sort(free, {}, &UnitInfo::port);
    one.to_send = list_reply(free);
    one.phase = Connection::Phase::last_words;
  }
}

void Server::Impl::import(ConnectionId id, Connection& one, const std::string& busid) {
  const auto named = std::ranges::find_if(units, [&](const auto& each) { return each.second.info.port.text == busid; });
  if (named == units.end() || named->second.holder != 0) {
    one.to_send = import_refusal(named == units.end() ? ImportStatus::no_device : ImportStatus::busy);
    one.phase = Connection::Phase::last_words;
    return;
  }
  named->second.holder = id;
  one.unit = named->first;
  one.phase = Connection::Phase::importing;
  // All interfaces: who claims which is the business of the client's system.
  std::vector<Claim> claims;
  std::set<std::uint8_t> numbers;
  for (const AltSetting& each : named->second.info.configuration.alternates) numbers.insert(each.interface_number);
  for (const std::uint8_t number : numbers) claims.push_back({number});
  bus.open(one.unit, std::move(claims), [inbox = inbox, id, unit = one.unit](const OpenResult& result) {
    inbox->post(Opened{id, unit, result.status});
  });
}

void Server::Impl::take_commands(ConnectionId id, Connection& one) {
  ByteView received = one.received;
  bool more = true;
  while (more && !one.over) {
    Command command = take_command(received);
    more = !std::holds_alternative<Incomplete>(command);
    std::optional<Refused> refused;
    if (auto* submit = std::get_if<Submit>(&command)) refused = one.urbs.submit(std::move(*submit));
    if (const auto* unlink = std::get_if<Unlink>(&command)) {
      if (one.urbs.unlink(*unlink)) bus.cancel(one.unit);
    }
    if (const auto* wrong = std::get_if<Refused>(&command)) refused = *wrong;
    if (refused) one.over = "the client broke the protocol: " + refused->reason;
  }
  one.received.erase(one.received.begin(), one.received.end() - static_cast<std::ptrdiff_t>(received.size()));
  ask_unit(id, one);
}

void Server::Impl::ask_unit(ConnectionId id, Connection& one) {
  append(one.to_send, one.urbs.take_replies());
  if (one.to_send.size() >= most_to_send) return;
  std::optional<UrbQueue::Next> next = one.urbs.next(now());
  if (!next) return;
  if (!next->after_reset) return submit(id, one.unit, std::move(next->transfer));
  one.after_reset = std::move(next->transfer);
  bus.reset(one.unit, [inbox = inbox, id](ResetStatus status) { inbox->post(WasReset{id, status}); });
}

void Server::Impl::submit(ConnectionId id, UnitHandle unit, Transfer transfer) {
  bus.submit(unit, std::move(transfer), [inbox = inbox, id](TransferResult result) {
    inbox->post(Answered{id, std::move(result)});
  });
}

// ---- what the bus says

void Server::Impl::on(const Arrived& arrived) {
  units[arrived.unit.handle].info = arrived.unit;
  note(arrived.unit.port.text + " is there: " + to_string(arrived.unit.id) + " " + arrived.unit.product);
}

void Server::Impl::on(const Left& left) {
  const auto unit = units.find(left.handle);
  if (unit == units.end()) return;
  if (Connection* one = find(unit->second.holder)) {
    one->urbs.give_up();
    append(one->to_send, one->urbs.take_replies());
    one->phase = Connection::Phase::last_words;
    one->since = now();
  }
  units.erase(unit);
  note(left.port.text + " has left");
}

void Server::Impl::on(const Opened& opened) {
  const auto unit = units.find(opened.unit);
  Connection* one = find(opened.connection);
  if (opened.status != OpenStatus::ok || unit == units.end()) {
    if (unit != units.end()) unit->second.holder = 0;
    if (!one) return;
    one->unit = 0;
    one->to_send = import_refusal(unit == units.end() ? ImportStatus::no_device : ImportStatus::device_error);
    one->phase = Connection::Phase::last_words;
    return;
  }
  if (!one) {
    return bus.close(opened.unit, [inbox = inbox, handle = opened.unit] { inbox->post(Closed{handle}); });
  }
  one->phase = Connection::Phase::imported;
  one->to_send = import_reply(unit->second.info);
  note(unit->second.info.port.text + " is imported by " + one->peer);
}

void Server::Impl::on(const Answered& answered) {
  Connection* one = find(answered.connection);
  if (one && one->phase == Connection::Phase::imported) one->urbs.answered(answered.result, now());
}

// A unit that is lost will leave, which ends the connection.
void Server::Impl::on(const WasReset& was_reset) {
  Connection* one = find(was_reset.connection);
  if (!one || one->phase != Connection::Phase::imported) return;
  switch (was_reset.status) {
    case ResetStatus::ok:
      return submit(was_reset.connection, one->unit, std::move(*one->after_reset));
    case ResetStatus::lost:
      return one->urbs.answered({TransferStatus::io_error, {}}, now());
  }
}

void Server::Impl::on(const Closed& closed) {
  if (const auto unit = units.find(closed.unit); unit != units.end()) unit->second.holder = 0;
}

}  // namespace dfu::virt::usbip
