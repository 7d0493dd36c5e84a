#include "db/verify.h"

#include <cstring>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include "db/error.h"
#include "db/schema.h"
#include "tests/db/sample.h"

namespace db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct RowAt {
  std::string table;
  std::int64_t seq = 0;
};

// A record with every table in it, and an editor's access to copies of it.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    Store store(original_, "line-3", sample::run(), uuids_);
    for (std::uint8_t n = 1; n < 40; n = static_cast<std::uint8_t>(n + 3)) {
      store.append(sample::visit(n));
      store.append(sample::started(static_cast<std::uint8_t>(n + 1), n));
      store.append(n % 2 == 0 ? sample::failed(static_cast<std::uint8_t>(n + 1))
                              : sample::passed(static_cast<std::uint8_t>(n + 1)));
      store.append(VisitEnded{sample::uuid(n), sample::at(20000)});
    }
    store.append(sample::beside(2, 1));
    head_ = store.head();
  }

  // A fresh copy that can be edited at will.
  SQLite::Database tampered() {
    std::filesystem::copy_file(original_, copy_, std::filesystem::copy_options::overwrite_existing);
    SQLite::Database file(copy_, SQLite::OPEN_READWRITE);
    file.exec("PRAGMA journal_mode = DELETE");
    file.exec("PRAGMA synchronous = OFF");
    std::vector<std::string> triggers;
    dropped_.clear();
    SQLite::Statement names(file, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
    while (names.executeStep()) {
      triggers.push_back(names.getColumn(0).getString());
      dropped_.push_back(names.getColumn(1).getString());
    }
    names.reset();
    for (const std::string& trigger : triggers) file.exec("DROP TRIGGER " + trigger);
    return file;
  }

  // As an editor does who wants to leave no trace.
  void restore_triggers(SQLite::Database& file) {
    for (const std::string& trigger : dropped_) file.exec(trigger);
  }

  // As if an archive ended there. The chain of what is left holds.
  void cut_off_until(std::int64_t last) {
    SQLite::Database file = tampered();
    Sha256 hash{};
    for (const std::string_view table : kChainedTables) {
      const std::string name(table);
      SQLite::Statement found(file, "SELECT hash FROM " + name + " WHERE seq = " + std::to_string(last));
      if (found.executeStep()) {
        std::memcpy(hash.data(), found.getColumn(0).getBlob(), hash.size());
      }
    }
    for (const std::string_view table : kChainedTables) {
      file.exec("DELETE FROM " + std::string(table) + " WHERE seq <= " + std::to_string(last));
    }
    SQLite::Statement begin(file, "UPDATE chain SET start_seq = ?, start_hash = ?");
    begin.bind(1, last);
    begin.bind(2, hash.data(), static_cast<int>(hash.size()));
    begin.exec();
    restore_triggers(file);
  }

  std::vector<RowAt> rows(const std::string& table) {
    std::vector<RowAt> places;
    SQLite::Database file(original_);
    SQLite::Statement query(file, "SELECT seq FROM " + table + " ORDER BY seq");
    while (query.executeStep()) places.push_back({table, query.getColumn(0).getInt64()});
    return places;
  }

  std::optional<ChainProblem> problem() {
    const Verification result = verify_chain(copy_);
    EXPECT_FALSE(result.sound());
    const ChainVerification& chain = result.chains.at(0);
    if (chain.problem) {
      EXPECT_EQ(chain.proven.seq, chain.problem->seq - 1) << chain.problem->text;
    }
    return chain.problem;
  }

  sample::Folder folder_;
  std::string original_ = folder_.file();
  std::string copy_ = folder_.file("copy.db");
  UuidGenerator uuids_;
  Head head_;
  std::vector<std::string> dropped_;  // statements that make the triggers
};

std::string where(const RowAt& place) {
  return " WHERE seq = " + std::to_string(place.seq);
}

TEST_F(VerifyTest, AnUntouchedCopyIsSoundAndNothingIsLeftBesideIt) {
  std::filesystem::copy_file(original_, copy_);
  const Verification result = verify_chain(copy_);
  EXPECT_TRUE(result.sound());
  EXPECT_EQ(result.chains.at(0).rows, head_.seq);
  EXPECT_EQ(result.chains.at(0).last, head_);
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-shm"));
}

