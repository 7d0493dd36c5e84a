#include "tests/usb/mock_node.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <future>

namespace usb_mock {

namespace {

using dfu::Transfer;
using dfu::TransferResult;
using dfu::TransferStatus;

constexpr dfu::Duration request_timeout = std::chrono::seconds(5);  // the kernel's own for SET_INTERFACE

Transfer standard_request(std::uint8_t type, std::uint8_t request, std::uint16_t value, std::uint16_t index) {
  return {.setup = {.request_type = type, .request = request, .value = value, .index = index, .length = 0},
          .data = {},
          .timeout = request_timeout};
}

int error_of(TransferStatus status) {
  switch (status) {
    case TransferStatus::ok:
      return 0;
    case TransferStatus::stall:
      return EPIPE;
    case TransferStatus::timed_out:
      return ETIMEDOUT;
    case TransferStatus::gone:
      return ENODEV;
    case TransferStatus::io_error:
      return EPROTO;
    case TransferStatus::cancelled:
      return ENOENT;
  }
  return EIO;
}

}  // namespace

std::string Node::DeviceAddress::path() const {
  char text[32];
  std::snprintf(text, sizeof text, "/dev/bus/usb/%03d/%03d", bus, number);
  return text;
}

Node::Node(DeviceAddress place, Face face, std::unique_ptr<Device> device, std::shared_ptr<Ledger> ledger)
    : place_(std::move(place)), face_(std::move(face)), ledger_(std::move(ledger)), device_(std::move(device)) {
  for (InterfaceFace& one : face_.interfaces()) {
    std::string driver = one.driver;
    interfaces_.push_back({std::move(one), std::move(driver)});
  }
}

// ---- transfers

Node::Ticket Node::submit(Transfer transfer, Done done, dfu::Duration late) {
  Ticket ticket = 0;
  bool too_late = false;
  {
    const std::lock_guard lock(mutex_);
    ticket = ++tickets_;
    too_late = gone_;
    if (!queue_.empty()) late = {};
    if (!too_late) queue_.push_back({ticket, std::move(transfer), std::move(done), late});
  }
  too_late ? done({TransferStatus::gone, {}}) : kick();
  return ticket;
}

void Node::kick() {
  Transfer transfer;
  Ticket ticket = 0;
  dfu::Duration late{};
  {
    const std::lock_guard lock(mutex_);
    if (busy_ || gone_ || queue_.empty()) return;
    busy_ = true;
    transfer = queue_.front().transfer;
    ticket = queue_.front().ticket;
    late = queue_.front().late;
  }
  count(transfer);
  auto done = [weak = weak_from_this(), ticket](TransferResult result) {
    if (const auto self = weak.lock()) self->landed(ticket, std::move(result));
  };
  device_->submit(std::move(transfer), std::move(done), late);
}

void Node::landed(Ticket ticket, TransferResult result) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty() || queue_.front().ticket != ticket) return;  // answered when the device left
    done = std::move(queue_.front().done);
    queue_.pop_front();
    busy_ = false;
  }
  done(std::move(result));
  kick();
}

void Node::count(const Transfer& transfer) {
  const bool sets = transfer.setup.request_type == 0x01 && transfer.setup.request == 11;
  ledger_->note([&](Counts& counts) {
    ++(transfer.endpoint == 0 ? counts.control : counts.bulk);
    if (transfer.endpoint == 0 && sets) ++counts.settings;
  });
}

void Node::cancel(Ticket ticket) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(queue_, ticket, &Waiting::ticket);
    if (found == queue_.end()) return;
    if (found != queue_.begin() || !busy_) {
      done = std::move(found->done);
      queue_.erase(found);
    }
  }
  if (done) return done({TransferStatus::cancelled, {}});
  device_->cancel();
}

TransferResult Node::transfer(Transfer transfer) {
  auto answered = std::make_shared<std::promise<TransferResult>>();
  auto result = answered->get_future();
  submit(std::move(transfer), [answered](TransferResult one) { answered->set_value(std::move(one)); });
  return result.get();
}

bool Node::reset() {
  ledger_->note([](Counts& counts) { ++counts.resets; });
  auto answered = std::make_shared<std::promise<bool>>();
  auto result = answered->get_future();
  device_->reset([answered](bool well) { answered->set_value(well); });
  if (!result.get()) return false;
  // The kernel selects again what had been selected before.
  std::vector<Transfer> again;
  {
    const std::lock_guard lock(mutex_);
    for (const Interface& one : interfaces_) {
      if (one.alternate != 0) again.push_back(standard_request(0x01, 11, one.alternate, one.face.number));
    }
  }
  for (Transfer& one : again) transfer(std::move(one));
  return true;
}

