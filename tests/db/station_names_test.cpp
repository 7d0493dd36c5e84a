// Whose name stands with a row: that of the time when it was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/care.h"
#include "db/line_history.h"
#include "db/reader.h"
#include "db/store.h"
#include "tests/db/sample.h"

namespace db {
namespace {

using testing::ElementsAre;

class Names : public testing::Test {
 protected:
  // One attempt, by a program that was given this name or none.
  void flash(const std::optional<std::string>& name, std::uint8_t n) {
    Store store(path_, name, sample::run(static_cast<std::uint8_t>(n + 100)), uuids_);
    store.append(sample::visit(n));
    store.append(sample::started(static_cast<std::uint8_t>(n + 1), n));
    store.append(sample::passed(static_cast<std::uint8_t>(n + 1)));
  }
  static std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    for (const Attempt& attempt : Reader(path).attempts()) names.push_back(attempt.station);
    return names;
  }

  sample::Folder folder_;
  std::string path_ = folder_.file();
  UuidGenerator uuids_;
};

TEST_F(Names, AProgramWithoutANameLeavesTheNameAsItIs) {
  flash("line-3", 1);
  flash(std::nullopt, 4);
  EXPECT_THAT(names_in(path_), ElementsAre("line-3", "line-3"));
  EXPECT_EQ(Reader(path_).stations()[0].name, "line-3");
  Store store(path_, std::nullopt, sample::run(), uuids_);
  EXPECT_EQ(store.station(), "line-3");
}

TEST_F(Names, ARecordThatNobodyNamedHasTheDefaultName) {
  flash(std::nullopt, 1);
  EXPECT_THAT(names_in(path_), ElementsAre("flashline"));
  flash("line-3", 4);
  EXPECT_THAT(names_in(path_), ElementsAre("flashline", "line-3"));
}

TEST_F(Names, RowsKeepTheNameUnderWhichTheyWereWritten) {
  flash("line-3", 1);
  flash("line-4", 4);
  flash("line-3", 7);
  EXPECT_THAT(names_in(path_), ElementsAre("line-3", "line-4", "line-3"));
  flash("line-5", 10);
  EXPECT_EQ(Reader(path_).stations()[0].name, "line-5") << "a report's head has the last one";
}

TEST_F(Names, AnOrderHasTheNameUnderWhichItWasOpened) {
  {
    Store store(path_, "line-3", sample::run(201), uuids_);
    store.append(sample::job());
  }
  flash("line-4", 1);
  EXPECT_EQ(Reader(path_).jobs()[0].station, "line-3");
}

TEST_F(Names, RunsAndEventsKeepTheirsToo) {
  for (const char* name : {"line-3", "line-4"}) {
    Store store(path_, name, sample::run(name[5] == '3' ? 201 : 202), uuids_);
    store.append(Event{sample::at(30), "run-ended", {}, "", "", ""});
  }
  LineHistory history(path_);
  std::vector<std::string> names;
  history.runs([&](const db::Run&, const Source& source) { return names.push_back(source.station), true; });
  history.events([&](const Event&, const Source& source) { return names.push_back(source.station), true; });
  EXPECT_THAT(names, ElementsAre("line-3", "line-4", "line-3", "line-4"));
}

TEST_F(Names, EachStationOfAMergedRecordHasItsOwn) {
  flash("line-3", 1);
  flash("line-4", 4);
  const std::string first = path_;
  path_ = folder_.file("other.db");
  flash("line-7", 7);
  merge(folder_.file("all.db"), {path_, first}, uuids_);
  EXPECT_THAT(names_in(folder_.file("all.db")), ElementsAre("line-3", "line-4", "line-7"));
}

TEST_F(Names, AnArchivedRecordGoesOnUnderTheLastName) {
  flash("line-3", 1);
  archive(path_, folder_.file("old.db"), std::nullopt, sample::run(200), uuids_);
  EXPECT_EQ(Reader(path_).stations()[0].name, "line-3");
}

}  // namespace
}  // namespace db
