// A request and its reply, as the board reads and writes them. Values.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace station::board {

// Long enough for every form of the board; what is longer is refused before it is read.
constexpr std::size_t longest_body = 16 * 1024;

enum class Method { get, post, other };

struct Request {
  Method method = Method::other;
  std::string path{};                            // as it came; begins with '/'
  std::map<std::string, std::string> query{};    // decoded
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string peer{};                            // IP address of the other end of the connection
  std::string body{};
  std::set<std::string> repeated{};  // names of headers that came more than once; `headers` has them as a list

  // Empty: there is none.
  std::string_view header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();
  std::vector<std::pair<std::string, std::string>> headers{};
};

// A reply that reads the record: made on a worker, never on the thread that serves everybody.
using Work = std::function<Reply()>;
// The events of the line, until the client goes or the session ends.
struct OpenStream {
  std::string client{};   // of all its streams so many may be open
  std::string session{};  // id; empty: none
};

using Response = std::variant<Reply, Work, OpenStream>;

// What a request is answered with when it is not carried out: `code` is for the page, which has its own words for it.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;  // English
  std::string remedy;
};

// "%2F" is "/".
std::string percent_decoded(std::string_view text);

Reply json_reply(int status, std::string json);
Reply reply_of(const Refusal& refusal);

}  // namespace station::board
