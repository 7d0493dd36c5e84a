// Orders, anchors, certificates and corrections, as somebody meets them at the command line.
#include <csignal>
#include <filesystem>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/reader.h"
#include "db/store.h"
#include "station/record/anchor_text.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;
using testing::Not;

class RecordCommandsTest : public testing::Test {
 protected:
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--db", "r.db"});
    return folder_.run(arguments);
  }
  void flash(int units) {
    ASSERT_EQ(
        run({"flash", example_recipe(), "--line", "virtual", "--units", std::to_string(units), "--speed", "20"}).status,
        0);
  }
  Ran against(const std::string& file) { return run({"audit", "verify", "--against", file}); }
  std::string report(const std::string& format) {
    run({"report", "--format", format, "-o", "report." + format});
    return "report." + format;
  }

  ProgramFolder folder_;
};

TEST_F(RecordCommandsTest, AnOrderIsOpenedOnceListedAndClosedWithACertificateThatVerifies) {
  EXPECT_EQ(run({"job", "open", "4711", "--quantity", "5", "--lot", "L1", "--operator", "Eve"}).status, 0);
  EXPECT_THAT(run({"job", "list"}).out, HasSubstr("0 of 5"));
  const Ran twice = run({"job", "open", "4711", "--quantity", "9"});
  EXPECT_EQ(twice.status, 64);
  EXPECT_THAT(twice.err, HasSubstr("4711 already"));
  flash(2);
  EXPECT_EQ(run({"job", "close", "4711", "--operator", "Eve", "-o", "c.txt"}).status, 0);
  EXPECT_EQ(against("c.txt").status, 0);
  EXPECT_EQ(run({"job", "close", "4711"}).status, 64);
  EXPECT_EQ(run({"job", "close", "4712"}).status, 64);
  EXPECT_THAT(run({"job", "list"}).out, HasSubstr("closed"));
}

TEST_F(RecordCommandsTest, ALineStopsAtTheQuantityAndMakesNotOneUnitMore) {
  run({"job", "open", "4711", "--quantity", "5", "--recipe", example_recipe(), "--lot", "L1"});
  const std::vector<std::string> all{"flash", example_recipe(), "--line", "virtual", "--units",
                                     "8",     "--speed",        "20",     "--job",   "4711"};
  const Ran ran = run(all);
  EXPECT_EQ(ran.status, 0) << "units that nobody wanted have not failed";
  EXPECT_THAT(ran.out, HasSubstr("5 passed"));
  EXPECT_THAT(ran.out, HasSubstr("order 4711: 4 units left")) << "in time to bring the next one";
  EXPECT_THAT(ran.out, HasSubstr("order 4711: 1 unit left"));
  EXPECT_THAT(ran.out, HasSubstr("ORDER 4711 IS COMPLETE"));
  EXPECT_THAT(run({"job", "list"}).out, HasSubstr("5 of 5"));
  const Ran more = run(all);
  EXPECT_EQ(more.status, 64);
  EXPECT_THAT(more.err, HasSubstr("is complete"));
  run({"job", "close", "4711", "-o", "c.txt"});
  const std::string certificate = folder_.read("c.txt");
  EXPECT_THAT(certificate, HasSubstr("\nmade: 5\n"));
  EXPECT_THAT(certificate, HasSubstr("\nlot: L1\n"));
  std::size_t units = 0;
  for (std::size_t at = 0; (at = certificate.find("\nunit: passed ", at)) != std::string::npos; ++at) ++units;
  EXPECT_EQ(units, 5u);
  EXPECT_EQ(run(all).status, 64) << "a closed order is no order";
}

