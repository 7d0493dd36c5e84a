#include "station/address.h"

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

}  // namespace station
