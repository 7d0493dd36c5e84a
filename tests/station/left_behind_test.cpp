#include "station/left_behind.h"

#include <gtest/gtest.h>

namespace station {
namespace {

const std::string id = "3b002c001847353236343033";

// Attempts of a record, in order.
class LeftBehindTest : public testing::Test {
 protected:
  void begin_run() {
    db::Run run;
    run.id = uuids_.next();
    run_ = std::make_shared<const db::Run>(run);
  }
  void begin_visit() { visit_ = uuids_.next(); }

  db::Attempt attempt(const std::string& port, const std::string& unit) {
    db::Attempt one;
    one.run = run_;
    one.visit.port = port;
    one.started.attempt = uuids_.next();
    one.started.visit = visit_;
    one.started.vendor = 0x2B04;
    one.started.product = 0xD006;
    one.started.release = 0x0200;
    one.started.serial = "00000000010C";
    one.finished.unit = unit;
    return one;
  }
  void fails(const std::string& port, const std::string& unit, const std::string& operation,
             std::optional<bool> verified = false) {
    db::Attempt one = attempt(port, unit);
    one.finished.outcome = db::Outcome::failed;
    one.finished.verified = verified;
    one.finished.fault = db::Fault{"io-error", "cable", "user", operation, {}, {}, {}};
    found_.add(one);
  }
  void ends(const std::string& port, const std::string& unit, db::Outcome outcome, std::optional<bool> verified) {
    db::Attempt one = attempt(port, unit);
    one.finished.outcome = outcome;
    one.finished.verified = verified;
    found_.add(one);
  }
  std::vector<std::string> units() const {
    std::vector<std::string> all;
    for (const auto& unit : found_.units()) {
      all.push_back(unit.port.text + " " + unit.unit.value_or("-") + (unit.last_run ? " new" : ""));
    }
    return all;
  }
  void SetUp() override {
    begin_run();
    begin_visit();
  }

  using Units = std::vector<std::string>;
  db::UuidGenerator uuids_;
  std::shared_ptr<const db::Run> run_;
  db::Uuid visit_{};
  LeftBehind found_;
};

TEST_F(LeftBehindTest, WithoutReadBackOnlyAWriteThatWasNotCutShortIsWhole) {
  fails("1-1.1", "", "write", std::nullopt);
  fails("1-1.2", id, "write", std::nullopt);
  EXPECT_EQ(units(), (Units{"1-1.1 - new", "1-1.2 " + id + " new"}));
  ends("1-1.1", "", db::Outcome::passed, std::nullopt);
  ends("1-1.2", id, db::Outcome::passed, std::nullopt);
  EXPECT_EQ(units(), Units{});
}

TEST_F(LeftBehindTest, OnlyWhatFailedAtItsFlashOrWasInterruptedIsHalfWritten) {
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

TEST_F(LeftBehindTest, AUnitIsWholeWhenItIsVerifiedLaterOnWhateverPort) {
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

TEST_F(LeftBehindTest, WithoutAnIdTheNextVisitOnItsPortEndsIt) {
  fails("1-1.1", "", "write");
  fails("1-1.1", "", "write");  // a retry of the same visit leaves it as it is
  EXPECT_EQ(units(), (Units{"1-1.1 - new"}));
  begin_visit();
  ends("1-1.1", "", db::Outcome::failed, false);
  EXPECT_EQ(units(), Units{});
}

TEST_F(LeftBehindTest, ARetryThatVerifiesTheUnitEndsIt) {
  fails("1-1.1", "", "write");
  ends("1-1.1", "", db::Outcome::passed, true);
  EXPECT_EQ(units(), Units{});
}

}  // namespace
}  // namespace station
