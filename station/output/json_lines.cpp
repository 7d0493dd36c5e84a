#include "station/output/json_lines.h"

#include <cmath>

#include "reports/attempt_json.h"
#include "reports/json_text.h"
#include "station/record/image_json.h"
#include "station/text.h"
#include "station/version.h"

namespace station {

namespace {

// Twice a second per unit is what a person can follow and what a program needs.
constexpr std::chrono::milliseconds progress_interval{500};

using reports::text;
using reports::text_or_null;

double rounded(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

QJsonObject event_at(const char* name, db::Time at) {
  return {{"event", name}, {"time", reports::rfc3339(at)}};
}

QJsonObject event_now(const char* name) {
  return event_at(name, db::now());
}

void add_place(QJsonObject& object, const dfu::PortPath& port, const std::string& slot) {
  object["port"] = text(port.text);
  object["slot"] = text_or_null(slot);
}

void add_unit(QJsonObject& object, const dfu::UnitInfo& unit) {
  object["usb"] = text(dfu::to_string(unit.id));
  object["release"] = text(dfu::hex_address(unit.release).substr(6));
  object["serial"] = text_or_null(unit.serial);
  object["product"] = text_or_null(unit.product);
}

}  // namespace

void JsonLines::started(const RunFacts& facts) {
  QJsonObject object = event_now("run_started");
  object["version"] = text(version());
  object["station"] = text(facts.station);
  const config::Recipe* recipe = facts.recipe.get();
  object["recipe"] = recipe ? QJsonValue(text(recipe->name)) : QJsonValue();
  object["revision"] = recipe ? text_or_null(recipe->revision) : QJsonValue();
  object["recipe_file"] = recipe ? QJsonValue(text(recipe->file)) : QJsonValue();
  object["recipe_sha256"] = recipe ? QJsonValue(text(dfu::to_hex(recipe->sha256))) : QJsonValue();
  object["line"] = text(facts.line);
  object["database"] = text_or_null(facts.database);
  object["log"] = text_or_null(facts.log);
  object["board"] = text_or_null(facts.board.value_or(""));
  object["dry_run"] = facts.dry_run;
  out_.line(compact(object));
}

void JsonLines::stopping(scheduler::StopKind kind) {
  QJsonObject object = event_now("stopping");
  object["at_once"] = kind == scheduler::StopKind::at_once;
  out_.line(compact(object));
}

void JsonLines::ended(const RunEnd& end) {
  QJsonObject object = event_now("summary");
  object["units"] = end.totals.units;
  object["passed"] = end.totals.passed;
  object["already"] = end.totals.already;
  object["failed"] = end.totals.failed;
  object["error"] = end.totals.error;
  object["cancelled"] = end.totals.cancelled;
  object["attempts"] = end.totals.attempts;
  object["seconds"] = rounded(end.seconds);
  object["stopped"] = end.stopped;
  object["records_lost"] = end.totals.records_lost;
  object["records_problem"] = text_or_null(end.records_problem);
  out_.line(compact(object));
}

void JsonLines::on(const scheduler::Event& event, scheduler::WallTime at) {
  at_ = at;
  std::visit([this](const auto& each) { on_event(each); }, event);
}

void JsonLines::on_event(const scheduler::UnitArrived& event) {
  QJsonObject object = event_at("unit_arrived", at_);
  add_place(object, event.unit.port, event.slot);
  add_unit(object, event.unit);
  object["ours"] = event.ours;
  object["unfit"] = text_or_null(event.unfit);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::UnitLeft& event) {
  QJsonObject object = event_at("unit_left", at_);
  add_place(object, event.port, event.slot);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::VisitBegan& event) {
  QJsonObject object = event_at("visit_started", at_);
  object["visit"] = text(event.visit);
  add_place(object, event.port, event.slot);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::VisitOver& event) {
  QJsonObject object = event_at("visit_ended", at_);
  object["visit"] = text(event.visit);
  add_place(object, event.port, event.slot);
  object["never_begun"] = event.never_begun;
  out_.line(compact(object));
}

// The end of the wait is the beginning of the attempt, or of nothing.
void JsonLines::on_event(const scheduler::UnitWaits& event) {
  if (!event.wait) return;
  QJsonObject object = event_at("unit_waits", at_);
  add_place(object, event.port, event.slot);
  object["for"] = text(to_string(event.wait->what));
  object["hub"] = text_or_null(event.wait->hub.text);
  out_.line_unless_behind(compact(object));
}

void JsonLines::on_event(const scheduler::AttemptBegan& event) {
  const scheduler::AttemptStarted& started = event.started;
  QJsonObject object = event_at("attempt_started", at_);
  object["attempt"] = text(started.attempt);
  object["visit"] = text(started.visit);
  object["number"] = started.number;
  add_place(object, started.port, started.slot);
  add_unit(object, started.unit);
  object["recipe"] = text(started.recipe->name);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::Progress& event) {
  const Wall::time_point now = Wall::now();
  const auto [last, first] = last_progress_.try_emplace(event.attempt, now);
  if (!first && now - last->second < progress_interval) return;
  last->second = now;
  QJsonObject object = event_at("progress", at_);
  object["attempt"] = text(event.attempt);
  add_place(object, event.port, event.slot);
  object["phase"] = text(to_string(event.phase));
  object["step"] = text_or_null(event.step);
  object["fraction"] = rounded(event.fraction);
  object["left_seconds"] = rounded(event.left_seconds);
  out_.line_unless_behind(compact(object));
}

void JsonLines::on_event(const scheduler::AttemptEnded& event) {
  last_progress_.erase(event.finished.started.attempt);
  out_.line(compact(reports::attempt_json(rows_.attempt(event.finished, event.began, event.at))));
}

void JsonLines::on_event(const scheduler::Judged& event) {
  QJsonObject object = event_at("judged", at_);
  add_place(object, event.unit.port, event.slot);
  add_unit(object, event.unit);
  object["refused"] = event.refusal.has_value();
  object["code"] = event.refusal ? QJsonValue(text(dfu::to_string(event.refusal->code))) : QJsonValue();
  object["text"] = event.refusal ? QJsonValue(text(sentence(*event.refusal))) : QJsonValue();
  object["bytes_to_write"] = static_cast<qint64>(event.bytes_to_write);
  object["floor_seconds"] = rounded(event.floor_seconds);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::VerdictReached& event) {
  QJsonObject object = event_at("verdict", at_);
  add_place(object, event.port, event.slot);
  object["outcome"] = text(scheduler::to_string(event.outcome));
  object["attempts"] = event.attempts;
  object["advice"] = text_or_null(event.advice);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::Remarked& event) {
  QJsonObject object = event_at("remark", at_);
  object["kind"] = text(to_string(event.remark.kind));
  object["attempt"] = text_or_null(event.remark.attempt);
  object["about"] = text_or_null(event.remark.about);
  object["text"] = text(english(event.remark));
  object["code"] = text(to_string(event.remark.code));
  object["values"] = values_json(event.remark.values);
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::UnitMade& event) {
  QJsonObject object = event_at("unit_made", at_);
  object["left"] = event.left;
  out_.line(compact(object));
}

void JsonLines::on_event(const scheduler::JobTaken& event) {
  QJsonObject object = event_at("job_taken", at_);
  object["job"] = text_or_null(event.job ? event.job->order : "");
  object["left"] = event.left;
  object["without_order"] = event.without_order;
  out_.line(compact(object));
}

}  // namespace station
