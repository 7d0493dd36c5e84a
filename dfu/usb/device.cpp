#include "dfu/usb/device.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <libusb-1.0/libusb.h>
#include <unistd.h>

#include "dfu/usb/context.h"
#include "dfu/usb/holder.h"
#include "dfu/usb/status.h"

namespace dfu::usb {

namespace {

using Steady = std::chrono::steady_clock;

// usbfs refuses more in one control transfer.
constexpr std::size_t control_limit = 4096;
// libusb's own timeouts would set a timer of the kernel twice for each transfer, and cancel one whose answer is there
// already when the computer lets the program run late.
constexpr unsigned no_timeout = 0;
// The kernel ends a transfer soon after it was cancelled. One that is still not back then will not come: the kernel has
// forgotten it, or refuses to tell.
constexpr Duration timeout_grace = std::chrono::seconds(2);
constexpr Duration cancel_grace = std::chrono::seconds(1);
constexpr Duration set_interface_timeout = std::chrono::seconds(5);  // the kernel's own
// Event handling that fails this often in a row will not come right.
constexpr int event_errors_limit = 100;

timeval time_left(Steady::time_point time) {
  const auto left = std::max(Steady::duration::zero(), time - Steady::now());
  const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(left).count();
  return {static_cast<time_t>(microseconds / 1000000), static_cast<suseconds_t>(microseconds % 1000000)};
}

// libusb wants a plain int, and another thread may handle the events of a context that units share.
void landed(libusb_transfer* flight) {
  std::atomic_ref(*static_cast<int*>(flight->user_data)).store(1, std::memory_order_release);
}

bool has_landed(int& done) {
  return std::atomic_ref(done).load(std::memory_order_acquire) != 0;
}

OpenResult open_failed(int error, const std::string& what) {
  if (error == LIBUSB_ERROR_NO_DEVICE) return {OpenStatus::gone, "the unit has left"};
  return {open_status(error), what + ": " + error_text(error)};
}

}  // namespace

Device::Opened Device::open(const DeviceAddress& place, const std::vector<Claim>& claims) {
  std::shared_ptr<Device> device(new Device(place));
  OpenResult result = device->open_node();
  for (const Claim& claim : claims) {
    if (result.status == OpenStatus::ok) result = device->claim(claim);
  }
  for (const Claim& claim : claims) {
    if (result.status == OpenStatus::ok) result = device->select(claim);
  }
  if (result.status != OpenStatus::ok) return result;
  return device;
}

Device::~Device() {
  close();
}

OpenResult Device::open_node() {
  fd_ = ::open(place_.node().c_str(), O_RDWR | O_CLOEXEC);
  if (fd_ < 0) {
    const int error = errno;
    if (error == EACCES || error == EPERM) return {OpenStatus::access_denied, access_remedy(place_.node())};
    if (error == ENOENT && is_there(place_)) {
      return {OpenStatus::failed, "the kernel has the unit, but " + place_.node() +
                                      " is not there; in a container, /dev/bus/usb must be passed in as it is outside"};
    }
    if (error == ENOENT || error == ENODEV || error == ENXIO) return {OpenStatus::gone, "the unit has left"};
    const bool host = error == EMFILE || error == ENFILE || error == ENOMEM;
    return {host ? OpenStatus::exhausted : OpenStatus::failed, place_.node() + ": " + std::strerror(error)};
  }
  libusb_context* context = nullptr;
  // Nothing about the unit is asked for: what fails here is a file or memory that libusb needs for itself.
  if (const int error = make_unit_context(&context)) {
    return {OpenStatus::exhausted, "libusb cannot be started: " + error_text(error)};
  }
  set_context(context, true);
  const int wrapped = libusb_wrap_sys_device(context, fd_, &handle_);
  if (wrapped == LIBUSB_SUCCESS) return {};
  ::close(std::exchange(fd_, -1));
  drop_context();
  if (open_listed()) return {};
  return open_failed(wrapped, place_.node() + " cannot be used");
}

// A kernel that does not say more about the node than that it is there (an emulated one, for instance): libusb knows
// the rest from /sys, in the context that all share.
bool Device::open_listed() {
  libusb_context* context = discovering_context();
  set_context(context, false);
  libusb_device** list = nullptr;
  const ssize_t count = libusb_get_device_list(context, &list);
  for (ssize_t i = 0; i < count && !handle_; ++i) {
    const bool here =
        libusb_get_bus_number(list[i]) == place_.bus && libusb_get_device_address(list[i]) == place_.address;
    if (here && libusb_open(list[i], &handle_) != LIBUSB_SUCCESS) handle_ = nullptr;
  }
  if (count >= 0) libusb_free_device_list(list, 1);
  return handle_ != nullptr;
}

void Device::set_context(libusb_context* context, bool own) {
  const std::lock_guard lock(interrupt_mutex_);
  context_ = context;
  owns_context_ = own;
}

void Device::drop_context() {
  libusb_context* context = nullptr;
  {
    const std::lock_guard lock(interrupt_mutex_);
    std::swap(context, context_);
  }
  if (context && owns_context_) libusb_exit(context);
}

OpenResult Device::claim(const Claim& claim) {
  const int number = claim.interface_number;
  const bool had_driver = libusb_kernel_driver_active(handle_, number) == 1;
  // Detached and claimed in one step, so that no other driver comes between.
  if (had_driver) libusb_set_auto_detach_kernel_driver(handle_, 1);
  const int error = libusb_claim_interface(handle_, number);
  libusb_set_auto_detach_kernel_driver(handle_, 0);
  if (error == LIBUSB_ERROR_BUSY) return {OpenStatus::busy, holder_of(place_, number)};
  if (error) return open_failed(error, "interface " + std::to_string(number) + " cannot be claimed");
  held_.push_back({claim, had_driver});
  return {};
}

OpenResult Device::select(const Claim& claim) {
  if (!claim.alternate) return {};
  if (fd_ < 0) return ask_to_select(claim);
  const int error = libusb_set_interface_alt_setting(handle_, claim.interface_number, *claim.alternate);
  if (error) return open_failed(error, "alternate setting " + std::to_string(*claim.alternate) + " was refused");
  return {};
}

// A handle that libusb opened itself can be marked detached at any moment, and its own call ends the program then.
OpenResult Device::ask_to_select(const Claim& claim) {
  const std::atomic<bool> cancelled = false;
  const Setup setup{0x01, LIBUSB_REQUEST_SET_INTERFACE, *claim.alternate, claim.interface_number, 0};
  const TransferStatus status = transfer({setup, {}, set_interface_timeout}, cancelled).status;
  if (status == TransferStatus::ok) return {};
  if (status == TransferStatus::gone) return {OpenStatus::gone, "the unit has left"};
  return {OpenStatus::failed, "alternate setting " + std::to_string(*claim.alternate) + " was refused"};
}

TransferResult Device::transfer(const Transfer& transfer, const std::atomic<bool>& cancelled) {
  const bool control = transfer.endpoint == 0;
  const std::size_t size = transfer.in() ? transfer.setup.length : transfer.data.size();
  assert(transfer.in() || size == transfer.setup.length);
  if (control && size > control_limit) return {TransferStatus::io_error, {}};
  if (!stranded_.empty()) return {TransferStatus::gone, {}};
  libusb_transfer* flight = libusb_alloc_transfer(0);
  const std::size_t head = control ? LIBUSB_CONTROL_SETUP_SIZE : 0;
  // libusb frees it together with the transfer, also with one that is stranded.
  auto* buffer = static_cast<unsigned char*>(std::calloc(1, head + std::max<std::size_t>(size, 1)));
  std::copy(transfer.data.begin(), transfer.data.end(), buffer + head);
  if (control) {
    const Setup& setup = transfer.setup;
    libusb_fill_control_setup(buffer, setup.request_type, setup.request, setup.value, setup.index, setup.length);
    libusb_fill_control_transfer(flight, handle_, buffer, landed, nullptr, no_timeout);
  } else {
    libusb_fill_bulk_transfer(flight, handle_, transfer.endpoint, buffer, static_cast<int>(size), landed, nullptr,
                              no_timeout);
  }
  flight->flags = LIBUSB_TRANSFER_FREE_BUFFER;
  TransferResult result = fly(flight, transfer.timeout, cancelled);
  if (!stranded_.empty()) return result;
  if (transfer.in() && result.status == TransferStatus::ok) {
    result.data.assign(buffer + head, buffer + head + flight->actual_length);
  }
  libusb_free_transfer(flight);
  return result;
}

// An answer that came in time is taken also by a thread that looks late: what is there is asked for once more before a
// transfer is called overdue.
TransferResult Device::fly(libusb_transfer* flight, Duration timeout, const std::atomic<bool>& cancelled) {
  int done = 0, errors = 0;
  flight->user_data = &done;
  std::optional<TransferStatus> ended;  // by us, and why
  bool looked = false;
  auto until = Steady::now() + timeout;
  const auto end = [&](TransferStatus why, Duration grace) {
    ended = why;
    until = Steady::now() + grace;
    libusb_cancel_transfer(flight);
  };
  if (const int error = libusb_submit_transfer(flight)) return {submit_status(error), {}};
  while (!has_landed(done)) {
    if (cancelled && ended != TransferStatus::cancelled) end(TransferStatus::cancelled, cancel_grace);
    timeval wait = time_left(until);
    errors = libusb_handle_events_timeout_completed(context_, &wait, &done) == LIBUSB_SUCCESS ? 0 : errors + 1;
    if (has_landed(done)) break;
    if (errors < event_errors_limit) {
      if (Steady::now() < until || !std::exchange(looked, true)) continue;
      if (!ended) {
        end(TransferStatus::timed_out, timeout_grace);
        continue;
      }
    }
    stranded_.push_back(flight);
    return {ended.value_or(TransferStatus::timed_out), {}};
  }
  const TransferStatus status = transfer_status(flight->status);
  return {status == TransferStatus::cancelled ? ended.value_or(status) : status, {}};
}

ResetStatus Device::reset() {
  if (libusb_reset_device(handle_) != LIBUSB_SUCCESS) return ResetStatus::lost;
  for (const Held& held : held_) {
    if (select(held.claim).status != OpenStatus::ok) return ResetStatus::lost;
  }
  return ResetStatus::ok;
}

void Device::close() {
  for (const Held& held : held_) {
    libusb_release_interface(handle_, held.claim.interface_number);
    if (held.had_driver) libusb_attach_kernel_driver(handle_, held.claim.interface_number);
  }
  held_.clear();
  if (handle_) libusb_close(handle_);
  handle_ = nullptr;
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  for (libusb_transfer* flight : stranded_) libusb_free_transfer(flight);
  stranded_.clear();
  drop_context();
}

void Device::interrupt() {
  const std::lock_guard lock(interrupt_mutex_);
  if (context_) libusb_interrupt_event_handler(context_);
}

}  // namespace dfu::usb
