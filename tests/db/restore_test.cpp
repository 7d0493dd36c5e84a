// A backup that takes the record's place, and a merge that must not do so by itself.
#include "db/restore.h"

#include <filesystem>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/care.h"
#include "db/error.h"
#include "db/reader.h"
#include "db/store.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Restoring : public testing::Test {
 protected:
  void flash(const std::string& path, std::uint8_t n) {
    Store store(path, std::nullopt, sample::run(static_cast<std::uint8_t>(n + 100)), uuids_);
    store.append(sample::visit(n));
    store.append(sample::started(static_cast<std::uint8_t>(n + 1), n));
    store.append(sample::passed(static_cast<std::uint8_t>(n + 1)));
  }
  std::string file(const std::string& name) const { return folder_.file(name); }
  static Head head_of(const std::string& path) { return Reader(path).stations().at(0).head; }
  static Uuid installation_of(const std::string& path) { return Reader(path).stations().at(0).installation; }
  static std::size_t attempts_in(const std::string& path) { return Reader(path).attempts().size(); }

  // A backup and the row that the station signed with it.
  RestoreRequest backed_up() {
    const std::optional<BackedUp> backup = back_up(path_, file("backup"));
    EXPECT_TRUE(backup);
    EXPECT_EQ(backup->head, head_of(path_));
    RestoreRequest request;
    request.from = file("backup");
    request.signed_end = Anchor{backup->installation, backup->head};
    request.proof = "signed by the key RW";
    return request;
  }
  RestoredRecord restore_it(const RestoreRequest& request) {
    db::Run run = sample::run(250);
    run.command = "db restore";
    run.operator_name = "Eve";
    return restore(path_, request, run, uuids_);
  }
  std::string refusal(const RestoreRequest& request) {
    const std::string before = fs::exists(path_) ? hex(head_of(path_).hash) : "";
    try {
      restore_it(request);
    } catch (const Error& error) {
      EXPECT_EQ(fs::exists(path_) ? hex(head_of(path_).hash) : "", before) << "a refusal changes nothing";
      EXPECT_FALSE(fs::exists(path_ + ".restoring")) << "a refusal leaves nothing behind";
      return error.what();
    }
    ADD_FAILURE() << "restored";
    return {};
  }
  void lose_the_disk() {
    for (const char* suffix : {"", "-wal", "-shm", ".key", ".key.pub", ".lock"}) fs::remove(path_ + suffix);
  }
  Event event_of_restore() const {
    for (const Event& event : Reader(path_).events()) {
      if (event.kind == "restored") return event;
    }
    ADD_FAILURE() << "the record does not say that it was restored";
    return {};
  }

  sample::Folder folder_;
  std::string path_ = folder_.file("r.db");
  UuidGenerator uuids_;
};

TEST_F(Restoring, ALostRecordGoesOnWhereItsBackupEndsAndSaysSo) {
  flash(path_, 1);
  const RestoreRequest request = backed_up();
  flash(path_, 4);
  const Uuid installation = installation_of(path_);
  lose_the_disk();
  const RestoredRecord restored = restore_it(request);
  for (const char* suffix : {"-wal", "-shm"}) EXPECT_FALSE(fs::exists(request.from + suffix)) << "left behind";
  EXPECT_EQ(restored.end, request.signed_end->head);
  EXPECT_FALSE(restored.replaced);
  EXPECT_EQ(attempts_in(path_), 1u);
  EXPECT_EQ(installation_of(path_), installation);
  const Event event = event_of_restore();
  EXPECT_THAT(event.text, HasSubstr("from " + request.from));
  EXPECT_THAT(event.text, HasSubstr("row " + std::to_string(restored.end.seq) + " " + hex(restored.end.hash)));
  EXPECT_THAT(event.text, HasSubstr("by Eve"));
  EXPECT_THAT(event.facts, HasSubstr("\"proof\":\"signed by the key RW\""));
  flash(path_, 7);
  const Verification verified = verify_chain(path_, {*request.signed_end});
  EXPECT_TRUE(verified.sound());
  ASSERT_EQ(verified.chains[0].remarks.size(), 2u);
  EXPECT_EQ(verified.chains[0].remarks[0].kind, "key-changed") << "the key was lost with the record";
  EXPECT_EQ(verified.chains[0].remarks[1].kind, "restored");
}

