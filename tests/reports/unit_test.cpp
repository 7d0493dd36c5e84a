#include "reports/unit.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/report.h"
#include "tests/reports/attempt.h"

namespace reports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* id = "3b002c001847353236343033";

// Visit 1: attempt 2 failed before the id was read, attempt 3 passed. Visit 4 is of another unit that showed the same
// serial: attempt 5. Visit 6: the first unit again, attempt 7 with another recipe.
class UnitTest : public testing::Test {
 protected:
  UnitTest() : store_(folder_.file(), "line-3", sample::run(), uuids_) {
    store_.append(sample::visit(1));
    store_.append(sample::started(2, 1));
    store_.append(sample::failed(2));
    store_.append(sample::started(3, 1, 2));
    store_.append(sample::passed(3));
    for (const db::Record& record : sample::beside(3, 1)) store_.append(record);
    store_.append(sample::visit(4, "B1", "1-2.1"));
    store_.append(sample::started(5, 4));
    db::AttemptFinished other = sample::passed(5);
    other.unit = "other";
    store_.append(other);
  }

  void flash_again(db::AttemptFinished finished) {
    store_.append(sample::visit(6, "C1", "1-3.1"));
    db::AttemptStarted started = sample::started(7, 6);
    auto recipe = std::make_shared<db::Recipe>(*sample::recipe("photon-0.6"));
    recipe->sha256 = sample::digest(0xCD);
    recipe->images = {sample::image(3, "new.bin")};
    started.recipe = recipe;
    store_.append(started);
    store_.append(finished);
  }

  static db::AttemptFinished new_image() {
    db::AttemptFinished finished = sample::passed(7);
    finished.steps = {sample::step("user", sample::image(3, "new.bin"), 0x08060000)};
    return finished;
  }

  UnitHistory history(const std::string& unit) {
    db::Reader reader(folder_.file());
    return read_unit(reader, unit);
  }

  static std::vector<int> attempts_of(const UnitHistory& unit) {
    std::vector<int> all;
    for (const db::Attempt& attempt : unit.attempts) all.push_back(attempt.started.attempt.bytes[15]);
    return all;
  }

  static std::vector<std::string> held_by(const UnitHistory& unit) {
    std::vector<std::string> all;
    for (const Held& held : unit.holds) all.push_back(held.image->name);
    return all;
  }

  std::vector<std::string> holders(const std::string& image) {
    db::Reader reader(folder_.file());
    std::vector<std::string> all;
    for (const Holder& holder : holders_of(reader, image)) all.push_back(holder.unit);
    return all;
  }

  sample::Folder folder_;
  db::UuidGenerator uuids_;
  db::Store store_;
};

TEST_F(UnitTest, ItsHistoryHasTheAttemptsInWhichItsIdWasNotReadYet) {
  EXPECT_THAT(attempts_of(history(id)), ElementsAre(2, 3));
  flash_again(new_image());
  EXPECT_THAT(attempts_of(history(id)), ElementsAre(2, 3, 7));
}

TEST_F(UnitTest, ItIsFoundByItsLabelAndSaysEverythingThatWasSaidOfIt) {
  const UnitHistory unit = history("SN-0001");
  EXPECT_THAT(attempts_of(unit), ElementsAre(2, 3));
  EXPECT_THAT(unit.ids, ElementsAre(id));
  EXPECT_THAT(unit.labels, ElementsAre("SN-0001"));
  EXPECT_THAT(unit.serials, ElementsAre("00000000010C", "00000000050C"));
  ASSERT_EQ(unit.dispositions.size(), 1U);
  EXPECT_EQ(unit.dispositions[0].reason, "Seen by eye.");
  ASSERT_EQ(unit.events.size(), 1U);
  EXPECT_EQ(unit.events[0].kind, "recovery");
}

TEST_F(UnitTest, WhatItHoldsIsItsLastWord) {
  EXPECT_THAT(held_by(history(id)), ElementsAre("part1.bin", "part2.bin"));
  flash_again(new_image());
  EXPECT_THAT(held_by(history(id)), ElementsAre("part1.bin", "new.bin"));
}

TEST_F(UnitTest, ASerialOfSeveralUnitsListsThemApartAndMakesNoOneHistoryOfThem) {
  const UnitHistory units = history("00000000010C");
  EXPECT_THAT(units.ids, ElementsAre(id, "other"));
  EXPECT_THAT(units.holds, IsEmpty());
  const std::vector<UnitFound> apart = units_of(units);
  ASSERT_EQ(apart.size(), 2U);
  EXPECT_EQ(apart[0].id, id) << "also the attempt before its id was read is its own";
  EXPECT_EQ(apart[0].attempts, 2U);
  EXPECT_EQ(apart[1].id, "other");
  std::ostringstream text, page, json;
  write_text(units, text);
  EXPECT_THAT(text.str(), HasSubstr("was shown by 2 different units"));
  EXPECT_THAT(text.str(), Not(HasSubstr("attempts  "))) << "no history of both";
  write_html(units, page);
  EXPECT_THAT(page.str(), HasSubstr("was shown by 2 different units"));
  EXPECT_THAT(page.str(), Not(HasSubstr("What is in it now")));
  write_json(units, json);
  EXPECT_THAT(json.str(), HasSubstr("\"units\":[{\"attempts\":2"));
}

