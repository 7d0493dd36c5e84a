// The one answer to a verb. The call that does the work and the watchdog that gave it up may both try to give it; the
// first one does. Also the gate through which all answers and events go: once it is shut, no callback is called.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace dfu::usb {

class Gate {
 public:
  void pass(const std::function<void()>& call) {
    {
      const std::lock_guard lock(mutex_);
      if (shut_) return;
      ++inside_;
    }
    call();
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  // Waits for those who are inside. Not from inside.
  void shut() {
    std::unique_lock lock(mutex_);
    shut_ = true;
    empty_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  bool shut_ = false;  // guarded by mutex_, and so is the next
  int inside_ = 0;
};

template <class... Result>
class OnceCallback {
 public:
  OnceCallback(std::shared_ptr<Gate> gate, std::function<void(Result...)> done)
      : gate_(std::move(gate)), done_(std::move(done)) {}

  bool given() const { return given_; }

  // False when another caller was first.
  bool give(Result... result) {
    if (given_.exchange(true)) return false;
    gate_->pass([&] { done_(std::move(result)...); });
    done_ = nullptr;
    return true;
  }

 private:
  const std::shared_ptr<Gate> gate_;
  std::function<void(Result...)> done_;  // touched by the one who gives
  std::atomic<bool> given_ = false;
};

}  // namespace dfu::usb
