#include "reports/attempt_json.h"

#include <QDateTime>
#include <QJsonArray>
#include <chrono>
#include <cstdio>

#include "reports/json_text.h"
#include "reports/step_state.h"

namespace reports {

namespace {

QJsonValue or_null(const std::optional<bool>& fact) {
  return fact ? QJsonValue(*fact) : QJsonValue();
}
QJsonValue or_null(const std::optional<std::int64_t>& number) {
  return number ? QJsonValue(qint64{*number}) : QJsonValue();
}

QJsonValue seconds(const std::optional<db::milliseconds>& duration) {
  return duration ? QJsonValue(static_cast<double>(duration->count()) / 1000) : QJsonValue();
}

QString hexadecimal(std::int64_t value, int digits) {
  return QString("%1").arg(value, digits, 16, QChar('0'));
}

QJsonValue address(const std::optional<std::int64_t>& value) {
  return value ? QJsonValue(QString::fromStdString(address_text(*value))) : QJsonValue();
}

QJsonValue usb_id(const db::AttemptStarted& started) {
  if (!started.vendor || !started.product) return {};
  return hexadecimal(*started.vendor, 4) + ':' + hexadecimal(*started.product, 4);
}

void put_context(const db::Attempt& attempt, QJsonObject& json) {
  const db::AttemptStarted& started = attempt.started;
  json["started"] = rfc3339(started.at);
  json["job"] = text_or_null(started.job);
  json["lot"] = text_or_null(started.lot);
  json["operator"] = text_or_null(started.operator_name);
  json["usb"] = usb_id(started);
  json["release"] = started.release ? QJsonValue(hexadecimal(*started.release, 4)) : QJsonValue();
  json["product"] = text_or_null(started.product_name);
  json["station"] = text_or_null(attempt.station);
  json["installation"] = text(to_string(attempt.installation));
  if (started.recipe) {
    json["recipe"] = text(started.recipe->name);
    json["recipe_revision"] = text_or_null(started.recipe->revision);
    json["recipe_sha256"] = text(db::hex(started.recipe->sha256));
  }
  if (attempt.run) {
    json["run"] = text(to_string(attempt.run->id));
    json["software"] = text_or_null(attempt.run->software);
    json["host"] = text_or_null(attempt.run->host);
  }
}

// The serial at the start is known before any verdict lists it.
QJsonArray serials(const db::Attempt& attempt) {
  QJsonArray json;
  for (const std::string& serial : attempt.finished.serials) json.append(text(serial));
  if (json.isEmpty() && !attempt.started.serial.empty()) json.append(text(attempt.started.serial));
  return json;
}

}  // namespace

QString rfc3339(db::Time time) {
  return QString::fromStdString(rfc3339_text(time));
}

std::string rfc3339_text(db::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const int year = static_cast<int>(date.year());
  if (year < 1 || year > 9999) {
    return QDateTime::fromMSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC)
        .toString(Qt::ISODateWithMs)
        .toStdString();
  }
  const std::chrono::hh_mm_ss<db::milliseconds> clock{time - day};
  char text[] = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](int at, int digits, std::int64_t value) {
    for (int i = at + digits - 1; i >= at; --i, value /= 10) text[i] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, year);
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  put(20, 3, clock.subseconds().count());
  return text;
}

std::string address_text(std::int64_t address) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(address));
  return text;
}

QJsonValue fault_json(const std::optional<db::Fault>& fault) {
  if (!fault) return {};
  QJsonObject json;
  json["code"] = text(fault->code);
  json["about"] = text(fault->about);
  json["step"] = text_or_null(fault->step);
  json["operation"] = text_or_null(fault->operation);
  json["address"] = address(fault->address);
  json["block"] = or_null(fault->block);
  json["text"] = text(fault->text);
  return json;
}

QJsonObject step_json(const db::Step& step, const db::AttemptFinished& finished) {
  QJsonObject json;
  json["name"] = text(step.name);
  json["image"] = text(step.image->name);
  json["sha256"] = text(db::hex(step.image->sha256));
  json["address"] = address(step.address);
  json["bytes"] = qint64{step.bytes};
  json["written_bytes"] = qint64{step.written_bytes};
  json["unchanged_bytes"] = qint64{step.unchanged_bytes};
  json["erased_sectors"] = qint64{step.erased_sectors};
  json["seconds"] = seconds(step.duration);
  json["readback_sha256"] = step.readback ? QJsonValue(text(db::hex(*step.readback))) : QJsonValue();
  json["state"] = text(to_string(state_of(step, finished)));
  json["alt"] = or_null(step.alternate);
  return json;
}

QJsonObject attempt_json(const db::Attempt& attempt) {
  const db::AttemptFinished& finished = attempt.finished;
  const bool running = finished.outcome == db::Outcome::running;
  // When a crash ended an attempt is not known until the next start of the program records it.
  const QJsonValue end = attempt.open ? QJsonValue() : QJsonValue(rfc3339(finished.at));
  QJsonObject json;
  json["event"] = running ? "attempt_started" : "attempt_finished";
  json["time"] = running ? QJsonValue(rfc3339(attempt.started.at)) : end;
  json["finished"] = end;
  json["attempt"] = text(to_string(attempt.started.attempt));
  json["visit"] = text(to_string(attempt.visit.visit));
  json["number"] = qint64{attempt.started.number};
  json["port"] = text(attempt.visit.port);
  json["slot"] = text_or_null(attempt.visit.slot);
  json["outcome"] = text(to_string(finished.outcome));
  json["fault"] = fault_json(finished.fault);
  json["verified"] = or_null(finished.verified);
  json["booted"] = or_null(finished.booted);
  json["unit"] = text_or_null(finished.unit);
  json["serials"] = serials(attempt);
  json["label"] = text_or_null(attempt.label);
  json["flash_seconds"] = seconds(finished.flash);
  json["return_seconds"] = seconds(finished.back);
  json["floor_seconds"] = seconds(finished.device_time);
  QJsonArray steps;
  for (const db::Step& step : finished.steps) steps.append(step_json(step, finished));
  json["steps"] = steps;
  put_context(attempt, json);
  json["identity"] = text_or_null(finished.identity);
  return json;
}

}  // namespace reports
