#include "dfu/usb/unit.h"

#include <thread>
#include <utility>

namespace dfu::usb {

namespace {

constexpr auto access_poll = std::chrono::milliseconds(20);

}  // namespace

Unit::Unit(DeviceAddress place, Time settled, const UsbLimits& limits, std::shared_ptr<SerialExecutor> executor,
           std::function<void()> forget)
    : place_(std::move(place)),
      settled_(settled),
      limits_(limits),
      executor_(std::move(executor)),
      forget_(std::move(forget)) {}

// ---- the verbs

void Unit::open(std::vector<Claim> claims, const SharedCallback<OpenResult>& answer) {
  {
    const std::lock_guard lock(mutex_);
    in_use_ = true;
  }
  executor_->post({[self = shared_from_this(), claims = std::move(claims), answer] { self->do_open(claims, *answer); },
                   limits_.open,
                   [self = shared_from_this(), answer] {
                     answer->give(self->executor_->lacks_thread()
                                      ? OpenResult{OpenStatus::exhausted, "there is no thread for it"}
                                      : OpenResult{OpenStatus::failed, self->hang_text()});
                   }});
}

void Unit::submit(Transfer transfer, const SharedCallback<TransferResult>& answer) {
  const auto flight = std::make_shared<Flight>();
  const Duration limit = transfer.timeout + limits_.transfer;
  const auto work = [self = shared_from_this(), transfer = std::move(transfer), flight, answer] {
    self->do_transfer(transfer, *flight, *answer);
  };
  const auto given_up = [self = shared_from_this(), flight, answer] {
    const auto status = !flight->begun || self->left_ ? TransferStatus::gone
                        : flight->cancelled           ? TransferStatus::cancelled
                                                      : TransferStatus::timed_out;
    answer->give({status, {}});
  };
  const std::lock_guard lock(mutex_);
  flight_ = flight;
  flight->job = executor_->post({work, limit, given_up, true});
}

void Unit::reset(const SharedCallback<ResetStatus>& answer) {
  executor_->post({[self = shared_from_this(), answer] { self->do_reset(*answer); }, limits_.reset,
                   [answer] { answer->give(ResetStatus::lost); }});
}

void Unit::cancel() {
  std::shared_ptr<Device> device;
  {
    const std::lock_guard lock(mutex_);
    if (!flight_) return;
    flight_->cancelled = true;
    executor_->hurry(flight_->job, limits_.cancel);
    device = device_;
  }
  if (device) device->interrupt();
}

void Unit::close(const SharedCallback<>& answer) {
  cancel();
  const auto work = [self = shared_from_this(), answer] {
    self->shut();
    answer->give();
  };
  executor_->post({work, limits_.close, [answer] { answer->give(); }});
}

void Unit::leave() {
  left_ = true;
  cancel();
  bool used = false;
  {
    const std::lock_guard lock(mutex_);
    used = in_use_;
  }
  if (!used) forget_();
}

// ---- on the executor

void Unit::do_open(const std::vector<Claim>& claims, OnceCallback<OpenResult>& answer) {
  if (answer.given()) return end_use();
  if (device_) {
    answer.give({OpenStatus::busy, "this station has it open already"});
    return;
  }
  const Device::Opened opened = try_open(claims, answer);
  const auto* device = std::get_if<std::shared_ptr<Device>>(&opened);
  if (!device) {
    end_use();
    answer.give(std::get<OpenResult>(opened));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    device_ = *device;
  }
  if (answer.give({})) return;
  shut();  // it came back after it had been given up: nobody will close it
}

Device::Opened Unit::try_open(const std::vector<Claim>& claims, const OnceCallback<OpenResult>& answer) {
  for (;;) {
    if (left_) return OpenResult{OpenStatus::gone, "the unit has left"};
    Device::Opened opened = Device::open(place_, claims);
    const auto* refused = std::get_if<OpenResult>(&opened);
    const bool may_change = refused && refused->status == OpenStatus::access_denied && Time::clock::now() < settled_;
    if (!may_change || answer.given()) return opened;
    std::this_thread::sleep_for(access_poll);
  }
}

void Unit::do_transfer(const Transfer& transfer, Flight& flight, OnceCallback<TransferResult>& answer) {
  if (answer.given()) return;
  flight.begun = true;
  TransferResult result{TransferStatus::gone, {}};
  if (device_ && !left_) result = {TransferStatus::cancelled, {}};
  if (device_ && !flight.cancelled) result = device_->transfer(transfer, flight.cancelled);
  if (result.status == TransferStatus::cancelled && left_) result.status = TransferStatus::gone;
  {
    const std::lock_guard lock(mutex_);
    if (flight_.get() == &flight) flight_.reset();
  }
  answer.give(std::move(result));
}

void Unit::do_reset(OnceCallback<ResetStatus>& answer) {
  if (answer.given()) return;
  answer.give(device_ && !left_ ? device_->reset() : ResetStatus::lost);
}

void Unit::shut() {
  if (device_) device_->close();
  {
    const std::lock_guard lock(mutex_);
    device_.reset();
  }
  end_use();
}

void Unit::end_use() {
  {
    const std::lock_guard lock(mutex_);
    in_use_ = device_ != nullptr;
    if (in_use_ || !left_) return;
  }
  forget_();
}

std::string Unit::hang_text() const {
  return "the kernel did not come back from " + place_.node() + " within " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limits_.open).count()) +
         " s: the unit or its hub hangs; pull it, or switch its port off and on";
}

}  // namespace dfu::usb
