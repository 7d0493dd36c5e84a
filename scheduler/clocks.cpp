#include "scheduler/clocks.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include <sys/prctl.h>

namespace scheduler {

namespace {

struct Timed {
  dfu::Duration when;
  std::uint64_t order;  // tasks for the same time run as they were asked for
  std::function<void()> task;
};

// A heap whose top is the earliest task.
class Agenda {
 public:
  void add(dfu::Duration when, std::function<void()> task) {
    heap_.push_back({when, next_++, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  bool empty() const { return heap_.empty(); }
  dfu::Duration next() const { return heap_.front().when; }

  // All by the same time, so that their order stays.
  void put_off(dfu::Duration by) {
    for (Timed& timed : heap_) timed.when += by;
  }

  std::function<void()> take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    std::function<void()> task = std::move(heap_.back().task);
    heap_.pop_back();
    return task;
  }

 private:
  static bool later(const Timed& a, const Timed& b) { return a.when != b.when ? a.when > b.when : a.order > b.order; }

  std::vector<Timed> heap_;
  std::uint64_t next_ = 0;
};

// The thread compares its time with the system's once a beat. It is late when it does so later than a beat after the
// beat. In the time of this clock: short enough that no pause of the computer which could pass for a pause of the bus
// (scheduler/enumerations.h) is missed; on a fast clock as much as the kernel needs to schedule a busy computer's
// threads.
dfu::Duration beat_at(double speed) {
  using namespace std::chrono_literals;
  const std::chrono::duration<double, std::nano> scheduled = 20ms * speed;
  return std::clamp<dfu::Duration>(std::chrono::duration_cast<dfu::Duration>(scheduled), 100ms, 1s);
}

}  // namespace

struct RealClock::Impl {
  using Wall = std::chrono::steady_clock;

  explicit Impl(double speed_factor) : speed(speed_factor), thread([this](std::stop_token stop) { run(stop); }) {}

  dfu::Duration now() const {
    const std::chrono::duration<double, std::nano> passed = Wall::now() - start;
    return dfu::Duration(static_cast<dfu::Duration::rep>(passed.count() * speed));
  }

  Wall::time_point wall(dfu::Duration when) const {
    const double nanoseconds = static_cast<double>(when.count()) / speed;
    return start + std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(nanoseconds) + 1);
  }

  // By how much the thread is late now. Under the mutex.
  dfu::Duration overdue() const {
    const dfu::Duration by = now() - next_beat;
    return by > beat ? by : dfu::Duration{};
  }

  void look_at_the_wall() {
    const dfu::Duration by = overdue();
    late += by;
    if (by > dfu::Duration{}) agenda.put_off(by);
    next_beat = now() + beat;
  }

  void run(std::stop_token stop) {
    // The kernel's default slack of 50 us per wake-up would be paid once for each transfer of a virtual unit.
    prctl(PR_SET_TIMERSLACK, 1UL);
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      look_at_the_wall();
      const dfu::Duration due = agenda.empty() ? next_beat : std::min(next_beat, agenda.next());
      if (now() < due) {
        changed.wait_until(lock, stop, wall(due), [this, due] { return !agenda.empty() && agenda.next() < due; });
        continue;
      }
      if (agenda.empty() || now() < agenda.next()) continue;
      const std::function<void()> task = agenda.take();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  const double speed;
  const dfu::Duration beat = beat_at(speed);
  const Wall::time_point start = Wall::now();
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  // Guarded by mutex.
  Agenda agenda;
  dfu::Duration next_beat = beat;
  dfu::Duration late{};
  std::jthread thread;
};

RealClock::RealClock(double speed) : impl_(std::make_unique<Impl>(speed)) {}
RealClock::~RealClock() = default;

void RealClock::stop() {
  impl_->thread.request_stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

dfu::Duration RealClock::now() const {
  return impl_->now();
}

dfu::Duration RealClock::late() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->late + impl_->overdue();
}

void RealClock::at(dfu::Duration when, std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(impl_->mutex);
    first = impl_->agenda.empty() || when < impl_->agenda.next();
    impl_->agenda.add(when, std::move(task));
  }
  if (first) impl_->changed.notify_one();
}

struct VirtualClock::Impl {
  dfu::Duration now{};
  dfu::Duration late{};
  Agenda agenda;
};

VirtualClock::VirtualClock() : impl_(std::make_unique<Impl>()) {}
VirtualClock::~VirtualClock() = default;

dfu::Duration VirtualClock::now() const {
  return impl_->now;
}

void VirtualClock::at(dfu::Duration when, std::function<void()> task) {
  impl_->agenda.add(std::max(when, impl_->now), std::move(task));
}

dfu::Duration VirtualClock::late() const {
  return impl_->late;
}

void VirtualClock::stand_still(dfu::Duration time) {
  impl_->now += time;
  impl_->late += time;
  impl_->agenda.put_off(time);
}

bool VirtualClock::step() {
  if (impl_->agenda.empty()) return false;
  impl_->now = impl_->agenda.next();
  const std::function<void()> task = impl_->agenda.take();
  task();
  return true;
}

void VirtualClock::run(dfu::Duration limit) {
  while (!impl_->agenda.empty() && impl_->agenda.next() <= limit) step();
  if (limit != dfu::Duration::max()) impl_->now = std::max(impl_->now, limit);
}

}  // namespace scheduler