TEST_F(RecordCommandsTest, AnOrderIsForItsRecipeAndForItsTime) {
  std::string text = folder_.read(example_recipe());
  const std::string beside = std::filesystem::path(example_recipe()).parent_path().string() + "/";
  for (std::size_t at = 0; (at = text.find("image = \"", at)) != std::string::npos; at += beside.size()) {
    text.insert(at + 9, beside);
  }
  folder_.write("other.toml", text);
  run({"job", "open", "1", "--quantity", "5", "--recipe", example_recipe()});
  const Ran foreign = run({"flash", "other.toml", "--line", "virtual", "--job", "1"});
  EXPECT_EQ(foreign.status, 65);
  {
    db::UuidGenerator uuids;
    db::Run program;
    program.at = db::now();
    program.id = uuids.next();
    db::Store store(folder_.path("r.db"), std::nullopt, program, uuids);
    db::JobOpened ended;
    ended.order = "2";
    ended.at = program.at;
    ended.quantity = 5;
    ended.until = time_from("2026-01-01T00:00:00Z");
    store.append(ended);
  }
  const Ran late = run({"flash", example_recipe(), "--line", "virtual", "--job", "2"});
  EXPECT_EQ(late.status, 64);
  EXPECT_THAT(late.err, HasSubstr("2026-01-01"));
  EXPECT_EQ(run({"flash", example_recipe(), "--line", "virtual", "--job", "3"}).status, 64);
}

// A line that works one unit after the other, for an order whose time ends meanwhile.
TEST_F(RecordCommandsTest, NoUnitIsBegunAfterTheTimeOfItsOrder) {
  folder_.write("one.toml", "cap = 1\n");
  const db::Time until = std::chrono::ceil<std::chrono::seconds>(db::now()) + std::chrono::seconds(6);
  run({"job", "open", "4711", "--quantity", "40", "--until", utc(until)});
  const Ran ran = run({"flash", example_recipe(), "--line", "virtual", "--units", "40", "--speed", "5", "--job", "4711",
                       "--station", "one.toml"});
  EXPECT_EQ(ran.status, 1) << "units that were wanted were not made";
  EXPECT_THAT(ran.err, HasSubstr("Order 4711 is valid until " + utc(until)));
  EXPECT_THAT(ran.err, HasSubstr("Order 4711 was valid until " + utc(until) + ": no more units are started"));
  std::size_t begun = 0;
  for (const db::Attempt& attempt : db::Reader(folder_.path("r.db")).attempts()) {
    EXPECT_EQ(attempt.finished.outcome, db::Outcome::passed) << "what was begun is finished";
    ++begun;
  }
  EXPECT_GT(begun, 0u);
  EXPECT_LT(begun, 40u);
  std::vector<std::string> kinds;
  for (const db::Event& event : db::Reader(folder_.path("r.db")).events()) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, testing::Contains("order-ended"));
}

TEST_F(RecordCommandsTest, AnOrderStaysOpenWhereItsCertificateCannotBeWritten) {
  run({"job", "open", "4711", "--quantity", "5"});
  std::filesystem::create_directory(folder_.path("d.txt.minisig"));
  for (const char* file : {"nope/z.cert", "d.txt"}) {
    EXPECT_EQ(run({"job", "close", "4711", "-o", file}).status, 73);
    EXPECT_THAT(run({"job", "list"}).out, HasSubstr("open"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path(file)));
  }
}

TEST_F(RecordCommandsTest, TheCertificateOfAClosedOrderIsGivenAgain) {
  run({"job", "open", "4711", "--quantity", "5"});
  ASSERT_EQ(run({"job", "close", "4711", "-o", "c.txt"}).status, 0);
  const Ran again = run({"job", "close", "4711", "-o", "again.txt"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("order 4711 was closed on 2"));
  EXPECT_EQ(folder_.read("again.txt"), folder_.read("c.txt"));
  EXPECT_THAT(against("again.txt").out, HasSubstr("signed  yes"));
  EXPECT_EQ(run({"job", "close", "4711"}).status, 64);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("4711.certificate")));
  EXPECT_EQ(run({"job", "close", "4712", "-o", "n.txt"}).status, 64);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("n.txt")));
}

TEST_F(RecordCommandsTest, ACertificateThatWasChangedIsNotBelieved) {
  run({"job", "open", "4711", "--quantity", "5"});
  run({"job", "close", "4711", "-o", "c.txt"});
  std::string text = folder_.read("c.txt");
  text.replace(text.find("quantity: 5"), 11, "quantity: 6");
  folder_.write("c.txt", text);
  const Ran ran = against("c.txt");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("not as it was signed"));
}

