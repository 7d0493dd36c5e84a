#include "station/board/changes.h"

#include <algorithm>
#include <future>

#include "station/board/body.h"
#include "station/board/history.h"
#include "station/live/release.h"
#include "station/record/anchor_text.h"
#include "station/record/image_json.h"

namespace station::board {

namespace {

constexpr std::size_t longest_order = 100;
constexpr std::chrono::seconds longest_wait(5);
constexpr std::int64_t most_units = std::int64_t{1} << 40;  // as `job open` takes it

Refusal no_reason(const std::string& what) {
  return bad_request(what + " for a reason of 1 to 200 characters.", "Say why.");
}

std::optional<Refusal> refuse_skip(const SlotNow& slot, const std::string& name, bool wanted) {
  if (!slot.skip) {
    if (wanted) return std::nullopt;
    return Refusal{409, "conflict", "Slot " + name + " is in use.", "There is nothing to open."};
  }
  if (slot.skip->by == Skip::By::somebody) {
    if (!wanted) return std::nullopt;
    return Refusal{409, "conflict", "Slot " + name + " is out of use already.", ""};
  }
  return Refusal{409, "conflict", "Slot " + name + " is not used, because " + slot.skip->reason + ".",
                 "Change the station file and let the line read it again."};
}

}  // namespace

Reply Changes::pause(const Asker& asker, bool paused) {
  const auto refusal =
      journal_.note(asker, paused ? "paused" : "resumed", "line", paused ? "paused the line" : "resumed the line");
  if (refusal) return reply_of(*refusal);
  controls_.pause(paused);
  return json_reply(200, compact(QJsonObject{{"state", paused ? "paused" : "running"}}));
}

Reply Changes::stop(const Asker& asker, const Request& request) {
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  const std::string kind = text_in(std::get<QJsonObject>(body), "kind");
  if (kind != "safe" && kind != "now") return reply_of(bad_request("'" + kind + "' is not a way to stop: safe, now."));
  const bool now = kind == "now";
  const auto refusal =
      journal_.note(asker, "stopped", "line", now ? "stopped the line at once" : "stopped the line at a safe point");
  if (refusal) return reply_of(*refusal);
  controls_.stop(now ? scheduler::StopKind::at_once : scheduler::StopKind::safe_point);
  return json_reply(200, compact(QJsonObject{{"state", "stopped"}}));
}

// A reason may be left out: the question that was answered names it.
Reply Changes::release(const Asker& asker, const Request& request, const SlotNow& slot) {
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  const std::string reason = text_in(std::get<QJsonObject>(body), "reason");
  if (!reason.empty() && !is_reason(reason)) return reply_of(no_reason("A slot is opened again"));
  const std::string& name = slot.name();
  if (slot.quarantine.empty()) {
    return reply_of({409, "conflict", "Slot " + name + " is in use.", "There is nothing to open."});
  }
  const std::string why = reason.empty() ? "" : " (" + reason + ")";
  if (const auto refusal = journal_.note(asker, "released", slot.port.text, "opened slot " + name + " again" + why)) {
    return reply_of(*refusal);
  }
  controls_.release(slot.port, {asker.session.operator_name, reason});
  return json_reply(200, compact(QJsonObject{{"port", QString::fromStdString(slot.port.text)}}));
}

Reply Changes::release_hub(const Asker& asker, const Request& request, const HubNow& hub) {
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  const std::string reason = text_in(std::get<QJsonObject>(body), "reason");
  if (!is_reason(reason)) return reply_of(no_reason("A hub is released"));
  const std::string& name = hub.name();
  if (!hub.trouble) {
    return reply_of({409, "conflict", "Hub " + name + " takes its full width.", "There is nothing to release."});
  }
  const std::string what = "released hub " + name + " (" + reason + ")";
  if (const auto refusal = journal_.note(asker, "released", hub.port.text, what)) return reply_of(*refusal);
  controls_.release(hub.port, {asker.session.operator_name, reason});
  return json_reply(200, compact(QJsonObject{{"port", QString::fromStdString(hub.port.text)}}));
}

Reply Changes::skip(const Asker& asker, const Request& request, const SlotNow& slot) {
  const auto parsed = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return reply_of(*refusal);
  const QJsonObject& body = std::get<QJsonObject>(parsed);
  const std::string reason = text_in(body, "reason");
  const bool wanted = body.value("skip").toBool();
  if (!body.value("skip").isBool() || (wanted && !is_reason(reason))) {
    return reply_of(no_reason("A slot is taken out of use"));
  }
  const std::string name = slot.label.empty() ? slot.port.text : slot.label;
  if (const auto refusal = refuse_skip(slot, name, wanted)) return reply_of(*refusal);
  const std::string what =
      wanted ? "took slot " + name + " out of use (" + reason + ")" : "put slot " + name + " back into use";
  if (const auto refusal = journal_.note(asker, wanted ? "skipped" : "used-again", slot.port.text, what)) {
    return reply_of(*refusal);
  }
  controls_.skip(slot.port, wanted ? std::optional(reason) : std::nullopt);
  return json_reply(200, compact(QJsonObject{{"port", QString::fromStdString(slot.port.text)}, {"skip", wanted}}));
}

Reply Changes::open_job(const Asker& asker, const Request& request,
                        const std::vector<std::shared_ptr<const config::Recipe>>& recipes) {
  const auto parsed = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return reply_of(*refusal);
  const QJsonObject& body = std::get<QJsonObject>(parsed);
  db::JobOpened job;
  job.order = text_in(body, "order");
  job.product = text_in(body, "product");
  job.lot = text_in(body, "lot");
  job.quantity = body.value("quantity").toInteger();
  job.operator_name = asker.session.operator_name;
  if (job.order.empty() || job.order.size() > longest_order || job.quantity < 1 || job.quantity > most_units) {
    return reply_of(bad_request("An order has a number and a quantity.", "Give both; the quantity is at least 1."));
  }
  if (const std::string until = text_in(body, "valid_until"); !until.empty()) {
    job.until = time_from(until);
    if (!job.until || *job.until <= db::now()) {
      return reply_of(bad_request("An order is valid until a time that is still to come, and not '" + until + "'.",
                                  "Write it as 2026-11-22T06:00:00Z, or leave it out."));
    }
  }
  if (const std::string name = text_in(body, "recipe"); !name.empty()) {
    const auto named = [&](const auto& recipe) { return recipe && recipe->name == name; };
    const auto found = std::ranges::find_if(recipes, named);
    if (found == recipes.end()) {
      return reply_of(bad_request("The line does not work by a recipe '" + name + "'.", "Choose one of the list."));
    }
    job.recipe_name = name;
    job.recipe = (*found)->sha256;
  }
  db::WorkOrder opened;
  opened.opened = job;
  opened.opened.at = db::now();
  const auto entered = journal_.enter(OpenOrder{job});
  if (const auto* refusal = std::get_if<Refusal>(&entered)) return reply_of(*refusal);
  return json_reply(200, compact(job_json(opened)));
}

std::optional<Refusal> Changes::use_job(const Asker& asker, const JobOrder& order) {
  const std::string& number = order.opened.order;
  if (const auto refusal = journal_.note(asker, "order-used", number, "let the line work for order " + number)) {
    return refusal;
  }
  return work_for(worked_by(order, asker.session.operator_name));
}

Reply Changes::work_without_order(const Asker& asker) {
  if (const auto refusal = journal_.note(asker, "order-left", "line", "let the line work without an order")) {
    return reply_of(*refusal);
  }
  const auto refusal =
      wait_for([&](const auto& done) { controls_.work_without_order(asker.session.operator_name, done); });
  return refusal ? reply_of(*refusal) : json_reply(200, compact(QJsonObject{{"without_order", true}}));
}

std::optional<Refusal> Changes::work_for(const std::optional<JobOrder>& order) {
  return wait_for([&](const auto& done) { controls_.work_for(order, done); });
}

// The line may end just now, and never answer.
std::optional<Refusal> Changes::wait_for(const std::function<void(const std::function<void()>& done)>& change) const {
  const auto taken = std::make_shared<std::promise<void>>();
  std::future<void> done = taken->get_future();
  change([taken] { taken->set_value(); });
  if (done.wait_for(longest_wait) == std::future_status::ready) return std::nullopt;
  return Refusal{503, "busy", "The line does not answer.", "Check whether it still runs."};
}

// The line stops working for it first, so that no unit is made that its certificate does not name.
Reply Changes::close_job(const Asker& asker, const Request& request, const std::string& order, bool current) {
  const auto body = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&body)) return reply_of(*refusal);
  if (current) {
    if (const auto refusal = work_for(std::nullopt)) return reply_of(*refusal);
  }
  const auto entered =
      journal_.enter(CloseOrder{order, asker.session.operator_name, text_in(std::get<QJsonObject>(body), "reason")});
  if (const auto* refusal = std::get_if<Refusal>(&entered)) return reply_of(*refusal);
  const auto* closed = std::get_if<db::JobClosed>(&std::get<OnRecord>(entered).row);
  return json_reply(
      200, compact(QJsonObject{
               {"order", QString::fromStdString(order)},
               {"state", "closed"},
               {"certificate", closed ? QJsonValue(QString::fromStdString(closed->certificate)) : QJsonValue()},
           }));
}

