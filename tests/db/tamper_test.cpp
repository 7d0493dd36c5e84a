// Random edits of a record, made with SQLite's shell and as raw bytes: what changes the answer of any query is found,
// and a changed row is found where it stands. Some hundred in each run of the tests; any number, and any seed, by hand:
//   FLASHLINE_TAMPERS=10000 FLASHLINE_SEED=7 build/tests/db_tests --gtest_filter='Tamper*'
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "db/care.h"
#include "db/error.h"
#include "db/lookup.h"
#include "db/schema.h"
#include "db/stored_row.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;

int setting(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

// Every row that is in the file, by its place in its chain; and what belongs to no row.
struct Dump {
  std::map<std::pair<std::int64_t, std::int64_t>, std::multiset<std::string>> rows;
  std::string beside;
};

std::string quoted_row(const SQLite::Statement& query) {
  std::string text;
  for (int column = 0; column < query.getColumnCount(); ++column) {
    text += query.getColumn(column).getString() + "'" + std::to_string(query.getColumn(column).getType()) + "|";
  }
  return text;
}

Dump dump_of(const std::string& path) {
  Dump dump;
  SQLite::Database file(path);
  for (const std::string_view table : kChainedTables) {
    SQLite::Statement query(file, "SELECT * FROM " + std::string(table));
    while (query.executeStep()) {
      const std::pair place(query.getColumn(0).getInt64(), query.getColumn(1).getInt64());
      dump.rows[place].insert(std::string(table) + ":" + quoted_row(query));
    }
  }
  SQLite::Statement chains(file, "SELECT * FROM chain ORDER BY chain");
  while (chains.executeStep()) dump.beside += quoted_row(chains) + "\n";
  SQLite::Statement excerpts(file, "SELECT * FROM excerpt ORDER BY statement");
  while (excerpts.executeStep()) dump.beside += quoted_row(excerpts) + "\n";
  return dump;
}

std::string told(const Attempt& attempt) {
  const AttemptStarted& started = attempt.started;
  const AttemptFinished& finished = attempt.finished;
  std::string text = attempt.station + to_string(attempt.installation) + attempt.visit.port + attempt.visit.slot +
                     to_string(started.attempt) + std::to_string(started.number) + started.job + started.lot +
                     started.operator_name + started.serial + started.product_name + attempt.label +
                     std::to_string(started.at.time_since_epoch().count()) + std::string(to_string(finished.outcome)) +
                     finished.unit + std::to_string(finished.at.time_since_epoch().count());
  for (const std::string& serial : finished.serials) text += serial;
  if (attempt.run) text += attempt.run->host + attempt.run->kernel + attempt.run->software + attempt.run->operator_name;
  if (finished.fault) text += finished.fault->code + finished.fault->text;
  if (started.recipe) text += started.recipe->name + hex(started.recipe->sha256) + started.recipe->text;
  for (const Step& step : finished.steps) {
    text += step.name + std::to_string(step.written_bytes) + (step.readback ? hex(*step.readback) : "-");
    if (step.image) text += step.image->name + hex(step.image->sha256);
  }
  return text + "\n";
}

std::vector<Filter> questions() {
  std::vector<Filter> all(11);
  all[1].job = "J-7";
  all[2].lot = "L-9";
  all[3].unit = "3b002c001847353236343033";
  all[4].unit = "SN-0001";
  all[5].slot = "A2";
  all[6].outcome = Outcome::failed;
  all[7].recipe = "photon-0.4.3";
  all[8].image = "part2.bin";
  all[9].since = sample::at(10);
  all[9].until = sample::at(30);
  all[10].unit = "00000000010C";
  return all;
}

// What any of our questions is answered; what goes wrong is an answer too.
std::string answers(const std::string& path) {
  std::string text;
  try {
    Reader reader(path);
    for (const Filter& filter : questions()) {
      for (const Attempt& attempt : reader.attempts(filter)) text += told(attempt);
      text += std::to_string(reader.counts(filter).attempts) + "\n";
    }
    for (const StationInfo& station : reader.stations()) {
      text += station.name + to_string(station.installation) + station.public_key + hex(station.head.hash) + "\n";
    }
    for (const WorkOrder& job : reader.jobs()) {
      text += job.opened.order + job.opened.product + std::to_string(job.made) + std::to_string(job.opened.quantity) +
              (job.closed ? job.closed->certificate : "open") + "\n";
    }
    for (const Event& event : reader.events()) text += event.kind + event.about + event.text + event.facts + "\n";
    for (const Disposition& one : reader.dispositions(sample::uuid(2), "3b002c001847353236343033")) {
      text += std::string(to_string(one.verdict)) + one.author + one.reason + "\n";
    }
    for (const Attempt& attempt : reader.partial_flashes().attempts) text += to_string(attempt.started.attempt) + "\n";
    Lookup lookup(path);
    for (const KnownVisit& visit : lookup.labelled("SN-0001")) text += to_string(visit.visit.visit) + visit.unit;
    if (const auto last = lookup.last_in("A2")) text += to_string(last->visit.visit) + last->label + "\n";
  } catch (const std::exception& error) {
    text += std::string("error: ") + error.what();
  }
  return text;
}

class Tamper : public testing::Test {
 protected:
  // Two stations in one database, with every table in it.
  Tamper() {
    make(folder_.file("two.db"), "line-4", 101, 6);
    make(path_, "line-3", 1, 14);
    merge(path_, {folder_.file("two.db")}, uuids_);
    begin();
  }

  // Whatever is at path_ is what is going to be edited.
  void begin() {
    {
      SQLite::Database file(path_, SQLite::OPEN_READWRITE);
      file.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      file.exec("PRAGMA journal_mode = DELETE");
      file.exec("PRAGMA journal_mode = WAL");
    }
    anchors_.clear();
    for (const ChainVerification& chain : verify_chain(path_).chains) {
      anchors_.push_back({chain.installation, chain.last});
    }
    before_ = dump_of(path_);
    answers_ = answers(path_);
    bytes_ = fs::file_size(path_);
  }

  void make(const std::string& path, const std::string& name, std::uint8_t from, int units) {
    Store store(path, name, sample::run(static_cast<std::uint8_t>(from + 99)), uuids_);
    for (int i = 0; i < units; ++i) {
      const auto n = static_cast<std::uint8_t>(from + 2 * i);
      store.append(sample::visit(n, i % 2 ? "A2" : "B1", i % 2 ? "1-1.2" : "1-1.3"));
      AttemptStarted started = sample::started(static_cast<std::uint8_t>(n + 1), n);
      if (i % 4 == 2) started.job = "J-8";
      store.append(started);
      AttemptFinished finished =
          i % 3 ? sample::passed(static_cast<std::uint8_t>(n + 1)) : sample::failed(static_cast<std::uint8_t>(n + 1));
      store.append(finished);
      store.append(VisitEnded{sample::uuid(n), sample::at(20000)});
    }
    store.append(sample::beside(static_cast<std::uint8_t>(from + 1), from));
  }

  // ---- chance

  std::size_t chance(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  template <typename List>
  const auto& any(const List& list) {
    return *std::next(std::begin(list), static_cast<std::ptrdiff_t>(chance(std::size(list))));
  }
  std::string any_table() { return std::string(any(kChainedTables)); }
  // A row that is there: " WHERE chain = 1 AND seq = 17" and the name of its table.
  std::pair<std::string, std::string> any_row() {
    const auto& [place, row] = any(before_.rows);
    return {row.begin()->substr(0, row.begin()->find(':')), at(place.first, place.second)};
  }
  static std::string at(std::int64_t chain, std::int64_t seq) {
    return " WHERE chain = " + std::to_string(chain) + " AND seq = " + std::to_string(seq);
  }
  std::string any_column(const std::string& table) {
    SQLite::Database file(path_);
    SQLite::Statement query(file, "SELECT name FROM pragma_table_info('" + table + "')");
    std::vector<std::string> columns;
    while (query.executeStep()) columns.push_back(query.getColumn(0).getString());
    return any(columns);
  }

  // ---- edits; each leaves an edited copy at copy_ and says what it did

  void fresh_copy() {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(copy_ + suffix);
    fs::copy_file(path_, copy_);
  }

  std::string triggers(const char* sql) {
    SQLite::Database file(path_);
    SQLite::Statement query(file, std::string("SELECT ") + sql + " FROM sqlite_schema WHERE type = 'trigger'");
    std::string all;
    while (query.executeStep()) all += query.getColumn(0).getString() + ";\n";
    return all;
  }

  // With SQLite's shell, as somebody who knows how to get past the triggers and puts them back afterwards.
  void shell(const std::string& sql) {
    const std::string before = triggers("'DROP TRIGGER ' || name"), after = triggers("sql");
    FILE* program = popen(("sqlite3 '" + copy_ + "' >/dev/null 2>&1").c_str(), "w");
    ASSERT_NE(program, nullptr);
    const std::string text =
        ".dbconfig defensive off\n.dbconfig trusted_schema on\nPRAGMA ignore_check_constraints = ON;\n"
        "PRAGMA foreign_keys = OFF;\nPRAGMA synchronous = OFF;\n" +
        before + sql + ";\n" + after + "PRAGMA wal_checkpoint(TRUNCATE);\n";
    std::fwrite(text.data(), 1, text.size(), program);
    pclose(program);
  }

  std::string change_value() {
    const auto [table, where] = any_row();
    const std::string column = any_column(table);
    const std::vector<std::string> values{"NULL",
                                          column + " + 1",
                                          column + " || 'x'",
                                          "CAST(" + column + " || x'00' AS BLOB)",
                                          "0",
                                          "1",
                                          "''",
                                          "x''",
                                          "randomblob(16)",
                                          "randomblob(32)",
                                          "substr(" + column + ", 1, length(" + column + ") - 1)",
                                          "upper(" + column + ")",
                                          "(SELECT " + column + " FROM " + table + " ORDER BY random() LIMIT 1)",
                                          "-1",
                                          "9223372036854775807"};
    const std::string sql = "UPDATE OR IGNORE " + table + " SET " + column + " = " + any(values) + where;
    shell(sql);
    return sql;
  }

  std::string remove_rows() {
    const auto& [place, row] = any(before_.rows);
    const std::int64_t from = place.second, to = chance(3) ? from : from + static_cast<std::int64_t>(chance(40));
    const bool tail = chance(4) == 0;
    std::string sql;
    for (const std::string_view table : kChainedTables) {
      sql += "DELETE FROM " + std::string(table) + " WHERE chain = " + std::to_string(place.first) +
             " AND seq >= " + std::to_string(from) + (tail ? "" : " AND seq <= " + std::to_string(to)) + ";\n";
    }
    shell(sql);
    return (tail ? "cut off from " : "deleted from ") + std::to_string(from);
  }

  std::string insert_row() {
    const auto [table, where] = any_row();
    const std::vector<std::string> places{"seq + 1", "seq - 1", "seq + 1000", "(SELECT max(seq) + 1 FROM visit)",
                                          "seq"};
    const std::string seq = any(places);
    SQLite::Database file(path_);
    SQLite::Statement query(file, "SELECT name FROM pragma_table_info('" + table + "')");
    std::string columns;
    while (query.executeStep()) {
      const std::string name = query.getColumn(0).getString();
      columns += columns.empty() ? "" : ", ";
      columns += name == "seq" ? seq : name == "id" || name == "hash" ? "randomblob(length(" + name + "))" : name;
      if (name == "number") columns += " + 50";
      if (name == "order_number" || name == "unit") columns += " || 'x'";
    }
    const std::string sql = "INSERT OR IGNORE INTO " + table + " SELECT " + columns + " FROM " + table + where;
    shell(sql);
    return sql;
  }

  std::string exchange_rows() {
    const auto [table, where] = any_row();
    const auto [other, elsewhere] = any_row();
    const std::string a = where.substr(where.rfind(' ') + 1), b = elsewhere.substr(elsewhere.rfind(' ') + 1);
    const std::string chain = where.substr(0, where.find(" AND"));
    const std::string sql = "UPDATE OR IGNORE " + table + " SET seq = -1" + chain + " AND seq = " + a + ";\n" +
                            "UPDATE OR IGNORE " + other + " SET seq = " + a + chain + " AND seq = " + b + ";\n" +
                            "UPDATE OR IGNORE " + table + " SET seq = " + b + chain + " AND seq = -1";
    shell(sql);
    return sql;
  }

  std::string change_schema() {
    const std::string table = any_table(), quoted = "'" + table + "'";
    const std::string column = any_column(table);
    const std::string write = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET ";
    const std::vector<std::string> edits{
        "ALTER TABLE " + table + " RENAME TO hidden; CREATE VIEW " + table + " AS SELECT * FROM hidden LIMIT 3",
        "ALTER TABLE " + table + " ADD COLUMN extra TEXT DEFAULT 'x'",
        "ALTER TABLE " + table + " RENAME COLUMN " + column + " TO other",
        "DROP TABLE " + table,
        "DROP INDEX attempt_started_job",
        "CREATE INDEX mine ON " + table + " (" + column + ")",
        "CREATE VIEW mine AS SELECT * FROM " + table,
        "CREATE TABLE mine (x)",
        "CREATE TRIGGER mine AFTER INSERT ON " + table + " BEGIN DELETE FROM label; END",
        write + "sql = replace(sql, 'RAISE(ABORT', 'RAISE(IGNORE') WHERE type = 'trigger'",
        write + "sql = replace(sql, 'WHERE job IS NOT NULL', 'WHERE job IS NOT NULL AND seq < 20')",
        write + "sql = replace(sql, 'WHERE unit IS NOT NULL', 'WHERE unit IS NULL')",
        write + "sql = replace(sql, 'TEXT', 'INTEGER') WHERE name = " + quoted,
        write + "sql = replace(sql, 'NOT NULL', '') WHERE name = " + quoted,
        write + "rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'step') WHERE name = " + quoted,
        write + "rootpage = rootpage + 1 WHERE name = 'visit_port'",
        write + "rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'label_visit') WHERE name = 'label_label'",
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = " + quoted,
        "PRAGMA user_version = " + std::to_string(chance(4)),
        "PRAGMA application_id = " + std::to_string(chance(3)),
        "REINDEX",
        "ANALYZE",
        "VACUUM"};
    const std::string sql = any(edits);
    shell(sql);
    return sql;
  }

  std::string change_chain() {
    const std::vector<std::string> edits{
        "UPDATE chain SET installation = randomblob(16) WHERE chain = 1",
        "UPDATE chain SET start_seq = 3, start_hash = randomblob(32) WHERE chain = 2",
        "UPDATE chain SET start_seq = 7, start_hash = (SELECT hash FROM visit WHERE chain = 1 LIMIT 1) WHERE chain = 1",
        "DELETE FROM chain WHERE chain = 2",
        "INSERT INTO chain (chain, installation) VALUES (9, randomblob(16))",
        "UPDATE chain SET chain = 7 WHERE chain = 2",
        "UPDATE visit SET chain = 7 WHERE chain = 2",
        "UPDATE event SET chain = 3 - chain",
        "UPDATE excerpt SET statement = replace(statement, 'rows: 1 ', 'rows: 2 ')",
        "UPDATE excerpt SET statement = replace(statement, 'a', 'b')",
        "UPDATE excerpt SET statement = statement || char(10)",
        "UPDATE excerpt SET signature = replace(signature, 'A', 'B')",
        "UPDATE excerpt SET signature = signature || char(10)",
        "UPDATE excerpt SET chain = 3 - chain",
        "INSERT INTO excerpt SELECT * FROM excerpt",
        "INSERT INTO excerpt VALUES (1, 'flashline excerpt 1', '')",
        "DELETE FROM excerpt"};
    const std::string sql = any(edits);
    shell(sql);
    return sql;
  }

  // As a hex editor would.
  std::string change_bytes(const std::string& file) {
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    const auto size = static_cast<std::size_t>(fs::file_size(file));
    const std::size_t page = 4096, place = chance(chance(4) ? size : 100);
    const std::vector<std::size_t> lengths{1, 1, 1, 2, 4, 16, 200, page};
    const std::size_t count = std::min(any(lengths), size - place);
    std::string bytes(count, '\0');
    const std::size_t kind = chance(4);
    if (kind == 3) {  // from elsewhere in the file
      out.seekg(static_cast<std::streamoff>(chance(size - count + 1)));
      out.read(bytes.data(), static_cast<std::streamsize>(count));
    }
    if (kind == 0 || kind == 1) {
      out.seekg(static_cast<std::streamoff>(place));
      out.read(bytes.data(), static_cast<std::streamsize>(count));
      for (char& c : bytes) c = kind == 0 ? static_cast<char>(c ^ (1 << chance(8))) : static_cast<char>(chance(256));
    }
    out.seekp(static_cast<std::streamoff>(place));
    out.write(bytes.data(), static_cast<std::streamsize>(count));
    return std::to_string(count) + " bytes at " + std::to_string(place) + " of " + file + ", kind " +
           std::to_string(kind);
  }

  // Every hash of a chain, as somebody does who has read db/chain.h.
  void make_chain_anew(std::int64_t chain) {
    SQLite::Database file(copy_, SQLite::OPEN_READWRITE);
    const std::string before = triggers("'DROP TRIGGER ' || name"), after = triggers("sql");
    file.exec("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN;" + before);
    Sha256 previous = genesis(anchors_[static_cast<std::size_t>(chain) - 1].installation);
    RowHasher hasher;
    for (std::int64_t seq = 1;; ++seq) {
      const std::optional<LastRow> found = find_row(file, chain, seq);
      if (!found) break;
      StoredRows row(file, found->table, chain, seq);
      row.next();
      previous = row.computed_hash(hasher, previous, seq);
      SQLite::Statement update(file, "UPDATE " + std::string(found->table) + " SET hash = ?" + at(chain, seq));
      update.bind(1, previous.data(), static_cast<int>(previous.size()));
      update.exec();
    }
    file.exec(after + "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  }

  std::string resize() {
    const std::uintmax_t size = chance(2) ? chance(bytes_) : bytes_ - 4096 * (1 + chance(8));
    fs::resize_file(copy_, size);
    return "cut to " + std::to_string(size) + " bytes";
  }

  // ---- what must be found

  std::int64_t end_of(std::int64_t chain) const {
    return anchors_[static_cast<std::size_t>(chain - first_chain_)].head.seq;
  }

  struct Found {
    bool sound = true;
    std::string said;
    std::map<std::int64_t, std::int64_t> first;  // wrong row of each chain, if only rows are wrong
    bool beside = false;                         // something is wrong that is no row
  };

  Found verify() const {
    Found found;
    try {
      const Verification result = verify_chain(copy_, anchors_);
      found.sound = result.sound();
      for (const std::string& problem : result.file_problems) found.said += problem + "; ";
      found.beside = !result.file_problems.empty() || result.chains.size() != anchors_.size();
      for (std::size_t i = 0; i < result.chains.size(); ++i) {
        const auto& problem = result.chains[i].problem;
        if (problem) found.first[static_cast<std::int64_t>(i) + first_chain_] = problem->seq;
        if (problem) found.said += problem->text + "; ";
      }
      for (const auto& [anchor, check] : result.anchors) {
        if (check == AnchorCheck::cut_off) found.said += "cut off; ";
      }
    } catch (const Error& error) {
      return {false, error.what(), {}, true};
    }
    return found;
  }

  // The first place of each chain whose rows are not those that were written; nothing if rows cannot be read at all.
  std::optional<std::map<std::int64_t, std::int64_t>> first_changes() const {
    std::map<std::int64_t, std::int64_t> first;
    try {
      const Dump now = dump_of(copy_);
      if (now.beside != before_.beside) return std::nullopt;
      std::set<std::pair<std::int64_t, std::int64_t>> places;
      for (const auto& [place, row] : before_.rows) places.insert(place);
      for (const auto& [place, row] : now.rows) places.insert(place);
      const auto rows = [](const Dump& dump, const auto& place) {
        const auto there = dump.rows.find(place);
        return there == dump.rows.end() ? std::multiset<std::string>() : there->second;
      };
      for (const auto& place : places) {
        if (rows(before_, place) != rows(now, place)) first.emplace(place.first, place.second);
      }
    } catch (const std::exception&) {
      return std::nullopt;
    }
    return first;
  }

  void judge(const std::string& edit) {
    // First the auditor, who leaves the file as it is; a reader may bring a -wal into it.
    const Found found = verify();
    const bool changed = answers(copy_) != answers_;
    const auto first = first_changes();
    const bool rows_changed = !first || !first->empty();
    ++made_;
    harmless_ += !changed && !rows_changed;
    if (changed || rows_changed) {
      EXPECT_FALSE(found.sound) << edit;
      EXPECT_FALSE(found.said.empty() && found.first.empty()) << "not located: " << edit;
    } else if (edit.starts_with("UPDATE") || edit.starts_with("INSERT")) {
      EXPECT_TRUE(found.sound) << "nothing was changed by " << edit << ": " << found.said;
    }
    // Each row that is wrong is named, unless the file around it does not stand.
    if (!first || found.beside) return;
    for (const auto& [chain, seq] : *first) {
      const auto named = found.first.find(chain);
      const bool cut = found.said.find("cut off") != std::string::npos;
      if (cut && named == found.first.end()) continue;
      ASSERT_TRUE(named != found.first.end()) << edit << ": " << found.said;
      // Of a row far behind the end, what lies between is what is not there; if it may be left out, it is that row.
      if (found.said.find("is of no excerpt") != std::string::npos) {
        EXPECT_EQ(named->second, seq) << edit << ": " << found.said;
      } else {
        EXPECT_EQ(named->second, std::min(seq, end_of(chain) + 1)) << edit << ": " << found.said;
      }
    }
  }

  // ---- all of it

  void edit_at_random() {
    const std::vector<std::function<std::string()>> edits{
        [this] { return change_value(); },      [this] { return change_value(); },
        [this] { return change_value(); },      [this] { return remove_rows(); },
        [this] { return insert_row(); },        [this] { return exchange_rows(); },
        [this] { return change_schema(); },     [this] { return change_chain(); },
        [this] { return change_bytes(copy_); }, [this] { return change_bytes(copy_); },
        [this] { return change_bytes(copy_); }, [this] { return resize(); }};
    const int count = setting("FLASHLINE_TAMPERS", 300);
    for (int i = 0; i < count && !HasFatalFailure(); ++i) {
      fresh_copy();
      const std::string edit = edits[static_cast<std::size_t>(i) % edits.size()]();
      judge(edit);
    }
    std::cout << made_ << " edits, of which " << harmless_ << " changed nothing that anybody can ask\n";
    EXPECT_LT(harmless_, made_ * 2 / 3) << "the edits are to hurt";
  }

  sample::Folder folder_;
  std::string path_ = folder_.file(), copy_ = folder_.file("copy.db");
  UuidGenerator uuids_;
  std::mt19937 random_{static_cast<std::mt19937::result_type>(setting("FLASHLINE_SEED", 20261122))};
  std::vector<Anchor> anchors_;
  std::int64_t first_chain_ = 1;
  Dump before_;
  std::string answers_;
  std::size_t bytes_ = 0;
  int made_ = 0, harmless_ = 0;
};

TEST_F(Tamper, EveryEditThatChangesAnAnswerIsFoundAndLocated) {
  edit_at_random();
}

// The order that is half of one station's rows, as a file for somebody else.
TEST_F(Tamper, EveryEditOfAnExportThatChangesAnAnswerIsFoundAndLocated) {
  const std::string all = std::exchange(path_, folder_.file("export.db"));
  const ExportedJob exported = export_job(all, "J-7", path_, StationKey::load(all + ".key"));
  ASSERT_LT(exported.rows, exported.of_rows);
  first_chain_ = 2;
  begin();
  edit_at_random();
}

// Rows that are on disk in the -wal only: a change of that changes the record.
TEST_F(Tamper, AWalThatIsChangedOrGoneIsFound) {
  const std::string base = folder_.file("base.db");
  {
    SQLite::Database keeps_the_wal(path_);
    keeps_the_wal.execAndGet("SELECT count(*) FROM chain");
    Store store(path_, "line-3", sample::run(251), uuids_);
    store.append(sample::visit(240));
    fs::copy_file(path_, base);
    fs::copy_file(path_ + "-wal", base + "-wal");
  }
  anchors_.clear();
  for (const ChainVerification& chain : verify_chain(path_).chains)
    anchors_.push_back({chain.installation, chain.last});
  before_ = dump_of(path_);
  answers_ = answers(path_);
  path_ = base;
  const int count = setting("FLASHLINE_TAMPERS", 300) / 10;
  for (int i = 0; i < count; ++i) {
    fresh_copy();
    fs::copy_file(base + "-wal", copy_ + "-wal");
    std::string edit = "the -wal is gone";
    if (i % 10 == 1) {
      edit = "the -wal is cut";
      fs::resize_file(copy_ + "-wal", chance(fs::file_size(copy_ + "-wal")));
    } else if (i % 10 == 0) {
      fs::remove(copy_ + "-wal");
    } else {
      edit = change_bytes(copy_ + "-wal");
    }
    judge(edit);
  }
  EXPECT_LT(harmless_, made_ * 2 / 3) << "the edits are to hurt";
}

// An attacker who holds the file and knows the format, but has no way to what is kept elsewhere.
TEST_F(Tamper, AChainThatWasMadeAnewIsFoundByTheAnchorOnly) {
  const int count = setting("FLASHLINE_TAMPERS", 300) / 10;
  int forged = 0;
  for (int i = 0; i < count; ++i) {
    fresh_copy();
    const std::string edit = change_value();
    make_chain_anew(1);
    make_chain_anew(2);
    if (answers(copy_) == answers_) continue;
    const Verification alone = verify_chain(copy_);
    const Verification against = verify_chain(copy_, anchors_);
    EXPECT_FALSE(against.sound()) << edit;
    forged += alone.sound();
  }
  EXPECT_GT(forged, count / 10) << "these were good forgeries";
}

}  // namespace
}  // namespace db
