#include "station/recorder.h"

#include <filesystem>
#include <future>

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include "db/reader.h"
#include "tests/station/made_up.h"
#include "tests/station/program.h"

namespace station {
namespace {

class Recording : public testing::Test {
 protected:
  std::unique_ptr<db::Store> open() {
    db::Run run;
    run.at = db::now();
    run.id = uuids_.next();
    run.command = "flash";
    run.software = "test";
    return std::make_unique<db::Store>(path_, "line-3", run, uuids_);
  }

  static bool answered(StoreRecorder& recorder, scheduler::Record record) {
    std::promise<bool> answer;
    recorder.record(std::move(record), [&answer](bool committed) { answer.set_value(committed); });
    return answer.get_future().get();
  }

  scheduler::VisitStarted visit_of(const scheduler::AttemptStarted& started) {
    return {started.visit, started.port, started.slot};
  }

  Desk desk_;
  std::string path_ = desk_.path("r.db");
  db::UuidGenerator uuids_;
  spdlog::logger logger_{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
};

TEST_F(Recording, ARecordIsReadableWhenItIsAcknowledged) {
  const auto store = open();
  StoreRecorder recorder(*store, {"line-3", store->installation(), nullptr, "Li Wei"}, logger_);
  const scheduler::AttemptStarted started = made_up_start("1-1.2", uuids_);
  EXPECT_TRUE(answered(recorder, visit_of(started)));
  std::promise<std::size_t> seen;
  recorder.record(started, [&](bool committed) {
    EXPECT_TRUE(committed);
    seen.set_value(db::Reader(path_).attempts().size());
  });
  EXPECT_EQ(seen.get_future().get(), 1u);
}

TEST_F(Recording, ARemarkIsAnEventOfItsAttemptOrOfNone) {
  const scheduler::AttemptStarted started = made_up_start("1-1.2", uuids_);
  {
    const auto store = open();
    StoreRecorder recorder(*store, {"line-3", store->installation(), nullptr, ""}, logger_);
    answered(recorder, visit_of(started));
    answered(recorder, started);
    EXPECT_TRUE(
        answered(recorder, scheduler::Remark{scheduler::RemarkKind::duplicate_id, started.attempt, "3b00", "Twice."}));
    EXPECT_TRUE(answered(recorder, scheduler::Remark{scheduler::RemarkKind::slowed, "", "1-1", "Fewer."}));
  }
  const auto of_attempt = db::Reader(path_).events(db::parse_uuid(started.attempt));
  ASSERT_EQ(of_attempt.size(), 1u);
  EXPECT_EQ(of_attempt[0].kind, "duplicate-id");
  EXPECT_EQ(of_attempt[0].about, "3b00");
  EXPECT_EQ(of_attempt[0].text, "Twice.");
  EXPECT_EQ(db::Reader(path_).events().size(), 2u);
}

TEST_F(Recording, EveryFactOfAnAttemptComesBackFromTheRecord) {
  const scheduler::AttemptFinished finished = made_up_failure(made_up_start("1-1.2", uuids_));
  {
    const auto store = open();
    StoreRecorder recorder(*store, {"line-3", store->installation(), nullptr, "Li Wei"}, logger_);
    answered(recorder, visit_of(finished.started));
    answered(recorder, finished.started);
    EXPECT_TRUE(answered(recorder, finished));
    EXPECT_TRUE(answered(recorder, scheduler::VisitEnded{finished.started.visit}));
  }
  const std::vector<db::Attempt> attempts = db::Reader(path_).attempts();
  ASSERT_EQ(attempts.size(), 1u);
  const db::Attempt& attempt = attempts.front();
  EXPECT_EQ(attempt.visit.port, "1-1.2");
  EXPECT_EQ(attempt.visit.slot, "A2");
  EXPECT_EQ(attempt.started.operator_name, "Li Wei");
  EXPECT_EQ(attempt.started.vendor, 0x2B04);
  EXPECT_EQ(attempt.started.product, 0xD006);
  EXPECT_EQ(attempt.started.release, 0x0200);
  EXPECT_EQ(attempt.started.serial, "00000000010C");
  EXPECT_EQ(attempt.started.recipe->name, "made-up");
  EXPECT_EQ(attempt.started.recipe->text, "[recipe]\n");
  ASSERT_EQ(attempt.started.recipe->images.size(), 1u);
  EXPECT_EQ(attempt.started.recipe->images[0]->name, "user.bin");
  EXPECT_EQ(attempt.finished.outcome, db::Outcome::failed);
  EXPECT_EQ(attempt.finished.verified, false);
  EXPECT_FALSE(attempt.finished.booted);
  EXPECT_EQ(attempt.finished.flash, db::milliseconds(7611));
  ASSERT_TRUE(attempt.finished.fault);
  EXPECT_EQ(attempt.finished.fault->code, "verify-mismatch");
  EXPECT_EQ(attempt.finished.fault->about, "unit");
  EXPECT_EQ(attempt.finished.fault->operation, "read");
  EXPECT_EQ(attempt.finished.fault->address, 0x080A0123);
  EXPECT_EQ(attempt.finished.fault->block, 3);
  ASSERT_EQ(attempt.finished.steps.size(), 1u);
  EXPECT_EQ(attempt.finished.steps[0].written_bytes, 900);
  EXPECT_EQ(attempt.finished.steps[0].readback, dfu::Sha256{5});
}

TEST_F(Recording, RecordsOfManyPortsAreAllAcknowledgedInOrder) {
  const auto store = open();
  std::vector<std::string> order;
  std::vector<std::string> expected;
  StoreRecorder recorder(*store, {}, logger_);
  for (int i = 1; i <= 100; ++i) {
    const scheduler::AttemptStarted started = made_up_start("1-1." + std::to_string(i), uuids_);
    recorder.record(visit_of(started), [](bool) {});
    recorder.record(started, [&order, port = started.port.text](bool committed) {
      EXPECT_TRUE(committed);
      order.push_back(port);
    });
    expected.push_back(started.port.text);
  }
  recorder.close();
  EXPECT_EQ(order, expected);
  EXPECT_EQ(db::Reader(path_).attempts().size(), 100u);
}

TEST_F(Recording, AfterALostRecordNothingIsAcknowledgedAnyMore) {
  const auto store = open();
  StoreRecorder recorder(*store, {}, logger_);
  const scheduler::AttemptStarted good = made_up_start("1-1.1", uuids_);
  EXPECT_TRUE(answered(recorder, visit_of(good)));
  EXPECT_EQ(recorder.problem(), "");
  // An attempt of a visit that nobody recorded breaks a rule of the schema.
  EXPECT_FALSE(answered(recorder, made_up_start("1-1.2", uuids_)));
  EXPECT_NE(recorder.problem(), "");
  EXPECT_FALSE(answered(recorder, good));
  recorder.close();
  EXPECT_TRUE(db::Reader(path_).attempts().empty());
}

TEST_F(Recording, RecordsAfterTheEndAreRefusedAtOnce) {
  const auto store = open();
  StoreRecorder recorder(*store, {}, logger_);
  recorder.close();
  EXPECT_FALSE(answered(recorder, visit_of(made_up_start("1-1.1", uuids_))));
}

// A station that reads its recipe again and again would keep the images of all of them. Record and output each have
// rows of their own.
TEST(RecordRows, ARecipeAndItsImagesAreLetGoWhenNobodyWorksByThemAnyMore) {
  db::UuidGenerator uuids;
  RecordRows recorded({}), printed({});
  for (int i = 0; i < 3; ++i) {
    std::weak_ptr<const config::Recipe> recipe;
    std::weak_ptr<const dfu::Image> image;
    {
      scheduler::AttemptFinished finished;
      finished.started = made_up_start("1-1.1", uuids);
      finished.started.recipe = made_up_recipe();
      recipe = finished.started.recipe;
      image = finished.started.recipe->layout.steps[0].image;
      finished.steps = {{.name = "user", .image = image.lock(), .readback = {}}};
      for (RecordRows* rows : {&recorded, &printed}) {
        const auto started = std::get<db::AttemptStarted>(rows->row(finished.started, db::now()));
        EXPECT_EQ(std::get<db::AttemptStarted>(rows->row(finished.started, db::now())).recipe, started.recipe)
            << "translated once";
        const auto ended = std::get<db::AttemptFinished>(rows->row(finished, db::now()));
        EXPECT_EQ(ended.steps[0].image, started.recipe->images[0]);
      }
    }
    EXPECT_TRUE(recipe.expired());
    EXPECT_TRUE(image.expired());
  }
}

}  // namespace
}  // namespace station
