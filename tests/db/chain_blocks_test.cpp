// A chain that is proven in blocks on all cores, and one that is walked row by row: what is found is the same.
#include "db/chain_blocks.h"

#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "db/chain_walk.h"
#include "db/connection.h"
#include "db/own_chain.h"
#include "db/schema.h"
#include "db/stored_row.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;

// Rows of three blocks, the last of them begun.
class ChainBlocks : public testing::Test {
 protected:
  static constexpr std::int64_t rows = 10000, block = 4096;

  ChainBlocks() {
    Store store(original_, "line-3", sample::run(), uuids_);
    installation_ = store.installation();
    while (store.head().seq < rows) store.append(some_attempts());
    head_ = store.head();
  }

  std::vector<Record> some_attempts() {
    std::vector<Record> batch;
    for (int i = 0; i < 200; ++i) {
      VisitStarted visit = sample::visit(0);
      visit.visit = uuids_.next();
      AttemptStarted started = sample::started(0, 0);
      started.visit = visit.visit;
      started.attempt = uuids_.next();
      AttemptFinished finished = i % 9 ? sample::passed(0) : sample::failed(0);
      finished.attempt = started.attempt;
      for (const Record& record :
           {Record(visit), Record(started), Record(finished), Record(VisitEnded{visit.visit, sample::at(20000)})}) {
        batch.push_back(record);
      }
    }
    return batch;
  }

  // Past the triggers, which are put back: with them the file is as this program makes it.
  void edit(const std::string& sql) {
    fs::copy_file(original_, copy_, fs::copy_options::overwrite_existing);
    SQLite::Database file(copy_, SQLite::OPEN_READWRITE);
    file.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON; BEGIN");
    std::vector<std::string> triggers;
    SQLite::Statement query(file, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
    std::string drop;
    while (query.executeStep()) {
      drop += "DROP TRIGGER " + query.getColumn(0).getString() + ";";
      triggers.push_back(query.getColumn(1).getString());
    }
    query.reset();
    file.exec(drop);
    file.exec(sql);
    for (const std::string& trigger : triggers) file.exec(trigger);
    file.exec("COMMIT");
  }

  AnchorChecks anchors() {
    AnchorChecks all;
    SQLite::Database file(original_);
    for (const std::int64_t seq :
         {std::int64_t{1}, std::int64_t{77}, block - 1, block, block + 1, 2 * block, head_.seq}) {
      all.push_back({{installation_, find_row(file, kOwnChain, seq)->head}, AnchorCheck::not_here});
    }
    all.push_back({{installation_, {head_.seq + 5, sample::digest(1)}}, AnchorCheck::not_here});
    all.push_back({{installation_, {block + 3, sample::digest(1)}}, AnchorCheck::not_here});
    all.push_back({{uuids_.next(), {5, sample::digest(1)}}, AnchorCheck::not_here});
    return all;
  }

  std::string told(const std::string& path, const OpenAnother& open) {
    SQLite::Database file = open_for_reading(path, Snapshot::untouched, Tables::any_kind);
    AnchorChecks checks = anchors();
    const ChainVerification found = walk_chain(file, kOwnChain, installation_, checks, std::nullopt, open);
    std::string text = std::to_string(found.rows) + " rows, start " + std::to_string(found.start.seq) + ", proven " +
                       std::to_string(found.proven.seq) + " " + hex(found.proven.hash) + ", last " +
                       std::to_string(found.last.seq) + " " + hex(found.last.hash) + ", whole " +
                       std::to_string(found.whole) + ", left out " + std::to_string(found.left_out);
    if (const auto& problem = found.problem) {
      text += ": " + std::string(to_string(problem->damage)) + " " + std::to_string(problem->seq) + " " +
              problem->table + " " + problem->text;
    }
    for (const auto& [anchor, check] : checks) text += " " + std::to_string(static_cast<int>(check));
    return text;
  }
  OpenAnother another(const std::string& path) {
    return [path] { return open_for_reading(path, Snapshot::untouched); };
  }

  sample::Folder folder_;
  std::string original_ = folder_.file(), copy_ = folder_.file("copy.db");
  UuidGenerator uuids_;
  Uuid installation_;
  Head head_;
};

std::string at(std::int64_t seq) {
  return " WHERE chain = 1 AND seq = " + std::to_string(seq);
}

TEST_F(ChainBlocks, AWholeChainIsProvenAndTellsTheHashesThatAreAskedFor) {
  const Head start{0, genesis(installation_)};
  const auto hashes =
      prove_in_blocks({kOwnChain, start, head_}, another(original_), {1, block, head_.seq, head_.seq + 9});
  ASSERT_TRUE(hashes.has_value());
  ASSERT_EQ(hashes->size(), 3U);
  EXPECT_EQ(hashes->at(head_.seq), head_.hash);
  EXPECT_FALSE(prove_in_blocks({kOwnChain, start, {head_.seq + 1, head_.hash}}, another(original_), {}));
  EXPECT_FALSE(prove_in_blocks({kOwnChain, {0, sample::digest(1)}, head_}, another(original_), {}));
  EXPECT_FALSE(prove_in_blocks({kOwnChain, start, head_}, another(folder_.file("none.db")), {}));
  EXPECT_EQ(told(original_, another(original_)), told(original_, {}));
}

TEST_F(ChainBlocks, EveryDamageIsFoundAsTheWalkFindsIt) {
  std::vector<std::int64_t> places{1, block, block + 1, 2 * block, 2 * block + 1, head_.seq - 1, head_.seq};
  std::mt19937_64 random(20261130);
  for (int i = 0; i < 3; ++i)
    places.push_back(1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(head_.seq)));
  int sound = 0;
  for (const std::int64_t seq : places) {
    SQLite::Database file(original_);
    const std::string table(find_row(file, kOwnChain, seq)->table);
    const std::string row = std::to_string(seq);
    for (const std::string& sql :
         {"UPDATE " + table + " SET hash = randomblob(32)" + at(seq), "DELETE FROM " + table + at(seq),
          "UPDATE " + table + " SET seq = " + std::to_string(head_.seq + 100) + at(seq),
          "UPDATE " + table + " SET seq = -5" + at(seq),
          "INSERT INTO station SELECT chain, " + row + ", hash, at, installation, name FROM station WHERE seq <> " +
              row + " LIMIT 1",
          "UPDATE attempt_started SET operator = 'x' WHERE chain = 1 AND seq = (SELECT max(seq) FROM attempt_started "
          "WHERE seq <= " +
              row + ")"}) {
      edit(sql);
      const std::string walked = told(copy_, {});
      EXPECT_EQ(told(copy_, another(copy_)), walked) << sql;
      sound += walked.find(": ") == std::string::npos;
    }
  }
  EXPECT_LE(sound, 3) << "there is nothing before the first row, and the last one may be cut off";
}

TEST_F(ChainBlocks, AFileThatOtherThreadsWouldNotOpenIsWalked) {
  edit("UPDATE visit SET slot = 'Z' WHERE seq = (SELECT max(seq) FROM visit)");
  SQLite::Database(copy_, SQLite::OPEN_READWRITE).exec("DROP TRIGGER visit_no_update");
  EXPECT_EQ(told(copy_, another(copy_)), told(copy_, {}));
}

}  // namespace
}  // namespace db