TEST_F(RecordCommandsTest, ACertificateWithoutItsSignatureIsComparedWithTheOneOnRecord) {
  run({"job", "open", "4711", "--quantity", "5"});
  run({"job", "close", "4711", "-o", "c.txt"});
  std::filesystem::remove(folder_.path("c.txt.minisig"));
  const std::string text = folder_.read("c.txt");
  const Ran same = against("c.txt");
  EXPECT_EQ(same.status, 0) << same.out;
  EXPECT_THAT(same.out, HasSubstr("as this record holds it"));
  const std::vector<std::pair<std::string, std::string>> changes{{"quantity: 5", "quantity: 6"},
                                                                 {"order: 4711", "order: 4712"},
                                                                 {"order: 4711\n", ""},
                                                                 {"flashline certificate 1\n", ""},
                                                                 {"flashline certificate 1", "flashline anchor 1"}};
  for (const auto& [before, after] : changes) {
    std::string changed = text;
    folder_.write("c.txt", changed.replace(changed.find(before), before.size(), after));
    const Ran ran = against("c.txt");
    EXPECT_EQ(ran.status, 1) << after;
    EXPECT_THAT(ran.out, HasSubstr("NOT VERIFIED")) << after;
    EXPECT_THAT(ran.out, HasSubstr("order")) << after;
  }
  folder_.write("c.txt", text + "unit: passed\n");
  EXPECT_THAT(against("c.txt").out, HasSubstr("it is not the certificate that this record holds for order 4711."));
  run({"audit", "anchor", "-o", "anchor.txt"});
  std::filesystem::remove(folder_.path("anchor.txt.minisig"));
  EXPECT_EQ(against("anchor.txt").status, 0);
}

TEST_F(RecordCommandsTest, EveryReportThatIsTextIsAnAnchor) {
  flash(2);
  for (const char* format : {"text", "json", "html"}) {
    const Ran ran = against(report(format));
    EXPECT_EQ(ran.status, 0) << format << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("HOLDS")) << format;
  }
  folder_.write("audit.txt", run({"audit", "verify"}).out);
  EXPECT_EQ(against("audit.txt").status, 0);
  folder_.write("nothing.txt", "installation: x\n");
  EXPECT_EQ(against("nothing.txt").status, 66);
}

TEST_F(RecordCommandsTest, RowsThatWereCutOffAreMissedByAnAnchorOnly) {
  flash(1);
  run({"audit", "anchor", "-o", "before.txt"});
  std::filesystem::copy_file(folder_.path("r.db"), folder_.path("old.db"));
  std::filesystem::copy_file(folder_.path("r.db.key"), folder_.path("old.db.key"));
  flash(1);
  run({"audit", "anchor", "-o", "after.txt"});
  const auto old = [&](const std::string& anchor) {
    return folder_.run({"audit", "verify", "--db", "old.db", "--against", anchor});
  };
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "old.db"}).status, 0) << "nothing in the file itself tells";
  EXPECT_EQ(old("before.txt").status, 0);
  EXPECT_THAT(against("before.txt").out, HasSubstr("which came later, nothing does"));
  const Ran cut = old("after.txt");
  EXPECT_EQ(cut.status, 1);
  EXPECT_THAT(cut.out, HasSubstr("cut off"));
}

TEST_F(RecordCommandsTest, AnAnchorOfAnotherStationDoesNotFit) {
  flash(1);
  ProgramFolder other;
  other.run({"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20", "--db", "r.db"});
  other.run({"audit", "anchor", "--db", "r.db", "-o", "a.txt"});
  const Ran ran = against(other.path("a.txt"));
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("DOES NOT FIT"));
  EXPECT_THAT(ran.out, HasSubstr("BY ANOTHER KEY"));
}

