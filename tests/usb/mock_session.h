// One open file of a device node: the kernel's usbfs (linux/usbdevice_fs.h) for one program that runs under umockdev's
// preload library, which sends each ioctl over a socket of its own and lends its memory while it waits for the answer.
// `serve` is that file's thread. Transfers are answered from threads of the line.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "tests/usb/mock_node.h"

namespace usb_mock {

// ioctls that mock_preload.cpp adds: a file has been opened, and it is about to be closed.
constexpr unsigned long opened_ioctl = 0x4D01, closing_ioctl = 0x4D02;

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Owns `socket`. `node` may be null: the device has left before its node was opened. `wait_for(wedge)` returns when
  // the port is not wedged so, or the file need not be served any more.
  Session(int socket, std::shared_ptr<Node> node);
  ~Session();

  // Until the program closes the file or ends. `ready_socket(token)` finds the socket on which this file tells that
  // there is something to reap; -1 if there is none.
  void serve(const std::function<int(std::uint64_t token)>& ready_socket);
  // Ends `serve`, whatever it waits for.
  void hang_up();
  // The device has gone: wakes whoever polls.
  void device_left();

 private:
  struct Urb {
    std::uint64_t address = 0;  // the program's, which names it
    std::uint8_t type = 0, endpoint = 0;
    std::uint64_t buffer = 0;
    std::size_t buffer_size = 0;
    std::size_t sent = 0;
    Node::Ticket ticket = 0;
    bool in = false;
    dfu::TransferResult result{};
  };
  struct Reply {
    long result = 0;
    int error = 0;
  };

  Reply handle(unsigned long request, std::uint64_t argument);
  Reply information(unsigned long request, std::uint64_t argument);
  Reply interfaces(unsigned long request, std::uint64_t argument);
  Reply driver_request(std::uint64_t argument);
  Reply disconnect_and_claim(std::uint64_t argument);
  Reply control(std::uint64_t argument);
  Reply submit(std::uint64_t argument);
  Reply submit_control(Urb urb);
  Reply submit_bulk(Urb urb);
  Reply fly(Urb urb, dfu::Transfer transfer);
  Reply reap(std::uint64_t argument, bool wait);
  Reply discard(std::uint64_t address);
  Reply opened(std::uint64_t token, const std::function<int(std::uint64_t)>& ready_socket);
  void close();
  int check_recipient(const dfu::Setup& setup);
  void landed(std::uint64_t address, dfu::TransferResult result);
  void wait_while(Wedge wedge);

  dfu::Bytes read_memory(std::uint64_t address, std::size_t size);
  void write_memory(std::uint64_t address, const void* data, std::size_t size);
  template <typename Value>
  Value read_value(std::uint64_t address);
  template <typename Value>
  void write_value(std::uint64_t address, const Value& value);
  void answer(Reply reply);

  const int socket_;
  const std::shared_ptr<Node> node_;
  dfu::Bytes out_;  // what goes to the program with the answer

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Urb> flying_;
  std::deque<Urb> completed_;
  int ready_ = -1;
  bool over_ = false;
  bool closed_ = false;
};

}  // namespace usb_mock
