#include "scheduler/pool.h"

#include <algorithm>
#include <thread>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#ifdef FLASHLINE_THREAD_SANITIZER
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace scheduler {

namespace tbb = oneapi::tbb;

namespace {

// ThreadSanitizer does not see how oneTBB, which is not built with it, hands a task from one thread to another: it is
// told here. This file is built without it, for the parts of oneTBB that are in headers.
#ifdef FLASHLINE_THREAD_SANITIZER
char all_done;

auto seen(std::function<void()> task) {
  auto* held = new std::function<void()>(std::move(task));
  __tsan_release(held);
  return [held] {
    __tsan_acquire(held);
    (*held)();
    delete held;
    __tsan_release(&all_done);
  };
}
void saw_all() {
  __tsan_acquire(&all_done);
}
#else
std::function<void()> seen(std::function<void()> task) {
  return task;
}
void saw_all() {}
#endif

}  // namespace

// One worker per core and no slot kept for a caller: threads that post are never drawn into the work, so a USB
// callback stays short. The limit counts the (never joining) master, hence cores + 1.
struct TbbPool::Impl {
  static int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

  tbb::global_control limit{tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(cores()) + 1};
  tbb::task_arena arena{cores(), 0};
  tbb::task_group group;
};

TbbPool::TbbPool() : impl_(std::make_unique<Impl>()) {}

TbbPool::~TbbPool() {
  impl_->arena.execute([this] { impl_->group.wait(); });
  saw_all();
}

void TbbPool::post(std::function<void()> task) {
  impl_->arena.enqueue(impl_->group.defer(seen(std::move(task))));
}

}  // namespace scheduler
