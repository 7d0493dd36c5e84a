#include "station/board/sign_in.h"

#include <QJsonArray>
#include <stdexcept>

#include "station/board/body.h"
#include "station/image_json.h"

namespace station::board {

namespace {

constexpr int cookie_seconds = 12 * 3600;

QString text(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

Refusal too_many_tries(std::chrono::seconds wait) {
  return {429, "too-many-tries", "Too many wrong PINs.",
          "Wait " + std::to_string(wait.count()) + " seconds and try again."};
}

// Of nobody: whoever asks for a name that is not there waits as long as for one that is.
const std::string& strangers_hash() {
  static const std::string hash = hash_pin(random_token());
  return hash;
}

}  // namespace

std::string SignIn::token_of(const Request& request) const {
  return cookie(request.header("cookie"), setup_.cookie);
}

std::optional<Session> SignIn::session_of(const Request& request) {
  return sessions_.find(token_of(request), std::chrono::steady_clock::now());
}

void SignIn::set_cookie(Reply& reply, const std::string& token, int seconds) const {
  reply.headers.emplace_back(
      "Set-Cookie",
      setup_.cookie + "=" + token + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds));
}

Reply SignIn::reply(const std::optional<Session>& session) {
  const std::vector<Operator> operators = read_operators(setup_.operators);
  QJsonArray names;
  for (const Operator& one : operators) names.append(text(one.name));
  return json_reply(200, compact(QJsonObject{
                             {"session", session.has_value()},
                             {"operator", session ? QJsonValue(text(session->operator_name)) : QJsonValue()},
                             {"role", session ? QJsonValue(text(to_string(session->role))) : QJsonValue()},
                             {"csrf", session ? text(session->csrf) : QString()},
                             {"pin_required", !setup_.loopback || !operators.empty()},
                             {"operators", names},
                             {"can", QJsonArray{"use", "release", "slots", "commissioning"}},
                         }));
}

Work SignIn::tell(const Request& request) {
  return [this, session = session_of(request)] { return reply(session); };
}

Work SignIn::sign_in(const Request& request) {
  return [this, request] {
    const auto body = body_of(request);
    if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
    const std::string name = text_in(std::get<QJsonObject>(body), "operator");
    if (!is_operator_name(name)) {
      return reply_of(bad_request("A name has 1 to 40 characters.", "Type or scan a name."));
    }
    const auto judged = judge(name, text_in(std::get<QJsonObject>(body), "pin"), request.peer);
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return reply_of(*refusal);
    sessions_.end(token_of(request));
    return let_in(std::get<Operator>(judged), request.peer);
  };
}

std::variant<Operator, Refusal> SignIn::judge(const std::string& name, const std::string& pin,
                                              const std::string& peer) {
  const std::vector<Operator> operators = read_operators(setup_.operators);
  if (operators.empty() && setup_.loopback) return Operator{name, Role::supervises, ""};
  const Operator* known = find_operator(operators, name);
  const auto now = std::chrono::steady_clock::now();
  if (const auto wait = by_address_.begin(peer, now); wait.count() > 0) return too_many_tries(wait);
  const std::string counted = known ? name : "";  // names that are not there are guessed as one
  if (const auto wait = by_operator_.begin(counted, now); wait.count() > 0) return too_many_tries(wait);
  const bool right = is_right_pin(known ? known->pin_hash : strangers_hash(), pin);
  if (!right || !known) return Refusal{403, "wrong-pin", "Name and PIN do not belong together.", "Try again."};
  by_operator_.was_right(name);
  by_address_.was_right(peer);
  return *known;
}

Reply SignIn::let_in(const Operator& who, const std::string& peer) {
  const std::string token = sessions_.open(who.name, who.role, std::chrono::steady_clock::now(), who.pin_hash);
  const std::optional<Session> session = sessions_.find(token, std::chrono::steady_clock::now());
  if (const auto refusal = journal_.note({*session, peer}, "signed-in", who.name, "signed in")) {
    sessions_.end(token);
    return reply_of(*refusal);
  }
  Reply made = reply(session);
  set_cookie(made, token, cookie_seconds);
  return made;
}

Work SignIn::sign_out(const Request& request) {
  return [this, request] {
    if (const std::optional<Session> session = session_of(request)) {
      sessions_.end(token_of(request));
      if (const auto refusal =
              journal_.note({*session, request.peer}, "signed-out", session->operator_name, "signed out")) {
        return reply_of(*refusal);
      }
    }
    Reply made = reply(std::nullopt);
    set_cookie(made, "", 0);
    return made;
  };
}

std::vector<std::string> SignIn::end_outdated() {
  std::vector<Operator> operators;
  bool readable = true;
  try {
    operators = read_operators(setup_.operators);
  } catch (const std::runtime_error&) {
    readable = false;  // who may be in cannot be told: nobody stays
  }
  const bool by_name = operators.empty() && setup_.loopback;
  return sessions_.keep([&](const Session& session) {
    if (!readable || by_name) return readable && session.pin_hash.empty();
    const Operator* known = find_operator(operators, session.operator_name);
    return known && known->role == session.role && known->pin_hash == session.pin_hash;
  });
}

}  // namespace station::board
