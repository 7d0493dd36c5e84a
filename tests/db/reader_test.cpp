#include "db/reader.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/error.h"
#include "db/text_list.h"
#include "tests/db/sample.h"

namespace db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Attempts: 2 passed and 4 failed then 5 passed (retry) of visits 1 and 3; 7 is left open, of visit 6 in slot B1.
class ReaderTest : public testing::Test {
 protected:
  ReaderTest() : store_(std::make_unique<Store>(folder_.file(), "line-3", sample::run(), uuids_)) {
    store_->append(sample::visit(1));
    store_->append(sample::started(2, 1));
    store_->append(sample::visit(3, "", "1-1.10"));
    AttemptStarted started = sample::started(4, 3);
    started.at = sample::at(1000);
    store_->append(started);
    store_->append(sample::failed(4));
    started = sample::started(5, 3, 2);
    started.at = sample::at(6000);
    store_->append(started);
    AttemptFinished retry = sample::passed(5);
    retry.unit.clear();
    retry.serials = {"quote\" back\\slash", "0507"};
    store_->append(std::vector<Record>{sample::passed(2), retry});
    store_->append(sample::visit(6, "B1", "1-2.1"));
    started = sample::started(7, 6);
    started.at = sample::at(7000);
    started.job = "J-8";
    started.lot.clear();
    started.serial = "0507";
    started.recipe = other_recipe();
    store_->append(started);
  }

  static std::shared_ptr<const Recipe> other_recipe() {
    Recipe recipe;
    recipe.sha256 = sample::digest(0xCD);
    recipe.name = "photon-0.6";
    recipe.images = {sample::image(3, "new.bin")};
    return std::make_shared<const Recipe>(recipe);
  }

  std::vector<int> find(const Filter& filter) {
    std::vector<int> found;
    std::vector<Attempt> attempts = Reader(folder_.file()).attempts(filter);
    for (const Attempt& attempt : attempts) found.push_back(attempt.started.attempt.bytes[15]);
    EXPECT_EQ(Reader(folder_.file()).counts(filter).attempts, found.size());
    expect_outlined(filter, attempts);
    return found;
  }

  void expect_outlined(const Filter& filter, const std::vector<Attempt>& attempts) {
    std::size_t at = 0;
    Reader(folder_.file()).outlines(filter, Outlined::sums, [&](const Outline& outline) {
      EXPECT_LT(at, attempts.size());
      const Attempt& attempt = attempts[at++];
      EXPECT_EQ(outline.attempt, attempt.started.attempt);
      EXPECT_EQ(outline.visit, attempt.visit.visit);
      EXPECT_EQ(outline.started, attempt.started.at);
      EXPECT_EQ(outline.ended, attempt.finished.at);
      EXPECT_EQ(outline.outcome, attempt.finished.outcome);
      EXPECT_EQ(outline.unit, attempt.finished.unit);
      return at < attempts.size();
    });
    EXPECT_EQ(at, attempts.size());
  }

  sample::Folder folder_;
  UuidGenerator uuids_;
  std::unique_ptr<Store> store_;
};

void expect_same(const Image& one, const Image& other) {
  EXPECT_EQ(one.sha256, other.sha256);
  EXPECT_EQ(one.name, other.name);
  EXPECT_EQ(one.size, other.size);
  EXPECT_EQ(one.kind, other.kind);
  EXPECT_EQ(one.platform, other.platform);
  EXPECT_EQ(one.function, other.function);
  EXPECT_EQ(one.module_index, other.module_index);
  EXPECT_EQ(one.module_version, other.module_version);
  EXPECT_EQ(one.start_address, other.start_address);
  EXPECT_EQ(one.end_address, other.end_address);
  EXPECT_EQ(one.dependencies, other.dependencies);
}

TEST_F(ReaderTest, TellsTheStartAsItWasRecorded) {
  const Attempt attempt = Reader(folder_.file()).attempts().at(0);
  const AttemptStarted wanted = sample::started(2, 1);
  EXPECT_EQ(attempt.station, "line-3");
  EXPECT_EQ(attempt.installation, store_->installation());
  EXPECT_EQ(attempt.visit.visit, sample::uuid(1));
  EXPECT_EQ(attempt.visit.at, sample::at(10));
  EXPECT_EQ(attempt.visit.port, "1-1.2");
  EXPECT_EQ(attempt.visit.slot, "A2");
  EXPECT_EQ(attempt.started.visit, sample::uuid(1));
  EXPECT_EQ(attempt.started.number, 1);
  EXPECT_EQ(attempt.started.at, wanted.at);
  EXPECT_EQ(attempt.started.job, wanted.job);
  EXPECT_EQ(attempt.started.lot, wanted.lot);
  EXPECT_EQ(attempt.started.operator_name, wanted.operator_name);
  EXPECT_EQ(attempt.started.vendor, wanted.vendor);
  EXPECT_EQ(attempt.started.product, wanted.product);
  EXPECT_EQ(attempt.started.release, wanted.release);
  EXPECT_EQ(attempt.started.serial, wanted.serial);
  EXPECT_EQ(attempt.started.product_name, wanted.product_name);
}

