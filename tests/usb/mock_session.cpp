#include "tests/usb/mock_session.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>

#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace usb_mock {

namespace {

using namespace std::chrono_literals;
using dfu::Bytes;
using dfu::Setup;
using dfu::Transfer;
using dfu::TransferResult;
using dfu::TransferStatus;

constexpr long not_emulated = -100;  // umockdev then asks the file itself
using Message = Called;

constexpr std::size_t setup_size = 8;  // at the beginning of a control transfer's buffer

struct ProgramIsGone {};

void receive(int socket, void* data, std::size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = recv(socket, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw ProgramIsGone{};
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

void send_all(int socket, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) throw ProgramIsGone{};
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

void append(Bytes& out, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

// As clock_gettime(CLOCK_MONOTONIC) has it in the program.
dfu::Duration now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

// As the host controller's driver tells it.
int urb_status(TransferStatus status) {
  switch (status) {
    case TransferStatus::ok:
      return 0;
    case TransferStatus::stall:
      return -EPIPE;
    case TransferStatus::io_error:
      return -EPROTO;
    case TransferStatus::gone:
      return -ESHUTDOWN;
    case TransferStatus::timed_out:
    case TransferStatus::cancelled:
      return -ENOENT;
  }
  return -EPROTO;
}

int call_error(TransferStatus status) {
  switch (status) {
    case TransferStatus::ok:
      return 0;
    case TransferStatus::stall:
      return EPIPE;
    case TransferStatus::io_error:
      return EPROTO;
    case TransferStatus::gone:
      return ENODEV;
    case TransferStatus::timed_out:
      return ETIMEDOUT;
    case TransferStatus::cancelled:
      return ENOENT;
  }
  return EIO;
}

Setup setup_from(dfu::ByteView raw) {
  return {.request_type = raw[0],
          .request = raw[1],
          .value = dfu::le16(raw, 2),
          .index = dfu::le16(raw, 4),
          .length = dfu::le16(raw, 6)};
}

}  // namespace

Session::Session(int socket, std::shared_ptr<Node> node) : socket_(socket), node_(std::move(node)) {}

Session::~Session() {
  for (const int file : {sockets_.submits, sockets_.completions, socket_}) {
    if (file >= 0) ::close(file);
  }
}

// ---- the program's side

Bytes Session::read_memory(std::uint64_t address, std::size_t size) {
  Bytes data(size);
  if (size == 0) return data;
  const Message ask{read_mem, address, size};
  send_all(socket_, &ask, sizeof ask);
  receive(socket_, data.data(), size);
  return data;
}

void Session::write_memory(std::uint64_t address, const void* data, std::size_t size) {
  if (size == 0) return;
  const Message tell{write_mem, address, size};
  append(out_, &tell, sizeof tell);
  append(out_, data, size);
}

template <typename Value>
Value Session::read_value(std::uint64_t address) {
  Value value{};
  const Bytes raw = read_memory(address, sizeof value);
  std::memcpy(&value, raw.data(), sizeof value);
  return value;
}

template <typename Value>
void Session::write_value(std::uint64_t address, const Value& value) {
  write_memory(address, &value, sizeof value);
}

void Session::answer(Reply reply) {
  const Message tell{done, static_cast<unsigned long>(reply.result), static_cast<unsigned long>(reply.error)};
  append(out_, &tell, sizeof tell);
  send_all(socket_, out_.data(), out_.size());
  out_.clear();
}

void Session::serve(const FindSockets& find) {
  try {
    while (true) {
      pollfd files[] = {{socket_, POLLIN, 0}, {sockets_.submits, POLLIN, 0}};
      if (poll(files, 2, -1) < 0) continue;
      if (files[1].revents != 0) answer_submit();
      if (files[0].revents != 0) answer_ioctl(find);
    }
  } catch (const ProgramIsGone&) {
  }
  close();
}

void Session::answer_ioctl(const FindSockets& find) {
  Message called{};
  receive(socket_, &called, sizeof called);
  if (called.word != ioctl_called) return answer({not_emulated, 0});
  if (called.first == opened_ioctl) return answer(opened(called.second, find));
  Reply reply = handle(called.first, called.second);
  if (reply.error != 0) reply.result = -1;
  answer(reply);
}

void Session::hang_up() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  shutdown(socket_, SHUT_RDWR);
}

void Session::device_left() {
  const std::lock_guard lock(mutex_);
  if (sockets_.completions >= 0) ::close(std::exchange(sockets_.completions, -1));
  changed_.notify_all();
}

// Looks now and then whether the program is still there, because it may be killed while it waits.
void Session::wait_while(Wedge wedge) {
  Ledger& ledger = node_->ledger();
  std::unique_lock lock(ledger.mutex);
  while (ledger.wedges.contains(wedge)) {
    ledger.changed.wait_for(lock, 20ms);
    char byte = 0;
    const ssize_t got = recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) throw ProgramIsGone{};
  }
}

Session::Reply Session::opened(std::uint64_t token, const FindSockets& find) {
  const FileSockets sockets = find(token);
  {
    const std::lock_guard lock(mutex_);
    sockets_ = sockets;
  }
  if (!node_ || node_->gone()) {
    device_left();
    return {};
  }
  wait_while(Wedge::open);
  node_->ledger().note([](Counts& counts) { ++counts.opens; });
  return {};
}

// What the kernel does when the last reference to an open file goes.
void Session::close() {
  std::map<std::uint64_t, Urb> flying;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true) || !node_) return;
    flying.swap(flying_);
  }
  for (const auto& [address, urb] : flying) node_->cancel(urb.ticket);
  node_->release_all(this);
}

