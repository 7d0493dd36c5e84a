// Signing in and out. At a station without operators a name is enough; otherwise a PIN is needed, and guessing it is
// slowed down for each pair of operator and client (sessions.h). Names are not shown to clients that are not signed in.
// `Work` is for the workers: hashing a PIN takes its time on purpose.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "station/board/http.h"
#include "station/board/journal.h"
#include "station/board/security.h"
#include "station/board/sessions.h"

namespace station::board {

struct SignInSetup {
  std::string operators;  // file
  std::string cookie;     // name; of this station alone, because cookies of one host do not part by port
  std::function<void(const std::string& session)> on_end{};  // a session ended, by its id; from any thread
  std::function<void(const Sender& sender, const std::string& what)> on_wrong_pin{};  // likewise
};

class SignIn {
 public:
  SignIn(SignInSetup setup, Journal& journal);

  // Of the request's cookie.
  std::optional<Session> session_of(const Request& request);
  // There are operators, as far as is known since the last look at their file: nobody is trusted without a session.
  bool has_operators() const { return has_operators_; }

  Work tell(const Request& request, const Sender& sender);
  Work sign_in(const Request& request, const Sender& sender);
  Work sign_out(const Request& request, const Sender& sender);
  // Ends the sessions of operators that were removed or got another role or PIN, and names them. To be called now and
  // then, so that nobody has to start the line again for it.
  std::vector<std::string> end_outdated();

 private:
  std::string token_of(const Request& request) const;
  Reply reply(const std::optional<Session>& session, const Sender& sender);
  std::variant<Operator, Refusal> judge(const std::string& name, const std::string& pin, const Sender& sender);
  std::variant<Operator, Refusal> try_pin(const Operator* known, const std::string& name, const std::string& pin,
                                          const std::string& client);
  Reply let_in(const Operator& who, const Sender& sender);
  void set_cookie(Reply& reply, const std::string& token, int seconds, const Sender& sender) const;
  void end(const Request& request);
  std::vector<Operator> look_at_operators();

  const SignInSetup setup_;
  Journal& journal_;
  std::atomic<bool> has_operators_ = true;
  Sessions sessions_;
  Guesses guesses_;
  OneEach one_each_;
};

}  // namespace station::board