TEST_F(RecordCommandsTest, ADecisionIsAFurtherRowAndNeedsSomethingToSpeakOf) {
  flash(1);
  EXPECT_EQ(run({"audit", "dispose", "nobody", "scrap", "--reason", "r", "--author", "Eve"}).status, 64);
  EXPECT_EQ(run({"audit", "dispose", "00000000010C", "waiver", "--reason", "seen by eye", "--author", "Eve"}).status,
            0);
  EXPECT_EQ(run({"audit", "verify"}).status, 0);
}

TEST_F(RecordCommandsTest, ARunSaysWhatItIsWhereAndHowItEnded) {
  flash(2);
  db::Reader reader(folder_.path("r.db"));
  const auto run = reader.attempts().front().run;
  const db::Run& row = *run;
  EXPECT_THAT(row.libusb, HasSubstr("libusb"));
  EXPECT_NE(row.kernel, "");
  EXPECT_NE(row.host, "");
  EXPECT_NE(row.software, "");
  const std::vector<db::Event> events = reader.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, "run-started");
  EXPECT_EQ(events[0].about, "flashline");
  EXPECT_THAT(events[0].facts, HasSubstr("virtual, 2 units"));
  EXPECT_EQ(events[1].kind, "run-ended");
  EXPECT_THAT(events[1].facts, HasSubstr(R"("passed":2)"));
}

TEST_F(RecordCommandsTest, AClockThatWasSetBackALittleBetweenTwoRunsIsOnRecord) {
  {
    db::UuidGenerator uuids;
    db::Run run;
    run.at = db::now() + std::chrono::seconds(50);
    run.id = uuids.next();
    const db::Store store(folder_.path("r.db"), "flashline", run, uuids);
  }
  flash(1);
  const std::vector<db::Event> events = db::Reader(folder_.path("r.db")).events();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].kind, "clock-step");
  EXPECT_THAT(events[1].text, HasSubstr("set back by"));
}

// ---- a backup that takes the record's place

