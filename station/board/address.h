// "127.0.0.1:8080", "[::1]:8080", "localhost:8080": where something listens. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace station {

struct Address {
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 0: any that is free
};

std::optional<Address> address_from(std::string_view text);
// With brackets where they are needed.
std::string to_string(const Address& address);

// Of a host alone, without brackets.
bool is_ip(const std::string& host);
bool is_loopback(const std::string& host);  // 127.0.0.0/8, ::1, localhost
bool is_any(const std::string& host);       // 0.0.0.0, ::
// The one way to write this address; empty: it is none. An IPv4 address that is mapped into IPv6 is the IPv4 address.
std::string canonical_ip(const std::string& host);
// Addresses that one machine has for the asking count as one client: all of loopback, and an IPv6 network (/64).
std::string client_key(const std::string& ip);

}  // namespace station