// ---- ioctls

Session::Reply Session::handle(unsigned long request, std::uint64_t argument) {
  if (!node_) return {0, ENODEV};
  switch (request) {
    case USBDEVFS_DISCARDURB:
      return discard(argument);
    case closing_ioctl:
      wait_while(Wedge::close);
      close();
      return {};
    default:
      break;
  }
  if (node_->gone()) return {0, ENODEV};
  switch (request) {
    case USBDEVFS_CONTROL:
      return control(argument);
    case USBDEVFS_RESET:
      return {0, node_->reset() ? 0 : ENODEV};
    case USBDEVFS_IOCTL:
      return driver_request(argument);
    case USBDEVFS_DISCONNECT_CLAIM:
      wait_while(Wedge::claim);
      return disconnect_and_claim(argument);
    case USBDEVFS_GET_CAPABILITIES:
    case USBDEVFS_CONNECTINFO:
    case USBDEVFS_GET_SPEED:
      return information(request, argument);
    default:
      break;
  }
  if (_IOC_TYPE(request) == 'U' && _IOC_NR(request) == _IOC_NR(USBDEVFS_CONNINFO_EX(0))) {
    return information(request, argument);
  }
  return interfaces(request, argument);
}

Session::Reply Session::information(unsigned long request, std::uint64_t argument) {
  const Node::DeviceAddress& place = node_->place();
  const bool full_speed = node_->face().speed == "12";
  if (request == USBDEVFS_GET_CAPABILITIES) {
    write_value<std::uint32_t>(argument, USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                                             USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT |
                                             USBDEVFS_CAP_CONNINFO_EX);
    return {};
  }
  constexpr int full = 2, high = 3;  // enum usb_device_speed
  if (request == USBDEVFS_GET_SPEED) return {full_speed ? full : high, 0};
  if (request == USBDEVFS_CONNECTINFO) {
    const std::lock_guard lock(node_->ledger().mutex);
    if (!node_->ledger().tells_place) return {0, ENOTTY};
    write_value(argument, usbdevfs_connectinfo{static_cast<unsigned>(place.number), 0});
    return {};
  }
  usbdevfs_conninfo_ex more{};
  more.size = sizeof more;
  more.busnum = static_cast<unsigned>(place.bus);
  more.devnum = static_cast<unsigned>(place.number);
  more.speed = full_speed ? full : high;
  for (std::size_t at = place.port.text.find('-'); at != std::string::npos; at = place.port.text.find('.', at + 1)) {
    if (more.num_ports < sizeof more.ports) {
      more.ports[more.num_ports++] = static_cast<std::uint8_t>(std::atoi(place.port.text.c_str() + at + 1));
    }
  }
  write_memory(argument, &more, std::min<std::size_t>(_IOC_SIZE(request), sizeof more));
  return {};
}