TEST_F(VerifyTest, AJournalThatWouldChangeTheFileAtItsNextOpeningIsNamed) {
  std::filesystem::copy_file(original_, copy_);
  std::ofstream(copy_ + "-journal") << "";
  EXPECT_TRUE(verify_chain(copy_).sound()) << "an empty one does nothing";
  {
    // As SQLite leaves it where a program ends in the middle of a change: the old pages, to be put back.
    SQLite::Database file = tampered();
    file.exec("BEGIN IMMEDIATE; UPDATE visit SET slot = 'Z9'; PRAGMA cache_spill = ON;");
    std::ofstream(folder_.file("kept")) << std::ifstream(copy_ + "-journal").rdbuf();
    file.exec("ROLLBACK");
  }
  std::filesystem::copy_file(original_, copy_, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(folder_.file("kept"), copy_ + "-journal",
                             std::filesystem::copy_options::overwrite_existing);
  ASSERT_GT(std::filesystem::file_size(copy_ + "-journal"), 0u);
  const Verification result = verify_chain(copy_);
  EXPECT_FALSE(result.sound());
  EXPECT_THAT(result.file_problems, testing::ElementsAre(HasSubstr("-journal")));
}

TEST_F(VerifyTest, HashesAreThoseOfTheDocumentedForm) {
  // By hand, from the text of db/chain.h: the first row of the chain.
  SQLite::Database file(original_);
  SQLite::Statement row(file, "SELECT hash, at, installation FROM station WHERE seq = 1");
  ASSERT_TRUE(row.executeStep());
  const std::string installation = row.getColumn(2).getString();
  std::string seed = "flashline chain 1" + installation;
  std::string link(32, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(link.data());
  crypto_hash_sha256(bytes, reinterpret_cast<const unsigned char*>(seed.data()), seed.size());
  std::string at;
  for (int shift = 56; shift >= 0; shift -= 8) at += static_cast<char>(row.getColumn(1).getInt64() >> shift);
  const std::string form = link + "\x07station" + std::string("\x01I\0\0\0\0\0\0\0\x01", 10) + "\x03I" + at +
                           std::string(
                               "\x04"
                               "B\0\0\0\x10",
                               6) +
                           installation + std::string("\x05T\0\0\0\x06", 6) + "line-3";
  crypto_hash_sha256(bytes, reinterpret_cast<const unsigned char*>(form.data()), form.size());
  EXPECT_EQ(row.getColumn(0).getString(), link);
}

TEST_F(VerifyTest, AChangedValueInAnyColumnOfAnyRowIsFoundAtThatRow) {
  for (const std::string_view name : kChainedTables) {
    const std::string table(name);
    SQLite::Database file = tampered();
    file.exec("PRAGMA ignore_check_constraints = ON");
    SQLite::Statement columns(file, "SELECT name, type FROM pragma_table_info('" + table + "')");
    std::vector<std::pair<std::string, std::string>> all;
    while (columns.executeStep()) all.emplace_back(columns.getColumn(0).getString(), columns.getColumn(1).getString());
    columns.reset();
    for (const RowAt& place : rows(table)) {
      for (const auto& [column, type] : all) {
        if (column == "chain" || column == "seq") continue;
        const std::string value = type == "INTEGER" ? "coalesce(" + column + ", 0) + 1000"
                                  : type == "TEXT"  ? "coalesce(" + column + ", '') || 'x'"
                                                    : "CAST(coalesce(" + column + ", x'') || x'00' AS BLOB)";
        // The value as it was is put back after each edit.
        file.exec("CREATE TEMP TABLE kept AS SELECT * FROM " + table + where(place));
        file.exec("UPDATE " + table + " SET " + column + " = " + value + where(place));
        const std::optional<ChainProblem> found = problem();
        ASSERT_TRUE(found.has_value()) << table << '.' << column << " of " << place.seq;
        EXPECT_EQ(found->seq, place.seq) << table << '.' << column;
        EXPECT_EQ(found->table, table) << column;
        EXPECT_EQ(found->damage, Damage::changed) << table << '.' << column;
        file.exec("UPDATE " + table + " SET " + column + " = (SELECT " + column + " FROM kept)" + where(place));
        file.exec("DROP TABLE temp.kept");
      }
    }
    const Verification restored = verify_chain(copy_);
    EXPECT_EQ(restored.chains.at(0).problem, std::nullopt) << table;
  }
}

TEST_F(VerifyTest, AValueThatBecomesNullIsFound) {
  tampered().exec("UPDATE visit SET slot = NULL WHERE seq = (SELECT min(seq) FROM visit)");
  EXPECT_EQ(problem()->seq, rows("visit").front().seq);
}

TEST_F(VerifyTest, ADeletedRowIsFoundUnlessItIsTheLast) {
  for (const std::string_view name : kChainedTables) {
    for (const RowAt& place : rows(std::string(name))) {
      tampered().exec("DELETE FROM " + place.table + where(place));
      if (place.seq == head_.seq) {
        // Nothing inside the file can tell; the head can, when it was kept elsewhere.
        EXPECT_EQ(verify_chain(copy_).chains.at(0).problem, std::nullopt);
        EXPECT_NE(verify_chain(copy_).chains.at(0).last, head_);
        continue;
      }
      const std::optional<ChainProblem> found = problem();
      ASSERT_TRUE(found.has_value()) << place.seq;
      EXPECT_EQ(found->damage, Damage::missing);
      EXPECT_EQ(found->seq, place.seq);
    }
  }
}

TEST_F(VerifyTest, ARangeOfDeletedRowsIsNamed) {
  SQLite::Database file = tampered();
  for (const std::string_view table : kChainedTables) {
    file.exec("DELETE FROM " + std::string(table) + " WHERE seq BETWEEN 10 AND 20");
  }
  EXPECT_THAT(problem()->text, HasSubstr("ows 10 to 20 are gone"));
}

TEST_F(VerifyTest, FirstRowsThatWereCutOffAreMissedWhereverTheRecordIsMadeToBegin) {
  for (std::int64_t last = 1; last < head_.seq; ++last) {
    SCOPED_TRACE(last);
    cut_off_until(last);
    EXPECT_FALSE(verify_chain(copy_).sound());
    EXPECT_THROW(Store(copy_, "line-3", sample::run(201), uuids_), Error) << "and nothing is added to it";
  }
}

TEST_F(VerifyTest, HalfABeginningIsNoBeginning) {
  SQLite::Database file = tampered();
  file.exec("UPDATE chain SET start_hash = zeroblob(32)");
  restore_triggers(file);
  EXPECT_THAT(verify_chain(copy_).file_problems, ElementsAre(HasSubstr("half of a beginning")));
}

TEST_F(VerifyTest, TwoExchangedRowsAreOutOfOrder) {
  const std::vector<RowAt> visits = rows("visit");
  for (std::size_t i = 0; i + 1 < visits.size(); ++i) {
    const std::string first = std::to_string(visits[i].seq);
    const std::string second = std::to_string(visits[i + 1].seq);
    SQLite::Database file = tampered();
    file.exec("UPDATE visit SET seq = 100000 WHERE seq = " + first);
    file.exec("UPDATE visit SET seq = " + first + " WHERE seq = " + second);
    file.exec("UPDATE visit SET seq = " + second + " WHERE seq = 100000");
    const std::optional<ChainProblem> found = problem();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->damage, Damage::out_of_order) << found->text;
    EXPECT_EQ(found->seq, visits[i].seq);
    EXPECT_EQ(found->table, "visit");
  }
}

TEST_F(VerifyTest, ARowMovedToTheEndIsOutOfOrder) {
  const RowAt place = rows("attempt_finished").at(2);
  tampered().exec("UPDATE attempt_finished SET seq = 100000" + where(place));
  const std::optional<ChainProblem> found = problem();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->damage, Damage::out_of_order);
  EXPECT_EQ(found->seq, place.seq);
  EXPECT_EQ(found->table, "attempt_finished");
}