TEST_F(ReaderTest, TellsRunAndRecipeAsTheyWereRecorded) {
  const Attempt attempt = Reader(folder_.file()).attempts().at(0);
  EXPECT_EQ(attempt.run->id, sample::uuid(200));
  EXPECT_EQ(attempt.run->at, sample::at());
  EXPECT_EQ(attempt.run->command, "flash");
  EXPECT_EQ(attempt.run->software, "0.1.0");
  EXPECT_EQ(attempt.run->host, "bench");
  EXPECT_EQ(attempt.run->kernel, "6.1.0");
  EXPECT_EQ(attempt.run->libusb, "1.0.26");
  EXPECT_THAT(attempt.run->sqlite, testing::StartsWith("3."));
  EXPECT_EQ(attempt.run->operator_name, "Ada");
  EXPECT_EQ(attempt.run->recipe_file, "photon.toml");
  const Recipe wanted = *sample::recipe();
  const Recipe& recipe = *attempt.started.recipe;
  EXPECT_EQ(recipe.sha256, wanted.sha256);
  EXPECT_EQ(recipe.name, wanted.name);
  EXPECT_EQ(recipe.revision, wanted.revision);
  EXPECT_EQ(recipe.file, wanted.file);
  EXPECT_EQ(recipe.text, wanted.text);
  ASSERT_EQ(recipe.images.size(), 2U);
  expect_same(*recipe.images[0], *wanted.images[0]);
  expect_same(*recipe.images[1], *wanted.images[1]);
}

TEST_F(ReaderTest, TellsTheVerdictAsItWasRecorded) {
  const AttemptFinished got = Reader(folder_.file()).attempts().at(0).finished;
  const AttemptFinished wanted = sample::passed(2);
  EXPECT_EQ(got.attempt, wanted.attempt);
  EXPECT_EQ(got.at, wanted.at);
  EXPECT_EQ(got.outcome, wanted.outcome);
  EXPECT_FALSE(got.fault.has_value());
  EXPECT_EQ(got.verified, true);
  EXPECT_EQ(got.booted, true);
  EXPECT_EQ(got.unit, wanted.unit);
  EXPECT_EQ(got.serials, wanted.serials);
  EXPECT_EQ(got.flash, wanted.flash);
  EXPECT_EQ(got.back, wanted.back);
  EXPECT_EQ(got.device_time, wanted.device_time);
  EXPECT_EQ(got.identity, "id");
  ASSERT_EQ(got.steps.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got.steps[i].name, wanted.steps[i].name);
    expect_same(*got.steps[i].image, *wanted.steps[i].image);
    EXPECT_EQ(got.steps[i].address, wanted.steps[i].address);
    EXPECT_EQ(got.steps[i].bytes, wanted.steps[i].bytes);
    EXPECT_EQ(got.steps[i].written_bytes, wanted.steps[i].written_bytes);
    EXPECT_EQ(got.steps[i].unchanged_bytes, wanted.steps[i].unchanged_bytes);
    EXPECT_EQ(got.steps[i].erased_sectors, wanted.steps[i].erased_sectors);
    EXPECT_EQ(got.steps[i].duration, wanted.steps[i].duration);
    EXPECT_EQ(got.steps[i].readback, wanted.steps[i].readback);
  }
}

TEST_F(ReaderTest, TellsTheFaultAndWhatIsNotKnown) {
  const AttemptFinished got = Reader(folder_.file()).attempts().at(1).finished;
  const Fault wanted = *sample::failed(4).fault;
  ASSERT_TRUE(got.fault.has_value());
  EXPECT_EQ(got.fault->code, wanted.code);
  EXPECT_EQ(got.fault->about, wanted.about);
  EXPECT_EQ(got.fault->step, wanted.step);
  EXPECT_EQ(got.fault->operation, wanted.operation);
  EXPECT_EQ(got.fault->address, wanted.address);
  EXPECT_EQ(got.fault->block, wanted.block);
  EXPECT_EQ(got.fault->text, wanted.text);
  EXPECT_EQ(got.verified, false);
  EXPECT_EQ(got.booted, std::nullopt);
  EXPECT_EQ(got.unit, "");
  EXPECT_EQ(got.flash, milliseconds(4100));
  EXPECT_EQ(got.steps.at(0).readback, std::nullopt);
}

