// One enumeration of one device, as the kernel's usbfs has it: who holds which interface, which transfers wait for the
// device, and that it is gone when it is gone. Any thread; one mutex, never held while a callback runs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/usb/mock_device.h"

namespace usb_mock {

// What never returns until it is released.
enum class Wedge { open, claim, discard, close };

// What was done to a port over all its enumerations; `setup` bytes tell control transfers apart.
struct Counts {
  int opens = 0;  // of the node; those that were refused do not count
  int claims = 0;
  int busy = 0;       // claims that were refused
  int unclaimed = 0;  // requests to an interface that nobody had claimed: the kernel claims it then, and complains
  int control = 0;    // transfers that reached the device, for any program
  int bulk = 0;
  int resets = 0;
  int settings = 0;  // SET_INTERFACE among the control transfers
};

// A port's page: it outlives the devices that are plugged in there.
struct Ledger {
  mutable std::mutex mutex;
  std::condition_variable changed;
  Counts counts;
  std::set<Wedge> wedges;
  bool tells_place = true;  // its node answers CONNECTINFO

  template <typename Change>
  void note(Change change) {
    const std::lock_guard lock(mutex);
    change(counts);
  }
};

class Node : public std::enable_shared_from_this<Node> {
 public:
  using Done = Device::Done;
  using Ticket = std::uint64_t;

  struct DeviceAddress {
    dfu::PortPath port;
    int bus = 1;
    int number = 1;            // devnum
    std::string path() const;  // "/dev/bus/usb/001/004"
  };

  Node(DeviceAddress place, Face face, std::unique_ptr<Device> device, std::shared_ptr<Ledger> ledger);

  const DeviceAddress& place() const { return place_; }
  const Face& face() const { return face_; }
  Ledger& ledger() const { return *ledger_; }

  // Answered exactly once, also after `leave`. The ticket names it for `cancel`. `late`: how long ago it was asked for.
  Ticket submit(dfu::Transfer transfer, Done done, dfu::Duration late = {});
  void cancel(Ticket ticket);
  bool reset();                                          // blocks; false: it left
  dfu::TransferResult transfer(dfu::Transfer transfer);  // submits and waits

  bool gone() const;
  // What waits is answered `gone`; nothing reaches the device afterwards.
  void leave();

  // The rest returns an errno, 0 for success. `holder` is an open file.
  int claim(std::uint8_t number, const void* holder);
  int release(std::uint8_t number, const void* holder);
  void release_all(const void* holder);
  // As the kernel does before a request to an interface: a program that did not claim it claims it now, if it may.
  int check(std::uint8_t number, const void* holder);
  int set_alternate(std::uint8_t number, std::uint8_t alternate, const void* holder);
  int set_configuration(std::uint8_t value);
  // "usbfs" while a program holds it, "" for none; nothing: no such interface.
  std::optional<std::string> driver(std::uint8_t number) const;
  int unbind(std::uint8_t number);
  int bind(std::uint8_t number);
  std::optional<std::uint8_t> interface_of(std::uint8_t endpoint) const;
  // Called whenever a driver comes or goes.
  std::function<void(std::uint8_t number, const std::string& driver)> on_driver;

 private:
  struct Interface {
    InterfaceFace face;
    std::string driver;  // of the kernel, bound now
    const void* holder = nullptr;
    std::uint8_t alternate = 0;
  };
  struct Waiting {
    Ticket ticket;
    dfu::Transfer transfer;
    Done done;
    dfu::Duration late;  // not counted while it waits behind another
  };

  Interface* find(std::uint8_t number);
  const Interface* find(std::uint8_t number) const;
  void kick();
  void landed(Ticket ticket, dfu::TransferResult result);
  void count(const dfu::Transfer& transfer);

  const DeviceAddress place_;
  const Face face_;
  const std::shared_ptr<Ledger> ledger_;

  mutable std::mutex mutex_;
  std::vector<Interface> interfaces_;
  std::deque<Waiting> queue_;
  bool busy_ = false;  // the device has the first of them
  bool gone_ = false;
  Ticket tickets_ = 0;
  const std::unique_ptr<Device> device_;  // last: its answers may need all of the above
};

}  // namespace usb_mock