TEST_F(VerifyTest, ARowWithANumberThatIsTakenIsInserted) {
  for (const std::int64_t seq : {std::int64_t{5}, std::int64_t{12}, head_.seq}) {
    for (const std::string& table : {std::string("station"), std::string("visit_ended")}) {
      SQLite::Database file = tampered();
      const std::string number = std::to_string(seq);
      if (file.execAndGet("SELECT count(*) FROM " + table + " WHERE seq = " + number).getInt() > 0) continue;
      file.exec(table == "station"
                    ? "INSERT INTO station SELECT chain, " + number + ", hash, at, installation, name FROM station"
                    : "INSERT INTO visit_ended SELECT chain, " + number +
                          ", hash, zeroblob(16), at FROM visit_ended "
                          "LIMIT 1");
      const Verification result = verify_chain(copy_);
      const std::optional<ChainProblem>& found = result.chains.at(0).problem;
      ASSERT_TRUE(found.has_value()) << table << seq;
      EXPECT_EQ(found->damage, Damage::inserted) << found->text;
      EXPECT_EQ(found->seq, seq);
      EXPECT_EQ(found->table, table);
    }
  }
}

TEST_F(VerifyTest, ARowForWhichTheLaterOnesMadeRoomIsInserted) {
  SQLite::Database file = tampered();
  for (const std::string_view table : kChainedTables) {
    file.exec("UPDATE " + std::string(table) + " SET seq = seq + 100000 WHERE seq >= 15");
    file.exec("UPDATE " + std::string(table) + " SET seq = seq - 99999 WHERE seq >= 100000");
  }
  file.exec("INSERT INTO station SELECT chain, 15, hash, at, installation, name FROM station");
  const std::optional<ChainProblem> found = problem();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->damage, Damage::inserted) << found->text;
  EXPECT_EQ(found->seq, 15);
  EXPECT_EQ(found->table, "station");
}

