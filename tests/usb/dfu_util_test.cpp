// dfu-util 0.11 as Debian ships it, on our virtual units: they are right because a tool that nobody here wrote agrees.
// Expected messages and exit statuses: facts/dfu.md 3.
#include <gtest/gtest.h>

#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"

namespace usb_mock {
namespace {

TEST(DfuUtil, ListsAPhotonAndItsTwoMemories) {
  MockKernel kernel({.line = dfu::virt::photon_line(1, 3)});
  const Ran ran = run({"dfu-util", "-l"}, kernel.environment(false));
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.out.find("Found DFU: [2b04:d006] ver=0200, devnum=3, cfg=1, intf=0, path=\"1-1.1\", alt=0, "
                         "name=\"@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg\", "
                         "serial=\"00000000010C\""),
            std::string::npos)
      << ran.out;
  EXPECT_EQ(kernel.counts("1-1.1").control, 8);
  EXPECT_EQ(kernel.counts("1-1.1").claims, 0);
}

}  // namespace
}  // namespace usb_mock