TEST_F(RecordCommandsTest, ABackupIsSignedAndRestoredAndTheRecordSaysSo) {
  flash(2);
  const Ran backup = run({"db", "backup", "safe.db"});
  EXPECT_EQ(backup.status, 0) << backup.err;
  EXPECT_TRUE(std::filesystem::exists(folder_.path("safe.db.anchor.minisig")));
  flash(1);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(folder_.path("r.db") + suffix);
  EXPECT_EQ(run({"db", "restore", "safe.db"}).status, 64) << "who restores it is on record";
  const Ran restored = run({"db", "restore", "safe.db", "--operator", "Eve"});
  EXPECT_EQ(restored.status, 0) << restored.err;
  EXPECT_THAT(restored.out, HasSubstr("from safe.db"));
  EXPECT_THAT(run({"report"}).out, HasSubstr("Attempts  2"));
  const Ran verified = run({"audit", "verify", "--against", "safe.db.anchor"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("restored: The record was restored from safe.db"));
  EXPECT_THAT(verified.out, HasSubstr("by Eve"));
  flash(1);
  EXPECT_EQ(run({"audit", "verify"}).status, 0);
}

TEST_F(RecordCommandsTest, AnotherKeyIsToldOnceAndNotedInTheRecord) {
  flash(1);
  const std::vector<std::string> one{"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20"};
  EXPECT_THAT(run(one).err, Not(HasSubstr("the key of this station")));
  EXPECT_THAT(run({"audit", "verify"}).out, Not(HasSubstr("key-changed")));
  const auto lose_key = [&] {
    std::filesystem::remove(folder_.path("r.db.key"));
    std::filesystem::remove(folder_.path("r.db.key.pub"));
  };
  lose_key();
  const Ran ran = run(one);
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("r.db.key) is not the one on record since 2"));
  EXPECT_THAT(ran.err, HasSubstr("checked with the old public key"));
  EXPECT_THAT(run(one).err, Not(HasSubstr("the key of this station")));
  lose_key();
  EXPECT_THAT(run({"job", "open", "4711", "--quantity", "5"}).err, HasSubstr("is not the one on record since 2"));
  const Ran verified = run({"audit", "verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  const std::string note = "key-changed: From row ";
  const std::size_t first = verified.out.find(note);
  ASSERT_NE(first, std::string::npos) << verified.out;
  EXPECT_NE(verified.out.find(note, first + 1), std::string::npos) << verified.out;
}

TEST_F(RecordCommandsTest, ABackupOfARecordThatDoesNotVerifyIsNoBackup) {
  flash(1);
  {
    SQLite::Database file(folder_.path("r.db"), SQLite::OPEN_READWRITE);
    const std::string trigger = "FROM sqlite_schema WHERE name = 'visit_no_update'";
    const std::string made = file.execAndGet("SELECT sql " + trigger).getString();
    file.exec("DROP TRIGGER visit_no_update");
    file.exec("UPDATE visit SET slot = 'elsewhere'");
    file.exec(made);
  }
  const Ran ran = run({"db", "backup", "backup.db"});
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("backup.db is NOT VERIFIED: "));
  EXPECT_THAT(ran.err, HasSubstr("is changed"));
  EXPECT_THAT(ran.out, Not(HasSubstr("holds all")));
  EXPECT_TRUE(std::filesystem::exists(folder_.path("backup.db")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("backup.db.anchor")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("r.db.last-backup")));
}

TEST_F(RecordCommandsTest, ARestoreNeedsTheSignatureOfThisStation) {
  flash(1);
  run({"db", "backup", "safe.db"});
  std::filesystem::copy_file(folder_.path("r.db.key.pub"), folder_.path("kept.pub"));
  for (const char* suffix : {"", "-wal", "-shm", ".key", ".key.pub"}) {
    std::filesystem::remove(folder_.path("r.db") + suffix);
  }
  const auto restore = [this](std::vector<std::string> more) {
    more.insert(more.begin(), {"db", "restore", "safe.db", "--operator", "Eve"});
    return run(more);
  };
  const Ran without_key = restore({});
  EXPECT_EQ(without_key.status, 1);
  EXPECT_THAT(without_key.err, HasSubstr("--key"));
  ProgramFolder other;
  other.run({"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20", "--db", "r.db"});
  const Ran foreign = restore({"--key", other.path("r.db.key.pub")});
  EXPECT_EQ(foreign.status, 1);
  EXPECT_THAT(foreign.err, HasSubstr("is not signed by the key"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("r.db")));
  EXPECT_EQ(restore({"--key", "kept.pub"}).status, 0);
  flash(1);
  EXPECT_EQ(run({"audit", "verify"}).status, 0) << "the station goes on with a new key, which is on record";
}

TEST_F(RecordCommandsTest, ACopyThatWasContinuedIsNeitherMergedNorRestored) {
  flash(1);
  run({"db", "backup", "copy.db"});
  const Ran forged =
      folder_.run({"flash", example_recipe(), "--line", "virtual", "--units", "3", "--speed", "20", "--db", "copy.db"});
  ASSERT_EQ(forged.status, 0);
  const Ran merged = run({"db", "merge", "copy.db"});
  EXPECT_EQ(merged.status, 74);
  EXPECT_THAT(merged.err, HasSubstr("this station's own record"));
  const Ran restored = run({"db", "restore", "copy.db", "--operator", "Eve"});
  EXPECT_EQ(restored.status, 74);
  EXPECT_THAT(restored.err, HasSubstr("the last rows are not signed"));
  EXPECT_THAT(run({"report"}).out, HasSubstr("Attempts  1"));
}

TEST_F(RecordCommandsTest, ACommandWithoutAStationFileLeavesTheNameOfTheStation) {
  folder_.write("line-3.toml", "name = \"line-3\"\n");
  const std::vector<std::string> one{"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20"};
  std::vector<std::string> named = one;
  named.insert(named.end(), {"--station", "line-3.toml"});
  EXPECT_EQ(run(named).status, 0);
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.1"}).status, 0);
  EXPECT_EQ(run({"audit", "dispose", "SN-1", "comment", "--reason", "seen", "--author", "Eve"}).status, 0);
  const Ran unnamed = run(one);
  EXPECT_THAT(unnamed.out, HasSubstr("station line-3"));
  db::Reader reader(folder_.path("r.db"));
  EXPECT_EQ(reader.stations()[0].name, "line-3");
  for (const db::Attempt& attempt : reader.attempts()) EXPECT_EQ(attempt.station, "line-3");
  folder_.write("line-4.toml", "name = \"line-4\"\n");
  std::vector<std::string> renamed = one;
  renamed.insert(renamed.end(), {"--station", "line-4.toml"});
  EXPECT_EQ(run(renamed).status, 0);
  const std::string csv = run({"report", "--format", "csv"}).out;
  EXPECT_THAT(csv, HasSubstr("line-3"));
  EXPECT_THAT(csv, HasSubstr("line-4"));
}

TEST_F(RecordCommandsTest, ABrokenRecordIsNotWrittenTo) {
  flash(1);
  std::filesystem::resize_file(folder_.path("r.db"), std::filesystem::file_size(folder_.path("r.db")) - 4096);
  const Ran ran = run({"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20"});
  EXPECT_EQ(ran.status, 74);
  EXPECT_THAT(ran.err, HasSubstr("damaged"));
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.1"}).status, 74);
}

TEST_F(RecordCommandsTest, TheImagesOfARecipeAreKeptAndGivenBack) {
  flash(1);
  EXPECT_EQ(run({"audit", "verify", "--images"}).status, 0);
  EXPECT_EQ(run({"audit", "image", "user.bin", "-o", "back.bin"}).status, 0);
  const std::string user = folder_.read((std::filesystem::path(example_recipe()).parent_path() / "user.bin").string());
  EXPECT_EQ(folder_.read("back.bin"), user);
  EXPECT_EQ(run({"audit", "image", "user.bin"}).out, user);
  EXPECT_EQ(run({"audit", "image", "nobody.bin"}).status, 66);

  std::string file;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path("r.db.images"))) {
    if (entry.is_regular_file() && entry.file_size() == user.size()) file = entry.path();
  }
  std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  std::filesystem::resize_file(file, user.size() - 1);
  EXPECT_EQ(run({"audit", "image", "user.bin"}).status, 1);
  EXPECT_EQ(run({"audit", "verify"}).status, 0) << "the record itself is sound";
  const Ran changed = run({"audit", "verify", "--images"});
  EXPECT_EQ(changed.status, 1);
  EXPECT_THAT(changed.out, HasSubstr("CHANGED: user.bin"));
  std::filesystem::remove_all(folder_.path("r.db.images"));
  EXPECT_THAT(run({"audit", "verify", "--images"}).out, HasSubstr("NOT THERE: user.bin"));
  EXPECT_EQ(run({"audit", "image", "user.bin"}).status, 66);
}

