// Signing in and out. On a loopback address of a station without operators a name is enough; otherwise a PIN is
// needed, and guessing it is limited for each operator and for each address. `Work` is for the workers: hashing a PIN
// takes its time on purpose.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "station/board/http.h"
#include "station/board/journal.h"
#include "station/board/sessions.h"

namespace station::board {

struct SignInSetup {
  std::string operators;  // file
  std::string cookie;     // name; of this station alone, because cookies of one host do not part by port
  bool loopback = true;
};

class SignIn {
 public:
  SignIn(SignInSetup setup, Journal& journal) : setup_(std::move(setup)), journal_(journal) {}

  // Of the request's cookie.
  std::optional<Session> session_of(const Request& request);

  Work tell(const Request& request);
  Work sign_in(const Request& request);
  Work sign_out(const Request& request);
  // Whoever is no operator any more, or has another role or PIN, is out, and named here. Whoever removes an operator
  // does not want to start the line anew for it.
  std::vector<std::string> end_outdated();

 private:
  std::string token_of(const Request& request) const;
  Reply reply(const std::optional<Session>& session);
  std::variant<Operator, Refusal> judge(const std::string& name, const std::string& pin, const std::string& peer);
  Reply let_in(const Operator& who, const std::string& peer);
  void set_cookie(Reply& reply, const std::string& token, int seconds) const;

  const SignInSetup setup_;
  Journal& journal_;
  Sessions sessions_;
  Guesses by_operator_{5, std::chrono::seconds(30), std::chrono::minutes(5)};
  Guesses by_address_{20, std::chrono::seconds(30), std::chrono::minutes(15)};
};

}  // namespace station::board
