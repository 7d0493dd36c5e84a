#include "reports/fields.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "reports/attempt_json.h"
#include "reports/beside_json.h"
#include "tests/reports/attempt.h"

namespace reports {
namespace {

std::set<QString> keys_of(const QJsonObject& json, const QString& before = {}) {
  std::set<QString> keys;
  for (auto it = json.begin(); it != json.end(); ++it) {
    if (it.key() == "steps") continue;
    if (it.key() == "fault" && it.value().isNull()) continue;
    if (it.value().isObject()) {
      keys.merge(keys_of(it.value().toObject(), before + it.key() + "."));
    } else {
      keys.insert(before + it.key());
    }
  }
  return keys;
}

std::set<QString> names_of(std::span<const Field> fields) {
  std::set<QString> names;
  for (const Field& field : fields) names.insert(field.name);
  EXPECT_EQ(names.size(), fields.size()) << "a name is there twice";
  return names;
}

TEST(Fields, EveryKeyOfAnAttemptIsSaidAndNoOther) {
  EXPECT_EQ(keys_of(attempt_json(sample::attempt(2, 1, sample::failed(2)))), names_of(attempt_fields()));
}

TEST(Fields, EveryKeyOfAStepIsSaidAndNoOther) {
  EXPECT_EQ(keys_of(step_json(sample::passed(2).steps[0], sample::passed(2))), names_of(step_fields()));
}

TEST(Fields, EveryKeyOfAnEventADecisionAndARunIsSaidAndNoOther) {
  const auto keys = [](QJsonObject json) {
    json["station"] = "line-3";
    const QStringList all = json.keys();
    return std::set<QString>(all.begin(), all.end());
  };
  EXPECT_EQ(keys(event_json({})), names_of(event_fields()));
  EXPECT_EQ(keys(disposition_json({})), names_of(disposition_fields()));
  EXPECT_EQ(keys(run_json(sample::run())), names_of(run_fields()));
}

// What the table says of a value is what JSON has.
TEST(Fields, EachKindIsThatOfTheValue) {
  const QJsonObject attempt = attempt_json(sample::attempt(2, 1, sample::failed(2)));
  const QJsonObject step = step_json(sample::passed(2).steps[0], sample::passed(2));
  const auto check = [](const Field& field, const QJsonValue& value) {
    if (value.isNull()) return;
    const std::map<std::string, QJsonValue::Type> types{{"truth", QJsonValue::Bool},    {"integer", QJsonValue::Double},
                                                        {"number", QJsonValue::Double}, {"text", QJsonValue::String},
                                                        {"time", QJsonValue::String},   {"texts", QJsonValue::Array}};
    EXPECT_EQ(types.at(field.kind), value.type()) << field.name;
  };
  for (const Field& field : attempt_fields()) {
    const QStringList path = QString(field.name).split('.');
    check(field, path.size() == 1 ? attempt[path[0]] : attempt[path[0]].toObject()[path[1]]);
  }
  for (const Field& field : step_fields()) check(field, step[field.name]);
}

TEST(Fields, ArePrintedForPeopleAndForPrograms) {
  std::ostringstream text, json;
  write_fields(text);
  write_fields_json(json);
  const auto all = QJsonDocument::fromJson(QByteArray::fromStdString(json.str())).object()["fields"].toArray();
  EXPECT_EQ(all.size(), static_cast<qsizetype>(attempt_fields().size() + step_fields().size() + event_fields().size() +
                                               disposition_fields().size() + run_fields().size()));
  for (const QJsonValue& field : all) {
    EXPECT_NE(text.str().find(field.toObject()["name"].toString().toStdString() + "\n"), std::string::npos);
    EXPECT_TRUE(field.toObject()["meaning"].toString().endsWith('.'));
  }
}

}  // namespace
}  // namespace reports