TEST_F(ReaderTest, FindsByEveryFilterAndByTheirConjunction) {
  EXPECT_THAT(find({}), ElementsAre(2, 4, 5, 7));
  EXPECT_THAT(find({.job = "J-7"}), ElementsAre(2, 4, 5));
  EXPECT_THAT(find({.job = "J"}), IsEmpty());
  EXPECT_THAT(find({.lot = "L-9"}), ElementsAre(2, 4, 5));
  EXPECT_THAT(find({.recipe = "photon-0.6"}), ElementsAre(7));
  EXPECT_THAT(find({.recipe = "ABAB"}), ElementsAre(2, 4, 5));
  EXPECT_THAT(find({.recipe = "aba"}), IsEmpty());
  EXPECT_THAT(find({.recipe = "none"}), IsEmpty());
  EXPECT_THAT(find({.image = "part2.bin"}), ElementsAre(2, 4, 5));
  EXPECT_THAT(find({.image = "0303"}), ElementsAre(7));
  EXPECT_THAT(find({.image = hex(sample::digest(3))}), ElementsAre(7));
  EXPECT_THAT(find({.recipe = "photon-0.6", .image = "part2.bin"}), IsEmpty());
  EXPECT_THAT(find({.unit = "3b002c001847353236343033"}), ElementsAre(2));
  EXPECT_THAT(find({.unit = "00000000050C"}), ElementsAre(2));
  EXPECT_THAT(find({.unit = "0507"}), ElementsAre(5, 7));
  EXPECT_THAT(find({.unit = "quote\" back\\slash"}), ElementsAre(5));
  EXPECT_THAT(find({.unit = " back\\slash"}), IsEmpty());
  EXPECT_THAT(find({.slot = "A2"}), ElementsAre(2));
  EXPECT_THAT(find({.slot = "1-1.10"}), ElementsAre(4, 5));
  EXPECT_THAT(find({.operator_name = "Ada"}), ElementsAre(2, 4, 5, 7));
  EXPECT_THAT(find({.operator_name = "ada"}), IsEmpty());
  EXPECT_THAT(find({.visit = sample::uuid(3)}), ElementsAre(4, 5));
  EXPECT_THAT(find({.outcome = Outcome::passed}), ElementsAre(2, 5));
  EXPECT_THAT(find({.outcome = Outcome::failed}), ElementsAre(4));
  EXPECT_THAT(find({.since = sample::at(1000)}), ElementsAre(4, 5, 7));
  EXPECT_THAT(find({.until = sample::at(1000)}), ElementsAre(2));
  EXPECT_THAT(find({.since = sample::at(1000), .until = sample::at(7000)}), ElementsAre(4, 5));
  EXPECT_THAT(find({.attempt = sample::uuid(5)}), ElementsAre(5));
  EXPECT_THAT(find({.slot = "1-1.10", .outcome = Outcome::passed}), ElementsAre(5));
}

TEST_F(ReaderTest, GivesEachAttemptItsOwnStepsWhateverTheFilter) {
  for (const Filter& filter : {Filter{}, Filter{.job = "J-7"}, Filter{.unit = "0507"}, Filter{.slot = "1-1.10"}}) {
    for (const Attempt& attempt : Reader(folder_.file()).attempts(filter)) {
      const int id = attempt.started.attempt.bytes[15];
      EXPECT_EQ(attempt.finished.steps.size(), id == 4 ? 1U : id == 7 ? 0U : 2U) << id;
    }
  }
}