TEST_F(UnitTest, AnImageIsHeldByThoseWhoseLastWordItIs) {
  EXPECT_THAT(holders("part2.bin"), ElementsAre(id, "other"));
  EXPECT_THAT(holders("0202"), ElementsAre(id, "other"));
  EXPECT_THAT(holders("new.bin"), IsEmpty());
  flash_again(new_image());
  EXPECT_THAT(holders("part2.bin"), ElementsAre("other"));
  EXPECT_THAT(holders("part1.bin"), ElementsAre(id, "other"));
  EXPECT_THAT(holders("new.bin"), ElementsAre(id));
}

TEST_F(UnitTest, AnAttemptThatFailedIsALastWordToo) {
  db::AttemptFinished failed = sample::failed(7);
  failed.unit = id;
  failed.steps = new_image().steps;
  failed.steps[0].readback.reset();
  flash_again(failed);
  EXPECT_THAT(holders("part2.bin"), ElementsAre("other"));
  EXPECT_THAT(holders("new.bin"), IsEmpty());
  EXPECT_THAT(held_by(history(id)), ElementsAre("part1.bin"));
}

TEST_F(UnitTest, ItsPageTellsIdentityContentsDecisionsAndEachStepWithItsHash) {
  std::ostringstream out;
  write_html(history(id), out);
  const std::string page = out.str();
  for (const std::string& text :
       {std::string(id), std::string("SN-0001"), std::string("Seen by eye."), std::string("The unit was reset."),
        db::hex(sample::digest(1)), db::hex(sample::digest(2)), std::string("verify-mismatch"), std::string("L-9")}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  EXPECT_THAT(page, HasSubstr("&#10003; read back the same"));
  EXPECT_THAT(page, HasSubstr("not read back"));
}

TEST_F(UnitTest, WhatADeviceSaidDoesNotBecomeMarkup) {
  UnitHistory unit = history(id);
  const std::string hostile = "</script><script>alert(1)</script>'\"><img src=x>";
  unit.asked = hostile;
  unit.ids = {hostile};
  unit.labels = unit.serials = {hostile};
  for (db::Attempt& attempt : unit.attempts) {
    attempt.visit.slot = attempt.station = attempt.started.job = hostile;
    for (db::Step& step : attempt.finished.steps) step.name = hostile;
  }
  for (db::Disposition& one : unit.dispositions) one.reason = one.author = hostile;
  for (db::Event& event : unit.events) event.text = event.kind = hostile;
  std::ostringstream out;
  write_html(unit, out);
  EXPECT_THAT(out.str(), Not(HasSubstr("<img")));
  EXPECT_THAT(out.str(), Not(HasSubstr("<script>alert")));
}

TEST_F(UnitTest, ItsJsonHoldsTheSame) {
  std::ostringstream out;
  write_json(history(id), out);
  const QJsonObject json = QJsonDocument::fromJson(QByteArray::fromStdString(out.str())).object();
  EXPECT_EQ(json["attempts"].toArray().size(), 2);
  EXPECT_EQ(json["attempts"].toArray()[1].toObject()["label"].toString(), "SN-0001");
  EXPECT_EQ(json["holds"].toArray()[0].toObject()["image"].toString(), "part1.bin");
  EXPECT_EQ(json["dispositions"].toArray()[0].toObject()["verdict"].toString(), "waiver");
  EXPECT_EQ(json["events"].toArray()[0].toObject()["kind"].toString(), "recovery");
}

TEST_F(UnitTest, NobodyKnowsAUnitThatWasNeverHere) {
  std::ostringstream text, page;
  write_text(history("nobody"), text);
  write_html(history("nobody"), page);
  EXPECT_THAT(text.str(), HasSubstr("No attempts."));
  EXPECT_THAT(page.str(), HasSubstr("The record knows no such unit."));
}

TEST_F(UnitTest, AJobsPageHasItsCertificateByteForByte) {
  db::Reader reader(folder_.file());
  std::ostringstream out;
  write_html(make_report(reader, {.job = "J-7"}), out);
  const std::string wanted = QByteArray("certificate").toBase64().toStdString();
  EXPECT_THAT(out.str(), HasSubstr("download='J-7.certificate' href='data:text/plain;base64," + wanted + "'"));
  EXPECT_THAT(out.str(), HasSubstr("<b>2 of 5</b> units made"));
}

}  // namespace
}  // namespace reports
