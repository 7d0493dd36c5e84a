// The HTTP server: libmicrohttpd, which is used here only. One thread of its own serves every client; it never waits
// for anything, so that a slow client or a slow answer holds up no other one.
//
// Everything has a limit: places for connections in all and for one address, the length of a head and of a body, the
// time that a client may take over either, and events for so many clients. Threads are made in the constructor, and
// inherit the priority of who calls it.
#pragma once

#include <memory>

#include "station/board/address.h"
#include "station/board/counted_log.h"
#include "station/board/http.h"
#include "station/board/stream.h"

namespace station::board {

class Handler {
 public:
  virtual ~Handler() = default;
  // Before the body is read. Both come from the server's thread and must not wait.
  virtual std::optional<Refusal> refuse(const Request& head) = 0;
  virtual Response answer(const Request& request) = 0;
};

class Server {
 public:
  // Handler, stream and log must outlive the server. Throws std::runtime_error with a sentence.
  Server(const Address& address, Handler& handler, Stream& stream, CountedLog& log);
  // Ends the stream; answers that are being made are waited for.
  ~Server();

  const Address& address() const;  // with the port that was free
  // Ends connections that take too long. To be called now and then; any thread.
  void end_overdue();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace station::board