TEST_F(Restoring, ANewerRecordIsReplacedOnlyOnDemandAndKept) {
  flash(path_, 1);
  const RestoreRequest request = backed_up();
  flash(path_, 4);
  flash(path_, 7);
  const Head lost = head_of(path_);
  const std::string said = refusal(request);
  EXPECT_THAT(said, HasSubstr("is newer than"));
  EXPECT_THAT(said, HasSubstr("2 attempts"));
  EXPECT_THAT(said, HasSubstr(hex(lost.hash)));
  EXPECT_THAT(said, HasSubstr("--replace"));
  RestoreRequest knowingly = request;
  knowingly.replace = true;
  const RestoredRecord restored = restore_it(knowingly);
  ASSERT_TRUE(restored.replaced);
  EXPECT_EQ(restored.replaced->last, lost);
  EXPECT_EQ(restored.replaced->lost_attempts, 2);
  EXPECT_EQ(restored.replaced->lost_rows, lost.seq - restored.end.seq);
  EXPECT_EQ(head_of(restored.replaced->kept_as), lost) << "the old file is there";
  EXPECT_EQ(attempts_in(path_), 1u);
  EXPECT_THAT(event_of_restore().text, HasSubstr("2 attempts are not here"));
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(Restoring, ABackupThatHasMoreThanTheRecordLosesNothing) {
  flash(path_, 1);
  back_up(path_, file("early"));
  flash(path_, 4);
  const RestoreRequest request = backed_up();
  lose_the_disk();
  fs::copy_file(file("early"), path_);
  const RestoredRecord restored = restore_it(request);
  ASSERT_TRUE(restored.replaced);
  EXPECT_EQ(restored.replaced->lost_rows, 0);
  EXPECT_EQ(attempts_in(path_), 2u);
}

TEST_F(Restoring, WhatIsThereAlreadyIsNotRestored) {
  flash(path_, 1);
  EXPECT_THAT(refusal(backed_up()), HasSubstr("already"));
}

TEST_F(Restoring, RowsThatNobodySignedAreRefusedUnlessAPersonVouches) {
  flash(path_, 1);
  const RestoreRequest signed_early = backed_up();
  const std::string continued = file("continued");
  fs::copy_file(signed_early.from, continued);
  flash(continued, 4);
  flash(continued, 7);
  RestoreRequest forged = signed_early;
  forged.from = continued;
  EXPECT_THAT(refusal(forged), HasSubstr("the last rows are not signed"));
  forged.signed_end.reset();
  EXPECT_THAT(refusal(forged), HasSubstr("Nothing proves"));
  forged.unproven = true;
  restore_it(forged);
  EXPECT_THAT(event_of_restore().text, HasSubstr("unproven"));
  EXPECT_EQ(attempts_in(path_), 3u);
}

TEST_F(Restoring, ASignatureOfAnotherStationOrOfOtherRowsIsRefused) {
  flash(path_, 1);
  const RestoreRequest good = backed_up();
  flash(path_, 4);
  RestoreRequest foreign = good;
  foreign.signed_end->installation = sample::uuid(99);
  EXPECT_THAT(refusal(foreign), HasSubstr("is about installation"));
  RestoreRequest other = good;
  other.signed_end->head.hash = sample::digest(9);
  EXPECT_THAT(refusal(other), HasSubstr("does not verify"));
}

TEST_F(Restoring, ABackupThatWasTamperedWithOrIsOfNoStationIsRefused) {
  flash(path_, 1);
  RestoreRequest request = backed_up();
  merge(file("all"), {path_}, uuids_);
  request.replace = true;
  RestoreRequest merged = request;
  merged.from = file("all");
  EXPECT_THAT(refusal(merged), HasSubstr("merged rows only"));
  {
    SQLite::Database edit(request.from, SQLite::OPEN_READWRITE);
    const std::string trigger =
        edit.execAndGet("SELECT sql FROM sqlite_master WHERE name = 'visit_no_update'").getString();
    edit.exec("DROP TRIGGER visit_no_update");
    edit.exec("UPDATE visit SET slot = 'B9'");
    edit.exec(trigger);
  }
  EXPECT_THAT(refusal(request), HasSubstr("does not verify"));
  request.unproven = true;
  EXPECT_THAT(refusal(request), HasSubstr("does not verify")) << "also where a person vouches";
}

TEST_F(Restoring, TwoHistoriesAreNamedByTheirLastRows) {
  flash(path_, 1);
  back_up(path_, file("common"));
  flash(path_, 4);
  const RestoreRequest request = backed_up();
  lose_the_disk();
  fs::copy_file(file("common"), path_);
  flash(path_, 40);
  const std::string said = refusal(request);
  EXPECT_THAT(said, HasSubstr("two histories"));
  EXPECT_THAT(said, HasSubstr(hex(head_of(path_).hash)));
  EXPECT_THAT(said, HasSubstr(hex(request.signed_end->head.hash)));
  EXPECT_THAT(said, HasSubstr("equal up to row " + std::to_string(head_of(file("common")).seq)));
}

TEST_F(Restoring, ADamagedRecordIsReplacedOnlyOnDemandWithItsWalAndItIsKept) {
  flash(path_, 1);
  RestoreRequest request = backed_up();
  fs::resize_file(path_, 4096);
  std::ofstream(path_ + "-wal") << "what SQLite would read into the new file";
  try {
    restore_it(request);
    ADD_FAILURE() << "replaced";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--replace"));
  }
  request.replace = true;
  const RestoredRecord restored = restore_it(request);
  ASSERT_TRUE(restored.replaced);
  EXPECT_FALSE(restored.replaced->last);
  EXPECT_TRUE(fs::exists(restored.replaced->kept_as));
  EXPECT_TRUE(verify_chain(path_).sound());
  EXPECT_THAT(event_of_restore().text, HasSubstr("not known what was lost"));
}

TEST_F(Restoring, WhileALineWritesTheRecordItIsRefused) {
  flash(path_, 1);
  RestoreRequest request = backed_up();
  request.replace = true;
  const Store running(path_, std::nullopt, sample::run(240), uuids_);
  EXPECT_THAT(refusal(request), HasSubstr("is writing to"));
}

TEST_F(Restoring, AttemptsThatWereOpenInTheBackupAreInterrupted) {
  std::optional<Store> store(std::in_place, path_, "line-3", sample::run(200), uuids_);
  store->append(sample::visit(1));
  store->append(sample::started(2, 1));
  const RestoreRequest request = backed_up();
  store.reset();
  lose_the_disk();
  restore_it(request);
  const std::vector<Attempt> attempts = Reader(path_).attempts();
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_FALSE(attempts[0].open);
  EXPECT_EQ(attempts[0].finished.outcome, Outcome::interrupted);
}

// ---- a merge does not restore

TEST_F(Restoring, AMergeTakesNoRowsOfItsOwnStation) {
  flash(path_, 1);
  const std::string continued = file("continued");
  back_up(path_, continued);
  for (const std::uint8_t n : {4, 7, 10}) flash(continued, n);
  const Head before = head_of(path_);
  try {
    merge(path_, {continued}, uuids_);
    ADD_FAILURE() << "three passes were forged";
  } catch (const Error& error) {
    EXPECT_EQ(error.trouble(), Trouble::refused);
    EXPECT_THAT(error.what(), HasSubstr("of this station's own record"));
    EXPECT_THAT(error.what(), HasSubstr(hex(head_of(continued).hash)));
    EXPECT_THAT(error.what(), HasSubstr("db restore"));
  }
  EXPECT_EQ(head_of(path_), before);
  EXPECT_EQ(attempts_in(path_), 1u);
}

TEST_F(Restoring, AMergeOfABackupOfOneselfAddsNothing) {
  flash(path_, 1);
  back_up(path_, file("backup"));
  flash(path_, 4);
  EXPECT_EQ(merge(path_, {file("backup")}, uuids_)[0].added, 0);
}

TEST_F(Restoring, AnExportOfOnesOwnOrderAddsNoRowsThatAreNotHere) {
  flash(path_, 1);
  const std::string continued = file("continued");
  back_up(path_, continued);
  fs::copy_file(path_ + ".key", continued + ".key");
  {
    Store store(continued, std::nullopt, sample::run(201), uuids_);
    store.append(sample::job("J-8"));
  }
  export_job(continued, "J-8", file("export"), StationKey::load(continued + ".key"));
  const Head before = head_of(path_);
  EXPECT_THROW(import_job(path_, file("export"), uuids_), Error);
  EXPECT_EQ(head_of(path_), before);
}

TEST_F(Restoring, AMergeNamesBothRowsWhereAStationGoesOnInTwoFiles) {
  flash(path_, 1);
  merge(file("factory"), {path_}, uuids_);
  const RestoreRequest request = backed_up();
  flash(path_, 4);
  merge(file("factory"), {path_}, uuids_);
  lose_the_disk();
  restore_it(request);
  flash(path_, 40);
  const std::int64_t fork = request.signed_end->head.seq + 1;
  const auto hash_at = [fork](const std::string& path) {
    SQLite::Database raw(path, SQLite::OPEN_READONLY);
    SQLite::Statement row(raw, "SELECT hash FROM run WHERE seq = ?");
    row.bind(1, fork);
    EXPECT_TRUE(row.executeStep());
    Sha256 hash{};
    std::copy_n(static_cast<const std::uint8_t*>(row.getColumn(0).getBlob()), hash.size(), hash.begin());
    return hex(hash);
  };
  const std::string theirs = hash_at(path_), here = hash_at(file("factory"));
  try {
    merge(file("factory"), {path_}, uuids_);
    ADD_FAILURE() << "two histories became one";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("row " + std::to_string(fork) + " is " + here + " here, and " + theirs));
  }
}

}  // namespace
}  // namespace db