bool Node::gone() const {
  const std::lock_guard lock(mutex_);
  return gone_;
}

void Node::leave() {
  std::deque<Waiting> lost;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    lost.swap(queue_);
  }
  for (const Waiting& one : lost) one.done({TransferStatus::gone, {}});
}

// ---- interfaces

Node::Interface* Node::find(std::uint8_t number) {
  const auto found = std::ranges::find(interfaces_, number, [](const Interface& one) { return one.face.number; });
  return found == interfaces_.end() ? nullptr : &*found;
}

const Node::Interface* Node::find(std::uint8_t number) const {
  return const_cast<Node*>(this)->find(number);
}

int Node::claim(std::uint8_t number, const void* holder) {
  int error = 0;
  {
    const std::lock_guard lock(mutex_);
    Interface* one = find(number);
    if (gone_) {
      error = ENODEV;
    } else if (!one) {
      error = ENOENT;
    } else if (one->holder == holder) {
      return 0;
    } else if (one->holder || !one->driver.empty()) {
      error = EBUSY;
    } else {
      one->holder = holder;
    }
  }
  ledger_->note([error](Counts& counts) {
    if (error == 0) ++counts.claims;
    if (error == EBUSY) ++counts.busy;
  });
  if (error == 0 && on_driver) on_driver(number, "usbfs");
  return error;
}

// The interface goes back to its first setting, as the kernel has it.
int Node::release(std::uint8_t number, const void* holder) {
  bool reselect = false;
  {
    const std::lock_guard lock(mutex_);
    Interface* one = find(number);
    if (!one || one->holder != holder) return EINVAL;
    one->holder = nullptr;
    reselect = std::exchange(one->alternate, std::uint8_t{0}) != 0 && !gone_;
  }
  if (reselect) transfer(standard_request(0x01, 11, 0, number));
  if (on_driver) on_driver(number, "");
  return 0;
}

void Node::release_all(const void* holder) {
  std::vector<std::uint8_t> held;
  {
    const std::lock_guard lock(mutex_);
    for (const Interface& one : interfaces_) {
      if (one.holder == holder) held.push_back(one.face.number);
    }
  }
  for (const std::uint8_t number : held) release(number, holder);
}

int Node::check(std::uint8_t number, const void* holder) {
  {
    const std::lock_guard lock(mutex_);
    const Interface* one = find(number);
    if (one && one->holder == holder) return 0;
  }
  ledger_->note([](Counts& counts) { ++counts.unclaimed; });
  return claim(number, holder);
}

int Node::set_alternate(std::uint8_t number, std::uint8_t alternate, const void* holder) {
  if (const int error = check(number, holder)) return error;
  {
    const std::lock_guard lock(mutex_);
    if (alternate >= find(number)->face.settings) return EINVAL;
  }
  const int error = error_of(transfer(standard_request(0x01, 11, alternate, number)).status);
  const std::lock_guard lock(mutex_);
  if (error == 0) find(number)->alternate = alternate;
  return error;
}

int Node::set_configuration(std::uint8_t value) {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return ENODEV;
    const auto used = [](const Interface& one) { return one.holder || !one.driver.empty(); };
    if (std::ranges::any_of(interfaces_, used)) return EBUSY;
  }
  return error_of(transfer(standard_request(0x00, 9, value, 0)).status);
}

std::optional<std::string> Node::driver(std::uint8_t number) const {
  const std::lock_guard lock(mutex_);
  const Interface* one = find(number);
  if (!one) return std::nullopt;
  return one->holder ? "usbfs" : one->driver;
}

int Node::unbind(std::uint8_t number) {
  {
    const std::lock_guard lock(mutex_);
    Interface* one = find(number);
    if (!one) return EINVAL;
    if (one->driver.empty() && !one->holder) return ENODATA;
    one->driver.clear();
    one->holder = nullptr;
  }
  if (on_driver) on_driver(number, "");
  return 0;
}

int Node::bind(std::uint8_t number) {
  std::string driver;
  {
    const std::lock_guard lock(mutex_);
    Interface* one = find(number);
    if (!one) return EINVAL;
    if (!one->driver.empty() || one->holder) return EBUSY;
    driver = one->driver = one->face.driver;
  }
  if (driver.empty()) return ENODEV;
  if (on_driver) on_driver(number, driver);
  return 0;
}

std::optional<std::uint8_t> Node::interface_of(std::uint8_t endpoint) const {
  for (const Interface& one : interfaces_) {
    if (std::ranges::count(one.face.endpoint_addresses, endpoint)) return one.face.number;
  }
  return std::nullopt;
}

}  // namespace usb_mock
