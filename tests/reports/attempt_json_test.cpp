#include "reports/attempt_json.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <gtest/gtest.h>

#include "tests/reports/attempt.h"

namespace reports {
namespace {

std::string compact(const QJsonObject& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact).toStdString();
}

TEST(AttemptJson, HasTheKeysOfTheContract) {
  const QJsonObject json = attempt_json(sample::attempt(2, 1, sample::passed(2)));
  for (const char* key : {"event", "time", "attempt", "visit", "number", "port", "slot", "outcome", "fault", "verified",
                          "booted", "unit", "serials", "flash_seconds", "return_seconds", "floor_seconds", "steps"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const char* key : {"name", "image", "sha256", "address", "bytes", "written_bytes", "unchanged_bytes",
                          "erased_sectors", "seconds", "readback_sha256", "state", "alt"}) {
    EXPECT_TRUE(json["steps"].toArray().at(0).toObject().contains(key)) << key;
  }
  EXPECT_EQ(json["steps"].toArray().size(), 2);
}

TEST(AttemptJson, TellsAPassedAttemptToTheLetter) {
  db::Attempt attempt = sample::attempt(2, 1, sample::passed(2));
  attempt.finished.steps.pop_back();
  EXPECT_EQ(
      compact(attempt_json(attempt)),
      R"({"attempt":"01930000-0000-7000-8000-000000000002","booted":true,"event":"attempt_finished","fault":null,)"
      R"("finished":"2026-11-22T06:00:09.210Z","flash_seconds":7.61,"floor_seconds":7.52,"host":"bench",)"
      R"("identity":"id",)"
      R"("installation":"01930000-0000-7000-8000-0000000000fa","job":"J-7","label":null,"lot":"L-9","number":1,)"
      R"("operator":"Ada","outcome":"passed","port":"1-1.2","product":"Photon DFU Mode","recipe":"photon-0.4.3",)"
      R"("recipe_revision":"A","recipe_sha256":")" +
          db::hex(sample::digest(0xAB)) +
          R"(","release":"0200","return_seconds":1.58,"run":"01930000-0000-7000-8000-0000000000c8",)"
          R"("serials":["00000000010C","00000000050C"],"slot":"A2","software":"0.1.0",)"
          R"("started":"2026-11-22T06:00:00.020Z","station":"line-3",)"
          R"("steps":[{"address":"0x08020000","alt":null,"bytes":248732,"erased_sectors":2,"image":"part1.bin",)"
          R"("name":"system-part1","readback_sha256":")" +
          db::hex(sample::digest(1)) + R"(","seconds":3.9,"sha256":")" + db::hex(sample::digest(1)) +
          R"(","state":"done","unchanged_bytes":0,"written_bytes":248732}],"time":"2026-11-22T06:00:09.210Z",)"
          R"("unit":"3b002c001847353236343033","usb":"2b04:d006","verified":true,)"
          R"("visit":"01930000-0000-7000-8000-000000000001"})");
}

TEST(AttemptJson, TellsTheFaultToTheLetterAndNullForWhatDoesNotApply) {
  EXPECT_EQ(compact(fault_json(sample::failed(2).fault).toObject()),
            R"({"about":"unit","address":"0x08061000","block":3,"code":"verify-mismatch","operation":"read",)"
            R"("step":"system-part2","text":"The byte at 0x08061000 reads back as 0x00 and should be 0x5a."})");
  db::Fault bare;
  bare.code = "unit-gone";
  bare.about = "cable";
  bare.text = "Gone.";
  EXPECT_EQ(compact(fault_json(bare).toObject()),
            R"({"about":"cable","address":null,"block":null,"code":"unit-gone","operation":null,"step":null,)"
            R"("text":"Gone."})");
  EXPECT_TRUE(fault_json(std::nullopt).isNull());
}

TEST(AttemptJson, WhatIsNotKnownIsNull) {
  db::Attempt attempt = sample::attempt(2, 1, sample::failed(2));
  attempt.visit.slot.clear();
  attempt.started.job.clear();
  attempt.finished.verified.reset();
  attempt.finished.flash.reset();
  const QJsonObject json = attempt_json(attempt);
  for (const char* key : {"slot", "job", "verified", "booted", "unit", "flash_seconds"}) {
    EXPECT_TRUE(json[key].isNull()) << key;
  }
  EXPECT_TRUE(json["steps"].toArray().at(0).toObject()["readback_sha256"].isNull());
}

TEST(AttemptJson, AnAttemptThatRunsHasNoEndAndNoVerdict) {
  const QJsonObject json = attempt_json(sample::open_attempt(2, 1, db::Outcome::running));
  EXPECT_EQ(json["event"].toString(), "attempt_started");
  EXPECT_EQ(json["outcome"].toString(), "running");
  EXPECT_EQ(json["time"].toString(), "2026-11-22T06:00:00.020Z");
  EXPECT_TRUE(json["finished"].isNull());
  EXPECT_TRUE(json["fault"].isNull());
  EXPECT_EQ(json["serials"].toArray().at(0).toString(), "00000000010C");
}

TEST(AttemptJson, AnAttemptThatACrashEndedSaysSo) {
  const QJsonObject json = attempt_json(sample::open_attempt(2, 1, db::Outcome::interrupted));
  EXPECT_EQ(json["event"].toString(), "attempt_finished");
  EXPECT_EQ(json["outcome"].toString(), "interrupted");
  EXPECT_TRUE(json["time"].isNull());
  EXPECT_EQ(json["fault"].toObject()["code"].toString(), "interrupted");
}

}  // namespace
}  // namespace reports
