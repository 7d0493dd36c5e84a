// How a command reaches the program that runs the line: a Unix socket beside the record, one line in, one line out.
// Who may write the record may use it: the socket has the record's permissions.
//
// CommandSocket belongs to the main thread, whose event loop serves it; nobody is waited for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace station {

// "/var/lib/flashline/flashline.db.line" for this record.
std::string command_socket_of(const std::string& database);

class CommandSocket {
 public:
  // Call it once, from any thread and at any time, also when the socket has gone.
  using Reply = std::function<void(std::string line)>;
  using Obey = std::function<void(std::string_view line, Reply answer)>;

  // A socket that a program left behind is replaced.
  CommandSocket(const std::string& database, Obey obey);
  ~CommandSocket();  // removes the socket

  // Why no command can come; empty: it listens. The line runs without it.
  const std::string& problem() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Why there is no answer.
enum class NoAnswer {
  nobody,  // no program runs a line with this record
  denied,  // this user may not ask it
  none,    // it did not answer in time
};
// For commands: says one line, and waits for the answer. Blocks for some seconds at most.
std::variant<std::string, NoAnswer> ask_line(const std::string& database, const std::string& line);

}  // namespace station