TEST_F(RecordCommandsTest, ImagesAreNotKeptWhereThatIsAskedFor) {
  const std::vector<std::string> one{"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20"};
  std::vector<std::string> without = one, with_file = one;
  without.push_back("--no-archive");
  EXPECT_EQ(run(without).status, 0);
  folder_.write("s.toml", "archive_images = false\n");
  with_file.insert(with_file.end(), {"--station", "s.toml"});
  EXPECT_EQ(run(with_file).status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("r.db.images")));
  folder_.write("r.db.images", "in the way");
  const Ran ran = run(one);
  EXPECT_EQ(ran.status, 74) << "no unit is touched whose images cannot be kept";
  EXPECT_THAT(ran.err, HasSubstr("--no-archive"));
}

// A recipe's text in a page, or an attempt's ids, are no anchors.
TEST(AnchorText, IsFoundInItsOwnFormsOnly) {
  const std::string uuid = "01930000-0000-7000-8000-0000000000fa", hash(64, 'a');
  EXPECT_TRUE(anchors_in("attempt " + uuid + " row 7 " + hash).empty());
  EXPECT_TRUE(anchors_in("installation: " + uuid + "\nrow: 7\nhash: " + hash.substr(1) + "\n").empty());
  const std::string good = "installation: " + uuid + "\nrow: 7\nhash: " + hash + "\n";
  EXPECT_EQ(anchors_in(good + good).size(), 1u);
  EXPECT_EQ(anchors_in("x\r\ninstallation: " + uuid + "\r\nrow: 7\r\nhash: " + hash + "\r\n").size(), 1u);
  EXPECT_EQ(anchors_in(good)[0].head.seq, 7);
}

