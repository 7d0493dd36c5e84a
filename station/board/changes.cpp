#include "station/board/changes.h"

#include "station/board/body.h"
#include "station/image_json.h"

namespace station::board {

Reply Changes::pause(const Asker& asker, bool paused) {
  const auto refusal =
      journal_.note(asker, paused ? "paused" : "resumed", "line", paused ? "paused the line" : "let the line go on");
  if (refusal) return reply_of(*refusal);
  controls_.pause(paused);
  return json_reply(200, compact(QJsonObject{{"state", paused ? "paused" : "running"}}));
}

Reply Changes::stop(const Asker& asker, const Request& request) {
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  const std::string kind = text_in(std::get<QJsonObject>(body), "kind");
  if (kind != "safe" && kind != "now") return reply_of(bad_request("'" + kind + "' is no way to stop: safe, now."));
  const bool now = kind == "now";
  const auto refusal =
      journal_.note(asker, "stopped", "line", now ? "stopped the line at once" : "stopped the line at a safe point");
  if (refusal) return reply_of(*refusal);
  controls_.stop(now ? scheduler::StopKind::at_once : scheduler::StopKind::safe_point);
  return json_reply(200, compact(QJsonObject{{"state", now ? "stopping-now" : "stopping"}}));
}

}  // namespace station::board