Session::Reply Session::interfaces(unsigned long request, std::uint64_t argument) {
  switch (request) {
    case USBDEVFS_CLAIMINTERFACE:
      wait_while(Wedge::claim);
      return {0, node_->claim(static_cast<std::uint8_t>(read_value<unsigned>(argument)), this)};
    case USBDEVFS_RELEASEINTERFACE:
      return {0, node_->release(static_cast<std::uint8_t>(read_value<unsigned>(argument)), this)};
    case USBDEVFS_SETINTERFACE: {
      const auto wanted = read_value<usbdevfs_setinterface>(argument);
      return {0, node_->set_alternate(static_cast<std::uint8_t>(wanted.interface),
                                      static_cast<std::uint8_t>(wanted.altsetting), this)};
    }
    case USBDEVFS_SETCONFIGURATION:
      return {0, node_->set_configuration(static_cast<std::uint8_t>(read_value<unsigned>(argument)))};
    case USBDEVFS_GETDRIVER: {
      auto asked = read_value<usbdevfs_getdriver>(argument);
      const auto driver = node_->driver(static_cast<std::uint8_t>(asked.interface));
      if (!driver || driver->empty()) return {0, ENODATA};
      std::strncpy(asked.driver, driver->c_str(), sizeof asked.driver - 1);
      write_value(argument, asked);
      return {};
    }
    case USBDEVFS_CLEAR_HALT:
      return {0, node_->interface_of(static_cast<std::uint8_t>(read_value<unsigned>(argument))) ? 0 : ENOENT};
    default:
      return {0, ENOTTY};
  }
}

// CONNECT answers 1 when a driver was found, 0 when there is none.
Session::Reply Session::driver_request(std::uint64_t argument) {
  const auto asked = read_value<usbdevfs_ioctl>(argument);
  const auto number = static_cast<std::uint8_t>(asked.ifno);
  if (static_cast<unsigned>(asked.ioctl_code) == USBDEVFS_DISCONNECT) return {0, node_->unbind(number)};
  if (static_cast<unsigned>(asked.ioctl_code) != USBDEVFS_CONNECT) return {0, ENOTTY};
  const int error = node_->bind(number);
  if (error == ENODEV) return {0, 0};
  return {error == 0 ? 1 : 0, error};
}

Session::Reply Session::disconnect_and_claim(std::uint64_t argument) {
  const auto asked = read_value<usbdevfs_disconnect_claim>(argument);
  const auto number = static_cast<std::uint8_t>(asked.interface);
  const auto driver = node_->driver(number);
  if (!driver) return {0, EINVAL};
  if (!driver->empty()) {
    const bool same = *driver == asked.driver;
    if ((asked.flags & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER) != 0 && !same) return {0, EBUSY};
    if ((asked.flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER) != 0 && same) return {0, EBUSY};
    node_->unbind(number);
  }
  return {0, node_->claim(number, this)};
}

// A class or standard request to an interface or endpoint needs the interface.
int Session::check_recipient(const Setup& setup) {
  constexpr int vendor = 0x40, to_interface = 1, to_endpoint = 2;
  if ((setup.request_type & 0x60) == vendor) return 0;
  const auto index = static_cast<std::uint8_t>(setup.index);
  switch (setup.request_type & 0x1F) {
    case to_interface:
      return node_->check(index, this);
    case to_endpoint: {
      const auto number = node_->interface_of(index);
      return number ? node_->check(*number, this) : ENOENT;
    }
    default:
      return 0;
  }
}

Session::Reply Session::control(std::uint64_t argument) {
  const auto asked = read_value<usbdevfs_ctrltransfer>(argument);
  const auto data_at = reinterpret_cast<std::uint64_t>(asked.data);
  Transfer transfer{.setup = {asked.bRequestType, asked.bRequest, asked.wValue, asked.wIndex, asked.wLength},
                    .data = {},
                    .timeout = std::chrono::milliseconds(asked.timeout)};
  if (const int error = check_recipient(transfer.setup)) return {0, error};
  if (!transfer.in()) transfer.data = read_memory(data_at, asked.wLength);
  const TransferResult result = node_->transfer(std::move(transfer));
  write_memory(data_at, result.data.data(), result.data.size());
  const bool in = (asked.bRequestType & 0x80) != 0;
  return {static_cast<long>(in ? result.data.size() : asked.wLength), call_error(result.status)};
}