// ---- one order for somebody else

class ExportCommandsTest : public RecordCommandsTest {
 protected:
  // Two orders of line-3, one of them closed.
  void SetUp() override {
    folder_.write("line-3.toml", "name = \"line-3\"\n");
    for (const char* order : {"4711", "4712"}) {
      at_line(
          {"job", "open", order, "--quantity", "2", "--recipe", example_recipe(), "--lot", "L1", "--operator", "Eve"});
      const Ran ran = at_line({"flash", example_recipe(), "--line", "virtual", "--units", "2", "--speed", "20", "--job",
                               order, "--operator", "Ada"});
      ASSERT_EQ(ran.status, 0) << ran.err;
    }
    at_line({"label", "SN-1", "--slot", "1-1.1", "--operator", "Ada"});
    ASSERT_EQ(at_line({"job", "close", "4711", "-o", "c.txt"}).status, 0);
  }
  Ran at_line(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--station", "line-3.toml"});
    return run(arguments);
  }
  void export_it(const std::string& order, const std::string& to) {
    const Ran ran = at_line({"job", "export", order, "-o", to});
    ASSERT_EQ(ran.status, 0) << ran.err;
  }
  Ran import(const std::string& from, const std::string& to, const std::string& key = {}) {
    std::vector<std::string> arguments{"job", "import", from, "--db", to};
    if (!key.empty()) arguments.insert(arguments.end(), {"--key", key});
    return folder_.run(arguments);
  }
  Ran of(const std::string& database, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--db", database});
    return folder_.run(arguments);
  }
};

