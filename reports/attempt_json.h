// One attempt as JSON, as docs/formats.md, "Attempt", has it: the one place that knows its keys, for reports and
// for the events of the program alike. Pure; any thread.
//
// fields.h says what each key means.
#pragma once

#include <QJsonObject>
#include <QString>
#include <optional>
#include <string>

#include "db/reader.h"

namespace reports {

// "2026-11-22T06:00:00.000Z"
QString rfc3339(db::Time time);
std::string rfc3339_text(db::Time time);
// "0x080a0000"
std::string address_text(std::int64_t address);

// `event` is attempt_finished and `time` the end; of an attempt that is still running attempt_started and its start.
// What does not apply, or is not known, is null.
QJsonObject attempt_json(const db::Attempt& attempt);
QJsonValue fault_json(const std::optional<db::Fault>& fault);
// `finished`: the end of the attempt that it belongs to.
QJsonObject step_json(const db::Step& step, const db::AttemptFinished& finished);

}  // namespace reports
