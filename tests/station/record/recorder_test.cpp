#include "station/record/recorder.h"

#include <filesystem>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include "db/reader.h"
#include "db/signature.h"
#include "db/verify.h"
#include "tests/station/program.h"
#include "tests/station/sample_values.h"

namespace station {
namespace {

using testing::HasSubstr;

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
    recorder.record(std::move(record), db::now(), [&answer](bool committed) { answer.set_value(committed); });
    return answer.get_future().get();
  }

  scheduler::VisitStarted visit_of(const scheduler::AttemptStarted& started) {
    return {started.visit, started.port, started.slot};
  }

  ProgramFolder folder_;
  std::string path_ = folder_.path("r.db");
  db::UuidGenerator uuids_;
  spdlog::logger logger_{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
};

TEST_F(Recording, ARecordIsReadableWhenItIsAcknowledged) {
  const auto store = open();
  StoreRecorder recorder(*store, {"line-3", store->installation(), nullptr, "Li Wei"}, logger_);
  const scheduler::AttemptStarted started = sample_start("1-1.2", uuids_);
  EXPECT_TRUE(answered(recorder, visit_of(started)));
  std::promise<std::size_t> seen;
  recorder.record(started, db::now(), [&](bool committed) {
    EXPECT_TRUE(committed);
    seen.set_value(db::Reader(path_).attempts().size());
  });
  EXPECT_EQ(seen.get_future().get(), 1u);
}

TEST_F(Recording, ARemarkIsAnEventOfItsAttemptOrOfNone) {
  const scheduler::AttemptStarted started = sample_start("1-1.2", uuids_);
  {
    const auto store = open();
    StoreRecorder recorder(*store, {"line-3", store->installation(), nullptr, ""}, logger_);
    answered(recorder, visit_of(started));
    answered(recorder, started);
    using scheduler::RemarkCode;
    EXPECT_TRUE(answered(recorder, make_remark(RemarkCode::id_again, started.attempt, "3b00",
                                               {{"unit", "3b00"}, {"there", "A1"}, {"there_is", "slot"}})));
    EXPECT_TRUE(answered(recorder, make_remark(RemarkCode::hub_good, "", "1-1")));
  }
  const auto of_attempt = db::Reader(path_).events(db::parse_uuid(started.attempt));
  ASSERT_EQ(of_attempt.size(), 1u);
  EXPECT_EQ(of_attempt[0].kind, "duplicate-id");
  EXPECT_EQ(of_attempt[0].about, "3b00");
  EXPECT_EQ(of_attempt[0].text, "Unit 3b00 was here before, in slot A1: it is flashed again, or it is a copy.");
  EXPECT_EQ(db::Reader(path_).events().size(), 2u);
}

TEST_F(Recording, EveryFactOfAnAttemptComesBackFromTheRecord) {
  const scheduler::AttemptFinished finished = sample_failure(sample_start("1-1.2", uuids_));
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
    const scheduler::AttemptStarted started = sample_start("1-1." + std::to_string(i), uuids_);
    recorder.record(visit_of(started), db::now(), [](bool) {});
    recorder.record(started, db::now(), [&order, port = started.port.text](bool committed) {
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
  const scheduler::AttemptStarted good = sample_start("1-1.1", uuids_);
  EXPECT_TRUE(answered(recorder, visit_of(good)));
  EXPECT_EQ(recorder.problem(), "");
  // An attempt of a visit that nobody recorded breaks a rule of the schema.
  EXPECT_FALSE(answered(recorder, sample_start("1-1.2", uuids_)));
  EXPECT_NE(recorder.problem(), "");
  EXPECT_FALSE(answered(recorder, good));
  recorder.close();
  EXPECT_TRUE(db::Reader(path_).attempts().empty());
}

TEST_F(Recording, RecordsAfterTheEndAreRefusedAtOnce) {
  const auto store = open();
  StoreRecorder recorder(*store, {}, logger_);
  recorder.close();
  EXPECT_FALSE(answered(recorder, visit_of(sample_start("1-1.1", uuids_))));
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
      finished.started = sample_start("1-1.1", uuids);
      finished.started.recipe = sample_recipe();
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

// What people add while the line runs.
class Door : public Recording {
 protected:
  void SetUp() override {
    store_ = open();
    RecordContext context{"line-3", store_->installation(), nullptr, "Li Wei"};
    recorder_ = std::make_unique<StoreRecorder>(*store_, context, logger_);
  }
  // One unit in `port`, in and out with a verdict.
  scheduler::AttemptStarted visited(const std::string& port, const std::string& slot, const std::string& unit = "") {
    scheduler::AttemptStarted started = sample_start(port, uuids_);
    started.slot = slot;
    EXPECT_TRUE(answered(*recorder_, visit_of(started)));
    EXPECT_TRUE(answered(*recorder_, started));
    scheduler::AttemptFinished finished = sample_pass(started);
    if (!unit.empty()) finished.unit = unit;
    EXPECT_TRUE(answered(*recorder_, finished));
    return started;
  }
  EntryResult enter(Entry entry) { return enter_and_wait(*recorder_, std::move(entry)); }
  std::string refusal(Entry entry) {
    const EntryResult result = enter(std::move(entry));
    const auto* refused = std::get_if<Refused>(&result);
    return refused ? refused->sentence : std::string();
  }
  std::vector<std::string> visits_labelled(const std::string& label) {
    db::Filter filter;
    filter.unit = label;
    std::vector<std::string> visits;
    for (const db::Attempt& attempt : db::Reader(path_).attempts(filter)) {
      visits.push_back(db::to_string(attempt.visit.visit));
      EXPECT_EQ(attempt.label, label);
    }
    return visits;
  }

  std::unique_ptr<db::Store> store_;
  std::unique_ptr<StoreRecorder> recorder_;
};

TEST_F(Door, EntriesOfManyThreadsComeBetweenTheAttemptsAndEveryOneOfThemIsOnRecord) {
  constexpr int threads = 4, each = 25;
  std::vector<std::jthread> people;
  for (int person = 0; person < threads; ++person) {
    people.emplace_back([this, person] {
      for (int i = 0; i < each; ++i) {
        EventEntry note;
        note.event.kind = "remark";
        note.event.about = std::to_string(person);
        EXPECT_TRUE(std::holds_alternative<OnRecord>(enter(note)));
      }
    });
  }
  for (int unit = 1; unit <= each; ++unit) visited("1-1." + std::to_string(unit), "");
  people.clear();
  EXPECT_EQ(db::Reader(path_).events().size(), static_cast<std::size_t>(threads * each));
  EXPECT_EQ(db::Reader(path_).attempts().size(), static_cast<std::size_t>(each));
  recorder_.reset();
  store_.reset();
  EXPECT_TRUE(db::verify_chain(path_).sound());
}

TEST_F(Door, AnEntryIsCheckedAgainstTheRecordsThatWereGivenBeforeIt) {
  const scheduler::AttemptStarted started = sample_start("1-1.2", uuids_);
  recorder_->record(visit_of(started), db::now(), [](bool) {});
  recorder_->record(started, db::now(), [](bool) {});
  EXPECT_EQ(refusal(PairLabel{"SN-1", LastIn{"A2"}, "Eve"}), "");
  EXPECT_EQ(visits_labelled("SN-1"), std::vector{started.visit});
}

TEST_F(Door, ARefusedEntryTakesNoRecordWithIt) {
  const scheduler::AttemptStarted started = sample_start("1-1.2", uuids_);
  std::promise<bool> before, after;
  recorder_->record(visit_of(started), db::now(), [&](bool committed) { before.set_value(committed); });
  EventEntry note;
  note.event.kind = "remark";
  note.event.attempt = uuids_.next();  // of which nobody knows
  std::promise<EntryResult> entry;
  recorder_->enter(note, [&](EntryResult result) { entry.set_value(std::move(result)); });
  recorder_->record(started, db::now(), [&](bool committed) { after.set_value(committed); });
  EXPECT_TRUE(std::holds_alternative<Refused>(entry.get_future().get()));
  EXPECT_TRUE(before.get_future().get());
  EXPECT_TRUE(after.get_future().get());
  EXPECT_EQ(recorder_->problem(), "");
}

TEST_F(Door, AnEntryMayBeMadeFromInsideAnAnswer) {
  std::promise<EntryResult> second;
  EventEntry note;
  note.event.kind = "remark";
  recorder_->enter(note, [&](EntryResult) {
    recorder_->enter(note, [&](EntryResult result) { second.set_value(std::move(result)); });
  });
  EXPECT_TRUE(std::holds_alternative<OnRecord>(second.get_future().get()));
}

TEST_F(Door, AfterALostRecordAndAfterTheEndEntriesAreRefusedWithTheReason) {
  EXPECT_FALSE(answered(*recorder_, sample_start("1-1.9", uuids_)));
  EventEntry note;
  note.event.kind = "remark";
  EXPECT_THAT(refusal(note), HasSubstr("records cannot be written"));
  recorder_->close();
  EXPECT_THAT(refusal(note), HasSubstr("the run has ended"));
  EXPECT_TRUE(db::Reader(path_).events().empty());
}

TEST_F(Door, ALabelIsPairedOnceWithOneUnit) {
  const auto first = visited("1-1.2", "A2"), second = visited("1-1.3", "A3");
  EXPECT_EQ(refusal(PairLabel{"SN-1", LastIn{"A2"}, "Eve"}), "");
  EXPECT_THAT(refusal(PairLabel{"SN-1", LastIn{"A3"}, "Eve"}), HasSubstr("was given to the unit in A2"));
  EXPECT_THAT(refusal(PairLabel{"SN-2", LastIn{"A2"}, "Eve"}), HasSubstr("has the label SN-1 already"));
  const EntryResult again = enter(PairLabel{"SN-1", ThisVisit{*db::parse_uuid(first.visit)}, "Eve"});
  EXPECT_TRUE(std::get<OnRecord>(again).was_there);
  EXPECT_EQ(visits_labelled("SN-1"), std::vector{first.visit});
  EXPECT_EQ(refusal(PairLabel{"SN-1", LastIn{"1-1.3"}, "Eve", true}), "") << "a mistake is put right";
  EXPECT_EQ(visits_labelled("SN-1"), std::vector{second.visit});
  EXPECT_EQ(refusal(PairLabel{"SN-2", LastIn{"A2"}, "Eve"}), "") << "the first is free again";
  EXPECT_EQ(visits_labelled("SN-2"), std::vector{first.visit});
  EXPECT_EQ(refusal(PairLabel{"SN-3", LastIn{"A2"}, "Eve", true}), "");
  EXPECT_TRUE(visits_labelled("SN-2").empty());
}

TEST_F(Door, AUnitThatComesBackKeepsItsLabelInBothVisits) {
  const auto first = visited("1-1.2", "A2", "3b00"), second = visited("1-1.3", "A3", "3b00");
  EXPECT_EQ(refusal(PairLabel{"SN-1", ThisAttempt{*db::parse_uuid(first.attempt)}, "Eve"}), "");
  EXPECT_EQ(refusal(PairLabel{"SN-1", ThisUnit{"3b00"}, "Eve"}), "") << "the last visit of that unit";
  EXPECT_EQ(visits_labelled("SN-1"), (std::vector{first.visit, second.visit}));
}

TEST_F(Door, ALabelIsWhatAScannerReads) {
  visited("1-1.2", "A2");
  EXPECT_THAT(refusal(PairLabel{"", LastIn{"A2"}}), HasSubstr("empty"));
  EXPECT_THAT(refusal(PairLabel{"SN\r", LastIn{"A2"}}), HasSubstr("cannot be shown"));
  EXPECT_THAT(refusal(PairLabel{std::string(201, 'x'), LastIn{"A2"}}), HasSubstr("longer"));
  EXPECT_THAT(refusal(PairLabel{"SN-1", LastIn{"B9"}}), HasSubstr("slot or port B9"));
  EXPECT_THAT(refusal(PairLabel{"SN-1", ThisUnit{"3b77"}}), HasSubstr("3b77"));
  EXPECT_THAT(refusal(PairLabel{"SN-1", ThisVisit{uuids_.next()}}), HasSubstr("visit"));
}

TEST_F(Door, ADecisionIsAboutTheUnitWhereItsIdIsKnownElseAboutTheAttempt) {
  const auto known = visited("1-1.2", "A2", "3b00"), unknown = visited("1-1.3", "A3");
  EXPECT_EQ(refusal(PairLabel{"SN-2", LastIn{"A3"}}), "");
  EXPECT_EQ(refusal(Decide{LastIn{"A2"}, db::Verdict::scrap, "Eve", "burnt"}), "");
  EXPECT_EQ(refusal(Decide{ThisUnit{"SN-2"}, db::Verdict::rework, "Eve", "loose"}), "");
  EXPECT_NE(refusal(Decide{LastIn{"A2"}, db::Verdict::scrap, "Eve", ""}), "");
  EXPECT_NE(refusal(Decide{LastIn{"A2"}, db::Verdict::scrap, "", "burnt"}), "");
  db::Reader reader(path_);
  EXPECT_EQ(reader.dispositions(uuids_.next(), "3b00").size(), 1u);
  EXPECT_EQ(reader.dispositions(*db::parse_uuid(unknown.attempt), "").size(), 1u);
  EXPECT_TRUE(reader.dispositions(*db::parse_uuid(known.attempt), "").empty());
}

TEST_F(Door, AnOrderIsOpenedOnceAndClosedWithASignatureThatHolds) {
  db::JobOpened job;
  job.order = "J-1";
  job.quantity = 3;
  EXPECT_EQ(refusal(OpenOrder{job}), "");
  EXPECT_THAT(refusal(OpenOrder{job}), HasSubstr("already"));
  const EntryResult closed = enter(CloseOrder{"J-1", "Eve", "done"});
  const OnRecord& row = std::get<OnRecord>(closed);
  const std::string& certificate = std::get<db::JobClosed>(row.row).certificate;
  EXPECT_EQ(db::check_signature(certificate, row.signature, store_->key().public_key()), db::SignatureCheck::good);
  EXPECT_EQ(db::Reader(path_).job("J-1")->closed->certificate, certificate);
  EXPECT_THAT(refusal(CloseOrder{"J-1", "Eve", ""}), HasSubstr("was closed"));
  EXPECT_THAT(refusal(CloseOrder{"J-2", "Eve", ""}), HasSubstr("no order J-2"));
}

TEST_F(Door, AUnitIsRecordedWithWhoLetsTheLineWorkElseWithTheOperatorOfTheRun) {
  for (const char* name : {"Li", ""}) {
    scheduler::AttemptStarted started = sample_start("1-1.1", uuids_);
    started.job = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{"4711", "L-7", name});
    EXPECT_TRUE(answered(*recorder_, visit_of(started)));
    EXPECT_TRUE(answered(*recorder_, started));
  }
  std::vector<std::string> operators;
  for (const db::Attempt& attempt : db::Reader(path_).attempts()) operators.push_back(attempt.started.operator_name);
  EXPECT_EQ(operators, (std::vector<std::string>{"Li", "Li Wei"}));
}

TEST_F(Door, AnOrderStaysOpenWhileAUnitIsInWorkForIt) {
  db::JobOpened job;
  job.order = "4711";
  job.quantity = 3;
  EXPECT_EQ(refusal(OpenOrder{job}), "");
  scheduler::AttemptStarted started = sample_start("1-1.1", uuids_);
  started.job = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{"4711", "L-7"});
  EXPECT_TRUE(answered(*recorder_, visit_of(started)));
  EXPECT_TRUE(answered(*recorder_, started));
  EXPECT_THAT(refusal(CloseOrder{"4711", "Eve", ""}), HasSubstr("in work for order 4711"));
  EXPECT_FALSE(db::Reader(path_).job("4711")->closed);
  EXPECT_TRUE(answered(*recorder_, sample_pass(started)));
  EXPECT_EQ(refusal(CloseOrder{"4711", "Eve", ""}), "");
  EXPECT_EQ(db::Reader(path_).job("4711")->made, 1);
}

}  // namespace
}  // namespace station