TEST_F(ReaderTest, StopsWhenTheVisitorSaysSo) {
  int seen = 0;
  Reader(folder_.file()).attempts({}, [&](const Attempt&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

TEST_F(ReaderTest, AnOpenAttemptIsRunningWhileItsProgramHoldsTheDatabase) {
  const Attempt open = Reader(folder_.file()).attempts().at(3);
  EXPECT_TRUE(open.open);
  EXPECT_EQ(open.finished.outcome, Outcome::running);
  EXPECT_FALSE(open.finished.fault.has_value());
  EXPECT_THAT(find({.outcome = Outcome::running}), ElementsAre(7));
  EXPECT_THAT(find({.outcome = Outcome::interrupted}), IsEmpty());
}

TEST_F(ReaderTest, AnOpenAttemptIsInterruptedOnceItsProgramIsGone) {
  store_.reset();
  const Attempt open = Reader(folder_.file()).attempts().at(3);
  EXPECT_TRUE(open.open);
  EXPECT_EQ(open.finished.outcome, Outcome::interrupted);
  EXPECT_EQ(open.finished.fault->code, "interrupted");
  EXPECT_THAT(find({.outcome = Outcome::interrupted}), ElementsAre(7));
  EXPECT_THAT(find({.outcome = Outcome::running}), IsEmpty());
  Store next(folder_.file(), "line-3", sample::run(201), uuids_);
  EXPECT_THAT(find({.outcome = Outcome::interrupted}), ElementsAre(7));
  EXPECT_FALSE(Reader(folder_.file()).attempts().at(3).open);
}

TEST_F(ReaderTest, CountsByOutcome) {
  const Counts counts = Reader(folder_.file()).counts();
  EXPECT_EQ(counts.attempts, 4U);
  EXPECT_EQ(counts.of(Outcome::passed), 2U);
  EXPECT_EQ(counts.of(Outcome::failed), 1U);
  EXPECT_EQ(counts.of(Outcome::running), 1U);
  EXPECT_EQ(counts.of(Outcome::already), 0U);
}

TEST_F(ReaderTest, SeesWhatIsCommittedWhileItIsOpen) {
  Reader reader(folder_.file());
  EXPECT_EQ(reader.counts().of(Outcome::passed), 2U);
  store_->append(sample::passed(7));
  EXPECT_EQ(reader.counts().of(Outcome::passed), 3U);
}

TEST_F(ReaderTest, AReportSeesOneStateThoughTheLineGoesOn) {
  Reader reader(folder_.file());
  std::vector<Outcome> seen;
  reader.attempts({}, [&](const Attempt& attempt) {
    if (seen.empty()) store_->append(sample::passed(7));
    seen.push_back(attempt.finished.outcome);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre(Outcome::passed, Outcome::failed, Outcome::passed, Outcome::running));
}

// As somebody who may only read the folder: a copy on a medium that takes nothing more.
TEST_F(ReaderTest, ReadsWhereNothingCanBeWritten) {
  const std::filesystem::path folder = std::filesystem::path(folder_.file()).parent_path() / "shelf";
  std::filesystem::create_directories(folder);
  store_.reset();
  std::filesystem::copy_file(folder_.file(), folder / "copy.db");
  std::filesystem::permissions(folder / "copy.db", std::filesystem::perms(0444));
  std::filesystem::permissions(folder, std::filesystem::perms(0555));
  std::filesystem::permissions(folder.parent_path(), std::filesystem::perms(0755));
  const pid_t reader = fork();
  if (reader == 0) {
    if (getuid() == 0 && setuid(65534) != 0) _exit(2);
    try {
      _exit(Reader((folder / "copy.db").string()).attempts(Filter{}).empty() ? 3 : 0);
    } catch (const Error&) {
      _exit(4);
    }
  }
  int status = 0;
  waitpid(reader, &status, 0);
  EXPECT_EQ(status, 0) << "2: no other user; 3: nothing read; 4: refused";
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
}

TEST_F(ReaderTest, NamesTheStationAndTheHeadOfItsChain) {
  const std::vector<StationInfo> stations = Reader(folder_.file()).stations();
  ASSERT_EQ(stations.size(), 1U);
  EXPECT_EQ(stations[0].name, "line-3");
  EXPECT_EQ(stations[0].installation, store_->installation());
  EXPECT_EQ(stations[0].head, store_->head());
}

TEST(TextList, IsReadBackAsItWasWritten) {
  const std::vector<std::vector<std::string>> lists{
      {}, {""}, {"a", "b"}, {"\"", "\\", "\",\"", "\\\""}, {"\n\t\x01", "Grüße"}, {"u0041", "\\u0041"}};
  for (const auto& list : lists) EXPECT_EQ(decode_text_list(encode_text_list(list)), list);
  EXPECT_EQ(encode_text_list({"a\"b", "c"}), R"(["a\"b","c"])");
}

TEST_F(ReaderTest, EventsAreCountedByKindAndSince) {
  for (const int seconds : {1, 2, 3}) {
    store_->append(Event{sample::at(seconds * 1000), "clock-step", {}, "", "It jumped.", "{}"});
    store_->append(Event{sample::at(seconds * 1000), "clock-stepped", {}, "", "", "{}"});
  }
  Reader reader(folder_.file());
  EXPECT_EQ(reader.count_events("clock-step", sample::at(0)), 3);
  EXPECT_EQ(reader.count_events("clock-step", sample::at(2000)), 2);
  EXPECT_EQ(reader.count_events("clock-step", sample::at(3001)), 0);
  EXPECT_EQ(reader.count_events("none", sample::at(0)), 0);
}

}  // namespace
}  // namespace db
