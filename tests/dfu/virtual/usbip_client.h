// A USB/IP client that writes and reads bytes by hand, after the kernel's description of the protocol: it shares no
// code with the server. Each call waits for its answer, and fails the test when nothing comes for ten seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dfu/bus.h"
#include "dfu/virtual/usbip_socket.h"

namespace dfu::virt::testing {

Bytes list_request();
Bytes import_request(const std::string& busid);
// `endpoint` with its direction bit; a control transfer where it is 0.
Bytes submit_request(std::uint32_t seqnum, const Setup& setup, const Bytes& data = {}, std::uint8_t endpoint = 0);
Bytes unlink_request(std::uint32_t seqnum, std::uint32_t target);

struct Shown {
  std::string busid;
  UsbId id;
  std::uint8_t device_class = 0;
  std::vector<std::uint8_t> interface_classes;
};

struct Reply {
  std::uint32_t command = 0;  // 0: the connection was closed
  std::uint32_t seqnum = 0;
  std::int32_t status = 0;
  std::uint32_t length = 0;
  Bytes data;
};

class UsbipClient {
 public:
  // `room`: bytes that may wait here to be read; 0: as many as the system likes.
  explicit UsbipClient(std::uint16_t port, int room = 0);

  void send(const Bytes& bytes);
  // What goes without waiting, for tests that send more than the other side reads.
  std::size_t send_some(const Bytes& bytes);
  void end_sending();
  // So many bytes, or fewer when the connection was closed.
  Bytes receive(std::size_t count);
  bool closed() { return receive(1).empty(); }

  // Status 0 if the unit is this client's now.
  std::uint32_t import(const std::string& busid);
  // The next answer; its data is read where a Submit of a transfer that comes in is answered.
  Reply reply(bool with_data = false);
  Reply control(const Setup& setup, const Bytes& data = {});

 private:
  usbip::Socket socket_;
  std::uint32_t seqnum_ = 1000;
};

std::vector<Shown> list(std::uint16_t port);
std::vector<std::string> busids(std::uint16_t port);

}  // namespace dfu::virt::testing
