#include "dfu/usb/run_delay.h"

#include <fstream>
#include <string>

namespace dfu::usb {

Duration run_delay(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/schedstat");
  Duration::rep ran = 0, waited = 0;
  return file >> ran >> waited ? Duration(waited) : Duration();
}

}  // namespace dfu::usb