// ---- transfers

void Session::answer_submit() {
  std::vector<std::uint8_t> message(sizeof(Submit) + most_data);
  const ssize_t size = recv(sockets_.submits, message.data(), message.size(), 0);
  if (size < static_cast<ssize_t>(sizeof(Submit))) throw ProgramIsGone{};
  Submit asked;
  std::memcpy(&asked, message.data(), sizeof asked);
  const dfu::ByteView data(message.data() + sizeof asked, static_cast<std::size_t>(size) - sizeof asked);
  const Submitted reply{submit(asked, data)};
  if (send(sockets_.submits, &reply, sizeof reply, MSG_NOSIGNAL) < 0) throw ProgramIsGone{};
}

int Session::submit(const Submit& asked, dfu::ByteView data) {
  if (!node_ || node_->gone()) return ENODEV;
  Transfer transfer;
  transfer.endpoint = static_cast<std::uint8_t>(asked.endpoint);
  int error = EINVAL;
  if (asked.type == USBDEVFS_URB_TYPE_CONTROL && data.size() >= setup_size) {
    transfer.setup = setup_from(data);
    if (asked.size < setup_size + transfer.setup.length) return EINVAL;
    data = data.subspan(setup_size);
    error = check_recipient(transfer.setup);
  } else if (asked.type == USBDEVFS_URB_TYPE_BULK) {
    transfer.setup.length = static_cast<std::uint16_t>(asked.size);
    const auto number = node_->interface_of(transfer.endpoint);
    error = number ? node_->check(*number, this) : ENOENT;
  }
  if (error != 0) return error;
  const bool in = transfer.in();
  if (!in) transfer.data.assign(data.begin(), data.begin() + std::min<std::size_t>(data.size(), transfer.setup.length));
  Urb urb{.address = asked.address, .in = in, .sent = transfer.data.size()};
  return fly(urb, std::move(transfer), now() - std::chrono::nanoseconds(asked.asked));
}

int Session::fly(Urb urb, Transfer transfer, dfu::Duration late) {
  const std::uint64_t address = urb.address;
  {
    const std::lock_guard lock(mutex_);
    if (!flying_.emplace(address, urb).second) return EINVAL;
  }
  auto done = [weak = weak_from_this(), address](TransferResult result) {
    if (const auto self = weak.lock()) self->landed(address, std::move(result));
  };
  const Node::Ticket ticket = node_->submit(std::move(transfer), std::move(done), late);
  const std::lock_guard lock(mutex_);
  if (const auto found = flying_.find(address); found != flying_.end()) found->second.ticket = ticket;
  return 0;
}

void Session::landed(std::uint64_t address, TransferResult result) {
  const std::lock_guard lock(mutex_);
  const auto found = flying_.find(address);
  if (found == flying_.end()) return;
  const Urb urb = found->second;
  flying_.erase(found);
  Completed completed{.address = address, .status = urb_status(result.status)};
  if (result.status == TransferStatus::ok) {
    completed.actual = static_cast<std::int32_t>(urb.in ? result.data.size() : urb.sent);
  }
  Bytes message;
  append(message, &completed, sizeof completed);
  append(message, result.data.data(), result.data.size());
  if (sockets_.completions >= 0)
    send(sockets_.completions, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  changed_.notify_all();
}

// Like the kernel's, it returns when the transfer has ended.
Session::Reply Session::discard(std::uint64_t address) {
  wait_while(Wedge::discard);
  Node::Ticket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flying_.find(address);
    if (found == flying_.end()) return {0, EINVAL};
    ticket = found->second.ticket;
  }
  node_->cancel(ticket);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return over_ || !flying_.contains(address); });
  return {};
}

}  // namespace usb_mock