Reply Changes::decide(const Asker& asker, const Request& request) {
  const auto parsed = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return reply_of(*refusal);
  const QJsonObject& body = std::get<QJsonObject>(parsed);
  const auto attempt = db::parse_uuid(text_in(body, "attempt"));
  const auto verdict = db::parse_verdict(text_in(body, "kind"));
  const std::string reason = text_in(body, "reason");
  if (!attempt || !verdict || reason.empty()) {
    return reply_of(bad_request("A decision names an attempt, one of rework, scrap, waiver, comment, and a reason.",
                                "Give all three."));
  }
  const auto entered = journal_.enter(Decide{ThisAttempt{*attempt}, *verdict, asker.session.operator_name, reason});
  if (const auto* refusal = std::get_if<Refusal>(&entered)) return reply_of(*refusal);
  return json_reply(200, "{}");
}

Reply Changes::pair_label(const Asker& asker, const Request& request,
                          const std::function<void(const db::Labelled&)>& paired) {
  const auto parsed = body_of(request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return reply_of(*refusal);
  const QJsonObject& body = std::get<QJsonObject>(parsed);
  const std::string label = text_in(body, "label"), slot = text_in(body, "slot");
  if (label.empty() || slot.empty()) return reply_of(bad_request("A label and a slot belong together.", "Scan both."));
  const auto entered = journal_.enter(PairLabel{label, LastIn{slot}, asker.session.operator_name,
                                                body.value("again").toBool(), controls_.label_pattern});
  if (const auto* refusal = std::get_if<Refusal>(&entered)) return reply_of(*refusal);
  const OnRecord& done = std::get<OnRecord>(entered);
  QJsonObject json{{"label", QString::fromStdString(label)}, {"slot", QString::fromStdString(slot)}};
  json["was_there"] = done.was_there;
  if (const auto* row = std::get_if<db::Labelled>(&done.row)) {
    paired(*row);
    json["visit"] = QString::fromStdString(db::to_string(row->visit));
  }
  return json_reply(200, compact(json));
}

}  // namespace station::board