TEST_F(ExportCommandsTest, AnExportIsReportedAndVerifiedLikeAnyRecordAndStandsByItself) {
  const Ran said = at_line({"job", "export", "4711"});
  ASSERT_EQ(said.status, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("order 4711: 2 attempts"));
  const std::string file = "4711.flashline";
  const Ran verified = of(file, {"audit", "verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("excerpt of order 4711"));
  EXPECT_THAT(verified.out, HasSubstr("rows are left out"));
  EXPECT_THAT(of(file, {"report"}).out, HasSubstr("Attempts  2"));
  EXPECT_THAT(of(file, {"report", "--lot", "L1"}).out, HasSubstr("line-3"));
  EXPECT_THAT(of(file, {"job", "list"}).out, HasSubstr("2 of 2"));
  EXPECT_EQ(of(file, {"audit", "verify", "--key", "r.db.key.pub"}).status, 0);
  const Ran certificate = of(file, {"audit", "verify", "--against", "c.txt", "--key", "r.db.key.pub"});
  EXPECT_EQ(certificate.status, 0) << certificate.out;
  EXPECT_THAT(certificate.out, HasSubstr("HOLDS"));
  flash(1);
  at_line({"audit", "anchor", "-o", "anchor.txt"});
  EXPECT_THAT(of(file, {"audit", "verify", "--against", "anchor.txt"}).out, HasSubstr("is not in the excerpt"));
}

TEST_F(ExportCommandsTest, AnImportedOrderIsListedWithItsStationAndReportedByJobUnitAndLot) {
  export_it("4711", "x");
  const Ran said = import("x", "archive.db");
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("order 4711 of station line-3"));
  EXPECT_THAT(import("x", "archive.db").out, HasSubstr(": 0 new rows"));
  folder_.write("line-9.toml", "name = \"line-9\"\n");
  of("archive.db", {"job", "open", "4711", "--quantity", "7", "--station", "line-9.toml"});
  const std::string list = of("archive.db", {"job", "list"}).out;
  EXPECT_THAT(list, testing::ContainsRegex("4711 +0 of 7 "));
  EXPECT_THAT(list, testing::ContainsRegex("4711 +2 of 2 .*, station line-3"));
  const std::string report = of("archive.db", {"report", "--job", "4711"}).out;
  EXPECT_THAT(report, HasSubstr("Attempts  2"));
  EXPECT_THAT(report, testing::ContainsRegex("Order +4711: 0 of 7 "));
  EXPECT_THAT(report, testing::ContainsRegex("Order +4711: 2 of 2 .*, station line-3"));
  EXPECT_THAT(of("archive.db", {"report", "--lot", "L1"}).out, HasSubstr("Attempts  2"));
  EXPECT_EQ(import("x", "archive.db").status, 0);
  const Ran verified = of("archive.db", {"audit", "verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("excerpt of order 4711"));
  EXPECT_THAT(verified.out, HasSubstr("station line-9"));
}

TEST_F(ExportCommandsTest, AFileThatWasChangedOrSignedBySomebodyElseIsRefused) {
  export_it("4711", "x");
  std::string bytes = folder_.read("x");
  const std::size_t at = bytes.find("system-part2");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'S';
  folder_.write("changed", bytes);
  const Ran changed = import("changed", "archive.db");
  EXPECT_NE(changed.status, 0);
  EXPECT_THAT(changed.err, testing::ContainsRegex("Row [0-9]+ \\(table [a-z_]+\\) is not as it was written"));
  EXPECT_EQ(import("r.db", "archive.db").status, 74);
  of("other.db", {"job", "open", "1", "--quantity", "1"});  // makes another key
  EXPECT_EQ(import("x", "archive.db", "other.db.key.pub").status, 1);
  EXPECT_EQ(of("x", {"audit", "verify", "--key", "other.db.key.pub"}).status, 1);
  EXPECT_EQ(of("x", {"audit", "verify", "--key", "nonsense"}).status, 64);
  EXPECT_EQ(import("x", "archive.db", "r.db.key.pub").status, 0);
  EXPECT_EQ(at_line({"job", "export", "4799", "-o", "none"}).status, 66);
}

TEST_F(ExportCommandsTest, AnOrderIsExportedWhileItIsWorkedOnAndTheLaterExportStandsInItsPlace) {
  at_line({"job", "open", "4713", "--quantity", "4", "--recipe", example_recipe()});
  const int line =
      folder_.start({"run", example_recipe(), "--line", "virtual", "--units", "3", "--speed", "20", "--job", "4713",
                     "--db", "r.db", "--station", "line-3.toml", "--board", "off", "--json"});
  Ran early;
  for (int i = 0; i < 200 && early.out.find("4713: 3 attempts") == std::string::npos; ++i) {
    std::filesystem::remove(folder_.path("early"));
    early = at_line({"job", "export", "4713", "-o", "early"});
    ASSERT_EQ(early.status, 0) << early.err;
  }
  EXPECT_THAT(early.out, HasSubstr("4713: 3 attempts"));
  EXPECT_EQ(of("early", {"audit", "verify", "--key", "r.db.key.pub"}).status, 0);
  for (int i = 0; i < 400 && at_line({"job", "list"}).out.find("3 of 4") == std::string::npos; ++i) continue;
  ::kill(line, SIGINT);
  folder_.finish(line);
  at_line({"job", "close", "4713"});
  export_it("4713", "late");
  EXPECT_EQ(import("early", "archive.db").status, 0);
  EXPECT_THAT(of("archive.db", {"job", "list"}).out, HasSubstr("open"));
  EXPECT_EQ(import("late", "archive.db").status, 0);
  EXPECT_THAT(of("archive.db", {"job", "list"}).out, testing::ContainsRegex("4713 +3 of 4 +closed"));
  EXPECT_EQ(of("archive.db", {"audit", "verify"}).status, 0);
}

}  // namespace
}  // namespace station
