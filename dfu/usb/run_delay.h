// What the kernel says about how long a thread of this process was ready to run and had to wait for a processor, since
// it began: /proc/self/task/<id>/schedstat, second number, in nanoseconds (Documentation/scheduler/sched-stats.rst).
// It grows when the thread runs again. Zero where the kernel does not count it. Any thread.
#pragma once

#include <sys/types.h>

#include "dfu/clock.h"

namespace dfu::usb {

Duration run_delay(pid_t thread);

}  // namespace dfu::usb
