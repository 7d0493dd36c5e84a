#include "station/board/address.h"

#include <charconv>

#include <arpa/inet.h>

namespace station {

namespace {

bool parses_as(int family, const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(family, host.c_str(), bytes) == 1;
}

}  // namespace

std::optional<Address> address_from(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Address address{.host = std::string(text.substr(0, colon))};
  if (address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, address.port);
  if (address.host.empty() || error != std::errc{} || end != last) return std::nullopt;
  return address;
}

std::string to_string(const Address& address) {
  const bool brackets = address.host.find(':') != std::string::npos;
  return (brackets ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_ip(const std::string& host) {
  return parses_as(AF_INET, host) || parses_as(AF_INET6, host);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (parses_as(AF_INET, host) && host.starts_with("127."));
}

bool is_any(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

std::string canonical_ip(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  char text[INET6_ADDRSTRLEN] = "";
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return inet_ntop(AF_INET, &v4, text, sizeof text);
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return {};
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
  return inet_ntop(AF_INET6, &v6, text, sizeof text);
}

std::string client_key(const std::string& ip) {
  const std::string address = canonical_ip(ip);
  if (is_loopback(address)) return "loopback";
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return address;
  for (std::size_t i = 8; i < 16; ++i) v6.s6_addr[i] = 0;
  char text[INET6_ADDRSTRLEN] = "";
  return std::string(inet_ntop(AF_INET6, &v6, text, sizeof text)) + "/64";
}

}  // namespace station
