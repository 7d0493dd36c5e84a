#include "scheduler/pool.h"

#include <algorithm>
#include <thread>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace scheduler {

namespace tbb = oneapi::tbb;

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
}

void TbbPool::post(std::function<void()> task) {
  impl_->arena.enqueue(impl_->group.defer(std::move(task)));
}

}  // namespace scheduler
