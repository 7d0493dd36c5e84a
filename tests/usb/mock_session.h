// One open file of a device node: the kernel's usbfs (linux/usbdevice_fs.h) for one program that runs under umockdev's
// preload library, which sends each ioctl over a socket of its own and lends its memory while it waits for the answer.
// Transfers take a shorter way, see mock_wire.h. `serve` is that file's thread; transfers end on threads of the line.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "tests/usb/mock_node.h"
#include "tests/usb/mock_wire.h"

namespace usb_mock {

// The sockets of one file that mock_wire.h speaks of; -1 where there is none.
struct FileSockets {
  int submits = -1, completions = -1;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Owns `socket`. `node` may be null: the device has left before its node was opened.
  Session(int socket, std::shared_ptr<Node> node);
  ~Session();

  using FindSockets = std::function<FileSockets(std::uint64_t token)>;

  // Until the program closes the file or ends. What `find` returns is the session's from then on.
  void serve(const FindSockets& find);
  // Ends `serve`, whatever it waits for.
  void hang_up();
  // The device has gone: wakes those that poll.
  void device_left();

 private:
  struct Urb {
    std::uint64_t address = 0;  // the program's, which names it
    Node::Ticket ticket = 0;
    bool in = false;
    std::size_t sent = 0;
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
  Reply discard(std::uint64_t address);
  Reply opened(std::uint64_t token, const FindSockets& find);
  void answer_ioctl(const FindSockets& find);
  void answer_submit();
  int submit(const Submit& asked, dfu::ByteView data);
  int fly(Urb urb, dfu::Transfer transfer, dfu::Duration late);
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
  FileSockets sockets_;
  bool over_ = false;
  bool closed_ = false;
};

}  // namespace usb_mock
