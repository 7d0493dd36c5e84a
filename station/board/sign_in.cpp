#include "station/board/sign_in.h"

#include <QJsonArray>
#include <stdexcept>

#include "reports/json_text.h"
#include "station/board/address.h"
#include "station/board/body.h"
#include "station/record/image_json.h"

namespace station::board {

namespace {

using namespace std::chrono_literals;

constexpr int cookie_seconds = 12 * 3600;
// A few mistakes are free. Then it is at most some 300 tries a day, of 10,000 PINs of four digits.
constexpr int free_tries = 5;
constexpr std::chrono::seconds first_wait = 30s;
constexpr std::chrono::seconds longest_wait = 5min;

using reports::text;

Refusal too_many_tries(std::chrono::seconds wait) {
  return {429, "too-many-tries", "Too many wrong PINs for this name from here.",
          "Wait " + std::to_string(wait.count()) + (wait.count() == 1 ? " second" : " seconds") + " and try again."};
}

// The hash of no PIN: a try for a name that no operator has takes as long as for one that an operator has.
const std::string& strangers_hash() {
  static const std::string hash = hash_pin(random_token());
  return hash;
}

}  // namespace

SignIn::SignIn(SignInSetup setup, Journal& journal)
    : setup_(std::move(setup)), journal_(journal), guesses_(free_tries, first_wait, longest_wait) {
  end_outdated();
}

std::string SignIn::token_of(const Request& request) const {
  return cookie(request.header("cookie"), setup_.cookie);
}

std::optional<Session> SignIn::session_of(const Request& request) {
  return sessions_.find(token_of(request), std::chrono::steady_clock::now());
}

// Errors: std::runtime_error when the file is damaged. Nobody is trusted then.
std::vector<Operator> SignIn::look_at_operators() {
  try {
    std::vector<Operator> operators = read_operators(setup_.operators);
    has_operators_ = !operators.empty();  // once: others read it meanwhile
    return operators;
  } catch (const std::runtime_error&) {
    has_operators_ = true;
    throw;
  }
}

void SignIn::set_cookie(Reply& reply, const std::string& token, int seconds, const Sender& sender) const {
  reply.headers.emplace_back("Set-Cookie", setup_.cookie + "=" + token +
                                               "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                                               std::to_string(seconds) + (sender.https ? "; Secure" : ""));
}

Reply SignIn::reply(const std::optional<Session>& session, const Sender& sender) {
  const std::vector<Operator> operators = look_at_operators();
  QJsonArray names;
  for (const Operator& one : operators) {
    if (session) names.append(text(one.name));
  }
  return json_reply(200, compact(QJsonObject{
                             {"session", session.has_value()},
                             {"operator", session ? QJsonValue(text(session->operator_name)) : QJsonValue()},
                             {"role", session ? QJsonValue(text(to_string(session->role))) : QJsonValue()},
                             {"csrf", session ? text(session->csrf) : QString()},
                             {"pin_required", !sender.at_station || !operators.empty()},
                             {"operators", names},
                             {"can", QJsonArray{"use", "release", "slots", "commissioning", "without-order"}},
                         }));
}

Work SignIn::tell(const Request& request, const Sender& sender) {
  return [this, session = session_of(request), sender] { return reply(session, sender); };
}

Work SignIn::sign_in(const Request& request, const Sender& sender) {
  return [this, request, sender] {
    const auto body = body_of(request);
    if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
    const std::string name = text_in(std::get<QJsonObject>(body), "operator");
    if (!is_operator_name(name)) {
      return reply_of(bad_request("A name has 1 to 40 characters.", "Type or scan a name."));
    }
    const auto judged = judge(name, text_in(std::get<QJsonObject>(body), "pin"), sender);
    if (const auto* refusal = std::get_if<Refusal>(&judged)) {
      if (setup_.on_wrong_pin) setup_.on_wrong_pin(sender, refusal->code);
      return reply_of(*refusal);
    }
    end(request);
    return let_in(std::get<Operator>(judged), sender);
  };
}

std::variant<Operator, Refusal> SignIn::judge(const std::string& name, const std::string& pin, const Sender& sender) {
  const std::vector<Operator> operators = look_at_operators();
  if (operators.empty() && sender.at_station) return Operator{name, Role::supervises, ""};
  if (operators.empty()) {
    return Refusal{403, "no-operators", "No operator has a PIN, and you are not at the station itself.",
                   "Give one at the station: flashline operator add NAME --role supervisor"};
  }
  const std::string client = client_key(sender.address);
  const OneEach::Turn turn(one_each_, client);
  if (!turn.taken()) {
    return Refusal{429, "too-many-tries", "Another PIN from here is being checked.", "Wait 1 second and try again."};
  }
  return try_pin(find_operator(operators, name), name, pin, client);
}

// Whatever is answered takes as long and says the same for a name that is there and for one that is not.
std::variant<Operator, Refusal> SignIn::try_pin(const Operator* known, const std::string& name, const std::string& pin,
                                                const std::string& client) {
  const auto [wait, flooding] = guesses_.begin(client, name, known, std::chrono::steady_clock::now());
  const bool may_try = wait.count() == 0;
  if (!may_try && !flooding) return too_many_tries(wait);
  const bool right = is_right_pin(known && may_try ? known->pin_hash : strangers_hash(), pin);
  if (right && known && may_try) {
    guesses_.was_right(client, name);
    return *known;
  }
  if (flooding) return too_many_tries(longest_wait);
  return Refusal{403, "wrong-pin", "Name and PIN do not belong together.", "Try again."};
}

Reply SignIn::let_in(const Operator& who, const Sender& sender) {
  const std::string token = sessions_.open(who.name, who.role, std::chrono::steady_clock::now(), who.pin_hash);
  const std::optional<Session> session = sessions_.find(token, std::chrono::steady_clock::now());
  if (const auto refusal = journal_.note({*session, sender.address}, "signed-in", who.name, "signed in")) {
    sessions_.end(token);
    return reply_of(*refusal);
  }
  Reply made = reply(session, sender);
  set_cookie(made, token, cookie_seconds, sender);
  return made;
}

// Of a session that is replaced or left: what is open in it is not shown any longer.
void SignIn::end(const Request& request) {
  const std::optional<Session> session = session_of(request);
  if (!session) return;
  sessions_.end(token_of(request));
  if (setup_.on_end) setup_.on_end(session->id);
}

Work SignIn::sign_out(const Request& request, const Sender& sender) {
  return [this, request, sender] {
    if (const std::optional<Session> session = session_of(request)) {
      end(request);
      if (const auto refusal =
              journal_.note({*session, sender.address}, "signed-out", session->operator_name, "signed out")) {
        return reply_of(*refusal);
      }
    }
    Reply made = reply(std::nullopt, sender);
    set_cookie(made, "", 0, sender);
    return made;
  };
}

std::vector<std::string> SignIn::end_outdated() {
  std::vector<Operator> operators;
  bool readable = true;
  try {
    operators = look_at_operators();
  } catch (const std::runtime_error&) {
    readable = false;  // who may be in is not known: nobody stays
  }
  const auto ended = sessions_.keep([&](const Session& session) {
    if (!readable || operators.empty()) return readable && session.pin_hash.empty();
    const Operator* known = find_operator(operators, session.operator_name);
    return known && known->role == session.role && known->pin_hash == session.pin_hash;
  });
  std::vector<std::string> names;
  for (const Session& session : ended) {
    names.push_back(session.operator_name);
    if (setup_.on_end) setup_.on_end(session.id);
  }
  return names;
}

}  // namespace station::board
