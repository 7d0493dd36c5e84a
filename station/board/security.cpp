#include "station/board/security.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "station/board/address.h"

namespace station::board {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port <= 65535 && text.size() <= 5;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_our_name(const std::string& name, const Endpoint& place) {
  if (name.empty()) return false;
  if (std::ranges::count(place.names, name) > 0 || is_loopback(name)) return true;
  // Nobody can make a name of theirs out of an address.
  return is_any(place.host) ? is_ip(name) : name == canonical_ip(place.host) || name == place.host;
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
  return Refusal{413, "too-large", "The request has " + shown(length, 20) + " bytes; the board takes 16384.",
                 "Send less at once."};
}

// Which of the two would count is not the same for every program on the way.
std::optional<Refusal> refuse_ambiguous(const Request& head) {
  constexpr std::array once{"host",         "origin",         "content-length",    "transfer-encoding",
                            "content-type", "sec-fetch-site", "x-flashline-token", "cookie"};
  const auto twice = std::ranges::find_if(once, [&](const char* name) { return head.repeated.contains(name); });
  if (twice != once.end()) {
    return Refusal{400, "bad-request", std::string("The request has more than one ") + *twice + " header.",
                   "Send it once."};
  }
  if (!head.header("content-length").empty() && !head.header("transfer-encoding").empty()) {
    return Refusal{400, "bad-request", "The request gives its length in two ways.", "Send one of them."};
  }
  // A whole address there would name the host a second time.
  if (!head.path.starts_with('/')) {
    return Refusal{400, "bad-request", "The request is for '" + shown(head.path) + "', which is not a path.",
                   "Ask for a path that begins with '/'."};
  }
  return std::nullopt;
}

// The last entry that no proxy of ours wrote about another one of ours: what stands before it the client may have made
// up. Empty: it is no address.
std::string forwarded_for(std::string_view list, const Endpoint& place) {
  while (!list.empty()) {
    const std::size_t comma = list.rfind(',');
    std::string_view entry = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    std::string address = canonical_ip(std::string(entry));
    if (address.empty()) address = canonical_ip(name_in_host(entry).value_or(""));  // with its port
    if (std::ranges::count(place.proxies, address) == 0 || list.empty()) return address;
  }
  return {};
}

bool came_through_a_proxy(const Request& head) {
  constexpr std::array signs{"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
                             "x-real-ip",       "forwarded",        "via"};
  return std::ranges::any_of(signs, [&](const char* name) { return head.headers.contains(name); });
}

}  // namespace

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) {
    const bool plain = c >= 0x20 && c < 0x7F && c != '\'' && c != '\\';
    plain ? out += c : out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text.size() <= most ? out : out + fmt::format(" (cut: {} bytes)", text.size());
}

std::optional<std::string> name_in_host(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view after = host.substr(end + 1);
    if (!after.empty() && !(after.starts_with(':') && is_port(after.substr(1)))) return std::nullopt;
    const std::string inside(host.substr(1, end - 1));
    const std::string address = inside.find(':') == std::string::npos ? "" : canonical_ip(inside);
    return address.empty() ? std::nullopt : std::optional(address);
  }
  const std::string_view name = host.substr(0, host.find(':'));
  if (name.size() < host.size() && !is_port(host.substr(name.size() + 1))) return std::nullopt;
  if (name.empty() || !std::ranges::all_of(name, is_host_character)) return std::nullopt;
  return lower(name);
}

Sender sender_of(const Request& head, const Endpoint& place) {
  const bool local_board = is_loopback(place.host);
  const bool proxied = came_through_a_proxy(head);
  if (std::ranges::count(place.proxies, canonical_ip(head.peer)) == 0) {
    return {head.peer, local_board && !proxied && is_loopback(head.peer), false};
  }
  // A proxy that does not name its client may ask for anybody.
  const std::string client = forwarded_for(head.header("x-forwarded-for"), place);
  const bool is_proxy = client.empty() || std::ranges::count(place.proxies, client) > 0;
  return {client.empty() ? head.peer : client, local_board && !is_proxy && is_loopback(client),
          head.header("x-forwarded-proto") == "https"};
}

std::optional<Refusal> refuse_head(const Request& head, const Endpoint& place) {
  if (head.method == Method::other) {
    return Refusal{405, "bad-request", "The board knows GET and POST.", "Use one of them."};
  }
  if (const auto refusal = refuse_ambiguous(head)) return refusal;
  const std::string_view host = head.header("host");
  if (!is_our_name(name_in_host(host).value_or(""), place)) {
    return Refusal{421, "wrong-origin", "This board does not go by the name '" + shown(host) + "'.",
                   "Use the address that the station printed, or give it this name: names in [board] of the station "
                   "file."};
  }
  const std::string_view origin = head.header("origin");
  const bool strange = !origin.empty() && !is_our_origin(origin, host);
  const bool unknown = origin.empty() && head.method == Method::post;
  // "same-site" is another port or name of this host: another program.
  const std::string_view site = head.header("sec-fetch-site");
  const bool cross = !site.empty() && site != "same-origin" && site != "none" && head.path != "/";
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
