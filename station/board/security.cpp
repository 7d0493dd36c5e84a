#include "station/board/security.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "station/address.h"

namespace station::board {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// "[::1]:8080" and "::1", "line-3:8080" and "line-3": what stands before the port, without brackets.
std::string name_in(std::string_view host) {
  if (host.starts_with('[')) return lower(host.substr(1, host.find(']') - 1));
  return lower(host.substr(0, host.find(':')));
}

bool is_our_name(const std::string& name, const Place& place) {
  if (std::ranges::count(place.names, name) > 0 || is_loopback(name)) return true;
  // Nobody can make a name of theirs out of an address.
  return is_any(place.host) ? is_ip(name) : name == place.host;
}

bool is_our_origin(std::string_view origin, std::string_view host) {
  const std::string ours = lower(host), theirs = lower(origin);
  return theirs == "http://" + ours || theirs == "https://" + ours;
}

std::optional<Refusal> refuse_length(const Request& head) {
  const std::string_view length = head.header("content-length");
  if (length.empty()) return std::nullopt;  // what comes in pieces is counted as it comes
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (error == std::errc{} && end == length.data() + length.size() && bytes <= longest_body) return std::nullopt;
  return Refusal{413, "too-large", "The request has " + std::string(length) + " bytes; the board takes 16384.",
                 "Send less at once."};
}

}  // namespace

std::optional<Refusal> refuse_head(const Request& head, const Place& place) {
  if (head.method == Method::other) {
    return Refusal{405, "bad-request", "The board knows GET and POST.", "Use one of them."};
  }
  const std::string_view host = head.header("host");
  if (!is_our_name(name_in(host), place)) {
    return Refusal{421, "wrong-origin", "This board does not go by the name '" + std::string(host) + "'.",
                   "Use the address that the station printed, or give it this name: names in [board] of the station "
                   "file."};
  }
  const std::string_view origin = head.header("origin");
  const bool strange = !origin.empty() && !is_our_origin(origin, host);
  const bool unknown = origin.empty() && head.method == Method::post;
  const bool cross = head.header("sec-fetch-site") == "cross-site" && head.path != "/";
  if (strange || unknown || cross) {
    return Refusal{403, "wrong-origin", "This request does not come from the board's own page.",
                   "Open the board itself and try again."};
  }
  return refuse_length(head);
}

const std::vector<std::pair<std::string, std::string>>& safe_headers() {
  static const std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
       "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=()"},
  };
  return headers;
}

}  // namespace station::board
