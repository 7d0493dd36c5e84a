#include "tests/dfu/virtual/usbip_client.h"

#include <cerrno>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace dfu::virt::testing {

namespace {

void put32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint16_t get16(const Bytes& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes.at(at) << 8 | bytes.at(at + 1));
}

std::string text(const Bytes& bytes, std::size_t at) {
  return reinterpret_cast<const char*>(bytes.data() + at);
}

}  // namespace

Bytes list_request() {
  return {0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0};
}

Bytes import_request(const std::string& busid) {
  Bytes out{0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0};
  out.insert(out.end(), busid.begin(), busid.end());
  out.resize(40);
  return out;
}

Bytes submit_request(std::uint32_t seqnum, const Setup& setup, const Bytes& data, std::uint8_t endpoint) {
  const bool in = endpoint == 0 ? setup.in() : (endpoint & 0x80) != 0;
  Bytes out;
  put32(out, 1);
  put32(out, seqnum);
  put32(out, 0x00010002);
  put32(out, in ? 1 : 0);
  put32(out, endpoint & 0x0F);
  put32(out, 0);
  put32(out, setup.length);
  put32(out, 0);
  put32(out, 0xFFFFFFFF);
  put32(out, 0);
  const bool control = endpoint == 0;
  out.push_back(control ? setup.request_type : 0);
  out.push_back(control ? setup.request : 0);
  append_le16(out, control ? setup.value : 0);
  append_le16(out, control ? setup.index : 0);
  append_le16(out, control ? setup.length : 0);
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Bytes unlink_request(std::uint32_t seqnum, std::uint32_t target) {
  Bytes out;
  put32(out, 2);
  put32(out, seqnum);
  put32(out, 0x00010002);
  out.resize(20);
  put32(out, target);
  out.resize(48);
  return out;
}

UsbipClient::UsbipClient(std::uint16_t port, int room) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (room != 0) setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  const int at_once = 1;
  setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  EXPECT_EQ(connect(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

void UsbipClient::send(const Bytes& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(socket_.descriptor(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;  // the other side has had enough
    sent += static_cast<std::size_t>(count);
  }
}

std::size_t UsbipClient::send_some(const Bytes& bytes) {
  const ssize_t count = ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

void UsbipClient::end_sending() {
  shutdown(socket_.descriptor(), SHUT_WR);
}

Bytes UsbipClient::receive(std::size_t count) {
  Bytes out(count);
  std::size_t got = 0;
  while (got < count) {
    const ssize_t now = recv(socket_.descriptor(), out.data() + got, count - got, 0);
    EXPECT_FALSE(now < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing came for ten seconds";
    if (now <= 0) break;
    got += static_cast<std::size_t>(now);
  }
  out.resize(got);
  return out;
}

std::uint32_t UsbipClient::import(const std::string& busid) {
  send(import_request(busid));
  const Bytes head = receive(8);
  EXPECT_EQ(head.size(), 8u);
  if (head.size() < 8) return 0xFFFFFFFF;
  EXPECT_EQ(get16(head, 0), 0x0111);
  EXPECT_EQ(get16(head, 2), 0x0003);
  const std::uint32_t status = be32(head, 4);
  if (status != 0) return status;
  const Bytes device = receive(312);
  EXPECT_EQ(device.size(), 312u);
  EXPECT_EQ(text(device, 256), busid);
  return 0;
}

Reply UsbipClient::reply(bool with_data) {
  const Bytes header = receive(48);
  if (header.size() < 48) return {};
  Reply out{be32(header, 0), be32(header, 4), static_cast<std::int32_t>(be32(header, 0x14)), be32(header, 0x18), {}};
  if (with_data && out.command == 3) out.data = receive(out.length);
  return out;
}

Reply UsbipClient::control(const Setup& setup, const Bytes& data) {
  send(submit_request(++seqnum_, setup, data));
  Reply out = reply(setup.in());
  if (out.command != 0) {
    EXPECT_EQ(out.command, 3u);
    EXPECT_EQ(out.seqnum, seqnum_);
  }
  return out;
}

std::vector<Shown> list(std::uint16_t port) {
  UsbipClient client(port);
  client.send(list_request());
  const Bytes head = client.receive(12);
  EXPECT_EQ(head.size(), 12u);
  if (head.size() < 12) return {};
  EXPECT_EQ(get16(head, 0), 0x0111);
  EXPECT_EQ(get16(head, 2), 0x0005);
  EXPECT_EQ(be32(head, 4), 0u);
  std::vector<Shown> units(be32(head, 8));
  for (Shown& unit : units) {
    const Bytes device = client.receive(312);
    unit.busid = text(device, 256);
    unit.id = {get16(device, 300), get16(device, 302)};
    unit.device_class = device.at(306);
    const Bytes interfaces = client.receive(4u * device.at(311));
    for (std::size_t at = 0; at < interfaces.size(); at += 4) unit.interface_classes.push_back(interfaces[at]);
  }
  EXPECT_TRUE(client.closed()) << "the list is all there is";
  return units;
}

std::vector<std::string> busids(std::uint16_t port) {
  std::vector<std::string> out;
  for (const Shown& unit : list(port)) out.push_back(unit.busid);
  return out;
}

}  // namespace dfu::virt::testing
