// One enumeration of one unit, and the executor on which all that is done to it is done. Each verb gives its answer
// once: when it is done, or when it overran its limit. Any thread; nothing is answered from inside a call.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "dfu/bus.h"
#include "dfu/usb/answer.h"
#include "dfu/usb/device.h"
#include "dfu/usb/limits.h"
#include "dfu/usb/serial_executor.h"

namespace dfu::usb {

template <class... Result>
using SharedCallback = std::shared_ptr<OnceCallback<Result...>>;

class Unit : public std::enable_shared_from_this<Unit> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Access may be refused until `settled`: udev may still be at work on the rights of its node. `forget` is called once
  // the unit has left and is not open.
  Unit(DeviceAddress place, Time settled, const UsbLimits& limits, std::shared_ptr<SerialExecutor> executor,
       std::function<void()> forget);

  void open(std::vector<Claim> claims, const SharedCallback<OpenResult>& answer);
  void submit(Transfer transfer, const SharedCallback<TransferResult>& answer);
  void reset(const SharedCallback<ResetStatus>& answer);
  void cancel();
  void close(const SharedCallback<>& answer);
  void leave();

 private:
  // One transfer, from submit to its answer.
  struct Flight {
    std::atomic<bool> begun = false;
    std::atomic<bool> cancelled = false;
    SerialExecutor::Number job = 0;
  };

  // On the executor.
  void do_open(const std::vector<Claim>& claims, OnceCallback<OpenResult>& answer);
  Device::Opened try_open(const std::vector<Claim>& claims, const OnceCallback<OpenResult>& answer);
  void do_transfer(const Transfer& transfer, Flight& flight, OnceCallback<TransferResult>& answer);
  void do_reset(OnceCallback<ResetStatus>& answer);
  void shut();

  std::string hang_text() const;
  void end_use();

  const DeviceAddress place_;
  const Time settled_;
  const UsbLimits limits_;
  const std::shared_ptr<SerialExecutor> executor_;
  const std::function<void()> forget_;
  std::atomic<bool> left_ = false;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<Device> device_;  // changed on the executor only
  std::shared_ptr<Flight> flight_;
  bool in_use_ = false;
};

}  // namespace dfu::usb
