#include "station/record/partial_flashes_at_start.h"

#include <map>

#include <gtest/gtest.h>

#include "dfu/particle/identity.h"
#include "tests/db/sample.h"

namespace station {
namespace {

const std::string id = "3b002c001847353236343033";

// Attempts of a record, in order.
class PartialFlashesAtStartTest : public testing::Test {
 protected:
  void begin_run() {
    store_.reset();
    db::Run run = sample::run();
    run.id = uuids_.next();
    store_ = std::make_unique<db::Store>(folder_.file(), "line-3", run, uuids_);
  }
  void begin_visit() { visits_.clear(); }  // on every port

  db::Uuid begins(const std::string& port, const std::string& serial = sample::started(0, 0).serial) {
    const auto [visit, is_new] = visits_.try_emplace(port, Visit{uuids_.next()});
    if (is_new) store_->append(db::VisitStarted{visit->second.id, sample::at(), port, ""});
    db::AttemptStarted started = sample::started(0, 0, ++visit->second.attempts);
    started.attempt = uuids_.next();
    started.visit = visit->second.id;
    started.serial = serial;
    store_->append(started);
    return started.attempt;
  }
  void fails(const std::string& port, const std::string& unit, const std::string& operation,
             std::optional<bool> verified = false) {
    db::AttemptFinished end = sample::failed(0);
    end.attempt = begins(port);
    end.verified = verified;
    end.unit = unit;
    end.fault = db::Fault{"io-error", "cable", "user", operation, {}, {}, {}};
    store_->append(end);
  }
  void ends(const std::string& port, const std::string& unit, db::Outcome outcome, std::optional<bool> verified) {
    db::AttemptFinished end = sample::passed(0);
    end.attempt = begins(port);
    if (outcome == db::Outcome::running) return;
    end.outcome = outcome;
    end.verified = verified;
    end.unit = unit;
    store_->append(end);
  }
  std::vector<std::string> units() const {
    std::vector<std::string> all;
    for (const auto& unit : partial_flashes_at_start(folder_.file())) {
      all.push_back(unit.port.text + " " + unit.unit.value_or("-") + (unit.last_run ? " new" : ""));
    }
    return all;
  }
  void SetUp() override {
    begin_run();
    begin_visit();
  }

  using Units = std::vector<std::string>;
  struct Visit {
    db::Uuid id;
    std::int64_t attempts = 0;
  };
  sample::Folder folder_;
  db::UuidGenerator uuids_;
  std::unique_ptr<db::Store> store_;
  std::map<std::string, Visit> visits_;  // by port
};

TEST_F(PartialFlashesAtStartTest, WithoutReadBackOnlyAWriteThatWasNotCutShortIsWhole) {
  fails("1-1.1", "", "write", std::nullopt);
  fails("1-1.2", id, "write", std::nullopt);
  EXPECT_EQ(units(), (Units{"1-1.1 - new", "1-1.2 " + id + " new"}));
  ends("1-1.1", "", db::Outcome::passed, std::nullopt);
  ends("1-1.2", id, db::Outcome::passed, std::nullopt);
  EXPECT_EQ(units(), Units{});
}

TEST_F(PartialFlashesAtStartTest, OnlyWhatFailedAtItsFlashOrWasInterruptedIsHalfWritten) {
  for (const char* operation : {"open", "enter", "survey", "recover", "proof"}) fails("1-1.1", "", operation);
  EXPECT_EQ(units(), Units{});
  int port = 0;
  for (const char* operation : {"erase", "write", "read", "leave"}) {
    fails("1-2." + std::to_string(++port), "", operation);
  }
  ends("1-2.5", "", db::Outcome::interrupted, {});
  ends("1-2.6", "", db::Outcome::running, {});
  EXPECT_EQ(units(), (Units{"1-2.1 - new", "1-2.2 - new", "1-2.3 - new", "1-2.4 - new", "1-2.5 - new"}));
}

TEST_F(PartialFlashesAtStartTest, AUnitIsWholeWhenItIsVerifiedLaterOnWhateverPort) {
  fails("1-1.1", id, "write");
  begin_run();
  begin_visit();
  ends("1-1.4", "another", db::Outcome::passed, true);
  EXPECT_EQ(units(), (Units{"1-1.1 " + id}));
  ends("1-1.4", id, db::Outcome::failed, false);  // not even surveyed: nothing was learnt
  EXPECT_EQ(units(), (Units{"1-1.1 " + id}));
  ends("1-1.5", id, db::Outcome::already, true);
  EXPECT_EQ(units(), Units{});
}

TEST_F(PartialFlashesAtStartTest, WithoutAnIdTheNextVisitOnItsPortEndsIt) {
  fails("1-1.1", "", "write");
  fails("1-1.1", "", "write");  // a retry of the same visit leaves it as it is
  EXPECT_EQ(units(), (Units{"1-1.1 - new"}));
  begin_visit();
  ends("1-1.1", "", db::Outcome::failed, false);
  EXPECT_EQ(units(), Units{});
}

TEST_F(PartialFlashesAtStartTest, ARetryThatVerifiesTheUnitEndsIt) {
  fails("1-1.1", "", "write");
  ends("1-1.1", "", db::Outcome::passed, true);
  EXPECT_EQ(units(), Units{});
}

TEST_F(PartialFlashesAtStartTest, TheRecordKnowsAUnitByTheSerialByWhichTheFamilyKnowsIt) {
  for (const std::string serial : {"3B002C001847353236343033", "00000000010C", "", "3B002C00184735323634303G"}) {
    store_.reset();
    std::filesystem::remove(folder_.file());
    begin_run();
    begin_visit();
    db::AttemptFinished end = sample::failed(0);
    end.attempt = begins("1-1.1", serial);
    end.verified = false;
    store_->append(end);
    dfu::UnitInfo unit;
    unit.serial = serial;
    EXPECT_EQ(units(), (Units{"1-1.1 " + dfu::particle::device_id(unit).value_or("-") + " new"})) << serial;
    begin_visit();
    ends("1-1.1", "another", db::Outcome::passed, true);
    EXPECT_EQ(units().size(), dfu::particle::device_id(unit) ? 1U : 0U) << "by its port only where it has no id";
  }
}

}  // namespace
}  // namespace station
