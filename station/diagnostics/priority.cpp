#include "station/diagnostics/priority.h"

#include <algorithm>

#include <sys/resource.h>
#include <unistd.h>

namespace station {

void give_way(int niceness) {
  const auto thread = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, thread, std::max(niceness, getpriority(PRIO_PROCESS, thread)));
}

}  // namespace station