TEST_F(VerifyTest, AnotherInstallationBreaksTheChainAtItsFirstRow) {
  tampered().exec("UPDATE chain SET installation = zeroblob(16)");
  EXPECT_EQ(problem()->seq, 1);
}

TEST_F(VerifyTest, RowsAndTablesOfNoStationAreFound) {
  {
    SQLite::Database file = tampered();
    file.exec("UPDATE visit SET chain = 2 WHERE seq = (SELECT max(seq) FROM visit)");
  }
  EXPECT_THAT(verify_chain(copy_).file_problems, testing::Contains(HasSubstr("belong to no station")));
  tampered().exec("DELETE FROM chain");
  EXPECT_THAT(verify_chain(copy_).file_problems, testing::Contains(HasSubstr("names no station")));
}

TEST_F(VerifyTest, ADroppedTriggerOrAnExtraViewIsFound) {
  std::filesystem::copy_file(original_, copy_);
  SQLite::Database(copy_, SQLite::OPEN_READWRITE).exec("DROP TRIGGER visit_no_update");
  EXPECT_THAT(verify_chain(copy_).file_problems, testing::Contains(HasSubstr("not as this program makes them")));
  EXPECT_EQ(verify_chain(copy_).chains.at(0).problem, std::nullopt);
}

TEST_F(VerifyTest, ADamagedPageIsReportedAndDoesNotEndTheCheck) {
  std::filesystem::copy_file(original_, copy_);
  const auto pages = std::filesystem::file_size(copy_) / 4096;
  for (std::uintmax_t page = 1; page < pages; ++page) {
    std::filesystem::copy_file(original_, copy_, std::filesystem::copy_options::overwrite_existing);
    {
      std::fstream file(copy_, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(page * 4096));
      file << std::string(64, '\xEE');
    }
    try {
      EXPECT_FALSE(verify_chain(copy_).sound()) << "page " << page;
    } catch (const Error& error) {
      EXPECT_EQ(error.trouble(), Trouble::damaged) << error.what();
    }
  }
}

TEST_F(VerifyTest, ACopyWithoutItsWriteAheadLogIsToldWhereItCanBe) {
  Store store(folder_.file("live.db"), "line-3", sample::run(), uuids_);
  store.append(sample::visit(1));
  // Before the first checkpoint the file holds no table at all.
  std::filesystem::copy_file(folder_.file("live.db"), copy_);
  try {
    verify_chain(copy_);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("-wal"));
  }
  std::filesystem::copy_file(original_, copy_, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(folder_.file("live.db-shm"), copy_ + "-shm");
  EXPECT_TRUE(verify_chain(copy_).wal_missing);
}

TEST_F(VerifyTest, ALiveDatabaseIsVerifiedWhileItsWriterGoesOn) {
  Store store(folder_.file("live.db"), "line-3", sample::run(), uuids_);
  store.append(sample::visit(1));
  const Verification result = verify_chain(folder_.file("live.db"));
  EXPECT_TRUE(result.sound());
  EXPECT_EQ(result.chains.at(0).last, store.head());
}

TEST(Canonical, FormsOfDifferentRowsDiffer) {
  const Sha256 zero{};
  const auto hash = [&](auto fill) {
    RowHasher hasher;
    fill(hasher);
    return hasher.finish(zero);
  };
  const std::vector<Sha256> all{
      hash([](RowHasher& h) { h.begin("a"); }),
      hash([](RowHasher& h) { h.begin("ab"); }),
      hash([](RowHasher& h) { h.begin("a"), h.text(3, ""); }),
      hash([](RowHasher& h) { h.begin("a"), h.text(4, ""); }),
      hash([](RowHasher& h) { h.begin("a"), h.blob(3, {}); }),
      hash([](RowHasher& h) { h.begin("a"), h.text(3, "x"), h.text(4, "yz"); }),
      hash([](RowHasher& h) { h.begin("a"), h.text(3, "xy"), h.text(4, "z"); }),
      hash([](RowHasher& h) { h.begin("a"), h.integer(3, 1); }),
      hash([](RowHasher& h) { h.begin("a"), h.integer(3, -1); }),
      hash([](RowHasher& h) { h.begin("a"), h.text(3, std::string_view("\0\0\0\0\0\0\0\1", 8)); }),
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << ' ' << j;
  }
}

}  // namespace
}  // namespace db
