// What mock_preload.cpp, inside a program, and the mock kernel say to each other beside umockdev's own protocol. A file
// of a device node has two sockets more (SOCK_SEQPACKET, at UMOCKDEV_DIR/files): on one it submits transfers, the
// other carries those that have ended; that one is readable exactly while there is something to reap, and at its
// end when the device has left. umockdev would need eight changes of thread for a transfer, and a kernel needs one.
#pragma once

#include <cstdint>

namespace usb_mock {

// ioctls that are added: a file has been opened (argument: its token), and it is about to be closed.
constexpr unsigned long opened_ioctl = 0x4D01, closing_ioctl = 0x4D02;

// The first message on either socket.
struct Hello {
  std::uint64_t token = 0;  // names the file
  std::uint64_t submits = 0;
};

// USBDEVFS_SUBMITURB; behind it the setup packet of a control transfer and what goes out.
struct Submit {
  std::uint64_t asked = 0;  // CLOCK_MONOTONIC in nanoseconds
  std::uint64_t address = 0;
  std::uint32_t type = 0, endpoint = 0;
  std::uint32_t size = 0;  // of the program's buffer
};
struct Submitted {
  std::int32_t error = 0;  // errno
};
// What USBDEVFS_REAPURB says; behind it what came in.
struct Completed {
  std::uint64_t address = 0;
  std::int32_t status = 0, actual = 0;
};

constexpr std::uint32_t most_data = 65536;

// What umockdev 0.17's preload library and the owner of a node's socket say to each other about other ioctls.
enum Word : unsigned long { ioctl_called = 1, done = 3, read_mem = 5, write_mem = 6 };
struct Called {
  unsigned long word, first, second;
};

}  // namespace usb_mock
