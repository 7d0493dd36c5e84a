#include "db/verify.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <oneapi/tbb/task_group.h>

#include "db/beginnings.h"
#include "db/chain_walk.h"
#include "db/connection.h"
#include "db/own_chain.h"
#include "db/record_clock.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/signature.h"
#include "db/stored_row.h"
#include "db/unsettled.h"
#include "db/wary.h"
#include "db/writer_lock.h"

namespace db {

namespace {

void check_file(SQLite::Database& database, std::vector<std::string>& problems) {
  SQLite::Statement integrity(database, "PRAGMA integrity_check(5)");
  while (integrity.executeStep()) {
    const std::string line = integrity.getColumn(0).getString();
    if (line == "ok") continue;
    // "row 3 missing from index x", "wrong # of entries in index x"
    const bool index = line.find(" index ") != std::string::npos;
    problems.push_back("SQLite finds the file damaged: " + line +
                       (index ? ". An index follows from the rows: `flashline db rebuild` makes it again." : ""));
  }
}

void check_schema(SQLite::Database& database, std::vector<std::string>& problems) {
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version < 1 || schema_of(database) != schema_as_made(version)) {
    problems.emplace_back("The tables, indexes or triggers of the file are not as this program makes them.");
  }
}

void check_strays(SQLite::Database& database, std::vector<std::string>& problems) {
  std::vector<std::string_view> tables(chained_tables(database).begin(), chained_tables(database).end());
  if (database.tableExists("excerpt")) tables.emplace_back("excerpt");
  for (const std::string_view table : tables) {
    const std::string name(table);
    std::int64_t count = 0;
    for (const std::int64_t chain : chains_in(database, name)) {
      SQLite::Statement strays(
          database, "SELECT count(*) FROM " + name + " WHERE chain = ?1 AND ?1 NOT IN (SELECT chain FROM chain)");
      strays.bind(1, chain);
      strays.executeStep();
      count += strays.getColumn(0).getInt64();
    }
    if (count > 0) problems.push_back(std::to_string(count) + " rows of table " + name + " belong to no station.");
  }
}

// Else its first rows were cut off, and the place where it begins was made to fit.
void check_beginnings(SQLite::Database& database, std::vector<std::string>& problems) {
  const Beginnings found = read_beginnings(database);
  problems.insert(problems.end(), found.problems.begin(), found.problems.end());
  if (!found.goes_on) return;
  SQLite::Statement dangling(database, "SELECT count(*) FROM pragma_foreign_key_check");
  dangling.executeStep();
  const std::int64_t count = dangling.getColumn(0).getInt64();
  if (count == 0) return;
  problems.push_back(std::to_string(count) + " rows speak of rows that are not there. Rows were cut off.");
}

// The table is derived: it must say what the rows of the chain say.
void check_unsettled(SQLite::Database& database, std::vector<std::string>& problems) {
  if (!has_unsettled(database) || read_unsettled(database) == derive_unsettled(database)) return;
  problems.emplace_back(
      "The table of unsettled attempts is not what follows from this station's rows. It is no evidence: the rows "
      "themselves are checked apart from it. `flashline db rebuild` computes it again.");
}

bool names_key(SQLite::Database& database, std::int64_t chain, const std::string& public_key) {
  SQLite::Statement query(database, "SELECT 1 FROM station_key WHERE chain = ? AND public_key = ?");
  query.bind(1, chain);
  query.bind(2, public_key);
  return query.executeStep();
}

// Empty if the station that wrote the rows signed it, as far as the rows themselves can tell.
std::string problem_of(SQLite::Database& database, std::int64_t chain, const Uuid& installation,
                       const SignedExcerpt& excerpt) {
  if (!excerpt.says) return "An excerpt is not of this program's form.";
  const Excerpt& says = *excerpt.says;
  const std::string name = "The excerpt of order " + says.order;
  if (chain == kOwnChain) return name + " says that rows of this station's own record are elsewhere.";
  if (says.installation != installation || says.start != start_of(database, chain, installation)) {
    return name + " is of another station's record than the rows it came with.";
  }
  const auto key = parse_public_key(says.public_key);
  if (!key || !names_key(database, chain, says.public_key)) {
    return name + " is signed by a key that its station's rows do not name.";
  }
  const bool good = check_signature(excerpt.statement, excerpt.signature, *key) == SignatureCheck::good &&
                    is_as_written(excerpt.signature);
  return good ? std::string() : name + " is not as the station signed it.";
}

void check_excerpts(SQLite::Database& database, std::int64_t chain, const Uuid& installation,
                    std::vector<std::string>& problems) {
  const std::vector<SignedExcerpt> excerpts = excerpts_of(database, chain);
  for (const SignedExcerpt& excerpt : excerpts) {
    const std::string problem = problem_of(database, chain, installation, excerpt);
    if (!problem.empty()) problems.push_back(problem);
  }
  if (std::ranges::adjacent_find(excerpts, {}, &SignedExcerpt::statement) != excerpts.end()) {
    problems.emplace_back("An excerpt is there twice.");
  }
}

constexpr std::size_t most_remarks = 20;

void remark(ChainVerification& result, Event event) {
  if (result.remarks.size() < most_remarks) {
    result.remarks.push_back(std::move(event));
  } else {
    ++result.more_remarks;
  }
}

// A new key is on record like the first one, and vouches for nothing that the earlier one signed.
void read_keys(SQLite::Database& database, std::int64_t chain, ChainVerification& result) {
  if (!database.tableExists("station_key")) return;  // of an older schema
  SQLite::Statement query(database, "SELECT seq, at, public_key FROM station_key WHERE chain = ? ORDER BY seq");
  query.bind(1, chain);
  std::string before;
  while (query.executeStep()) {
    RowReader row(query);
    const std::int64_t seq = row.integer();
    Event event;
    event.at = row.time();
    event.kind = "key-changed";
    const std::string key = row.text();
    event.text = "From row " + std::to_string(seq) + " on the station signs with the key " + key +
                 ". What was signed before is checked with the old public key, " + before + ".";
    if (!before.empty() && before != key) remark(result, std::move(event));
    before = key;
  }
}

void read_remarks(SQLite::Database& database, std::int64_t chain, ChainVerification& result) {
  if (!database.tableExists("event")) return;  // of an older schema
  SQLite::Statement query(database, "SELECT at, kind, about, text FROM event WHERE chain = ? ORDER BY seq");
  query.bind(1, chain);
  while (query.executeStep()) {
    RowReader row(query);
    Event event;
    event.at = row.time();
    event.kind = row.text();
    const bool about_the_file = event.kind == "restored" || event.kind == "rebuilt" || event.kind == "rows-missing";
    if (!about_the_file && !is_about_the_clock(event.kind)) continue;
    event.about = row.text();
    event.text = row.text();
    remark(result, std::move(event));
  }
}

void check_chains(SQLite::Database& database, const OpenAnother& open, Verification& result) {
  SQLite::Statement chains(database,
                           "SELECT chain, installation, (SELECT name FROM station WHERE station.chain = chain.chain "
                           "ORDER BY seq DESC LIMIT 1) FROM chain ORDER BY chain");
  while (chains.executeStep()) {
    RowReader row(chains);
    const std::int64_t chain = row.integer();
    const Uuid installation = row.uuid();
    const std::string station = row.text();
    result.chains.push_back(walk_chain(database, chain, installation, result.anchors, {}, open));
    result.chains.back().station = station;
    read_keys(database, chain, result.chains.back());
    read_remarks(database, chain, result.chains.back());
    check_excerpts(database, chain, installation, result.file_problems);
  }
  if (result.chains.empty()) result.file_problems.emplace_back("The file names no station.");
}

// A problem that keeps one check from running must not keep the others from speaking.
template <typename Check>
void attempt_check(std::vector<std::string>& problems, Check check) {
  try {
    check();
  } catch (const SQLite::Exception& exception) {
    problems.push_back(std::string("SQLite cannot read the file: ") + exception.what());
  }
}

// A small file is verified before other threads have opened it.
bool is_large(SQLite::Database& database) {
  constexpr std::int64_t large = 8 << 20;
  return database.execAndGet("PRAGMA page_count").getInt64() * database.execAndGet("PRAGMA page_size").getInt64() >=
         large;
}

// A check that needs nothing of the others: beside them, on a connection of its own, or afterwards without `open`.
class Beside {
 public:
  using Check = void (*)(SQLite::Database&, std::vector<std::string>&);

  Beside(Check check, const OpenAnother& open) : check_(check) {
    if (!open) return;
    task_.run([this, &open] {
      try {
        SQLite::Database database = open();
        attempt_check(problems_, [&] {
          const SQLite::Transaction one_state(database);
          check_(database, problems_);
        });
        done_ = true;
      } catch (const Error&) {  // it refuses what the caller's connection takes
      }
    });
  }
  ~Beside() { task_.wait(); }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  const std::vector<std::string>& finish(SQLite::Database& database) {
    task_.wait();
    if (!std::exchange(done_, true)) attempt_check(problems_, [&] { check_(database, problems_); });
    return problems_;
  }

 private:
  Check check_;
  tbb::task_group task_;
  std::vector<std::string> problems_;
  bool done_ = false;
};

bool own_chain_is_sound(SQLite::Database& database, const Verification& result) {
  const std::optional<Uuid> own = own_installation(database);
  return std::ranges::none_of(result.chains, [&](const ChainVerification& chain) {
    return chain.installation == own && chain.problem.has_value();
  });
}

Verification verify_with(const std::string& path, Snapshot snapshot, const std::vector<Anchor>& anchors) {
  SQLite::Database database = open_for_reading(path, snapshot, Tables::any_kind);
  Verification result;
  for (const Anchor& anchor : anchors) result.anchors.emplace_back(anchor, AnchorCheck::not_here);
  return translated(path, [&] {
    const SQLite::Transaction one_state(database);
    std::vector<std::string>& problems = result.file_problems;
    attempt_check(problems, [&] { check_schema(database, problems); });
    // A view in the place of a table could return rows without end.
    bool readable = false;
    attempt_check(problems, [&] { readable = has_tables_as_made(database); });
    if (!readable) return std::move(result);
    const OpenAnother open = is_large(database) ? [&] { return open_for_reading(path, snapshot); } : OpenAnother();
    Beside file(check_file, open), unsettled(check_unsettled, open);
    const auto before = static_cast<std::ptrdiff_t>(problems.size());
    attempt_check(problems, [&] { check_strays(database, problems); });
    attempt_check(problems, [&] { check_beginnings(database, problems); });
    attempt_check(problems, [&] { check_chains(database, open, result); });
    const std::vector<std::string>& of_file = file.finish(database);
    problems.insert(problems.begin() + before, of_file.begin(), of_file.end());
    // It follows from rows that must be as they were written.
    const std::vector<std::string>& of_unsettled = unsettled.finish(database);
    if (own_chain_is_sound(database, result)) problems.insert(problems.end(), of_unsettled.begin(), of_unsettled.end());
    return std::move(result);
  });
}

}  // namespace

std::string_view to_string(Damage damage) {
  switch (damage) {
    case Damage::changed:
      return "changed";
    case Damage::missing:
      return "missing";
    case Damage::inserted:
      return "inserted";
    case Damage::out_of_order:
      return "out of order";
  }
  return {};
}

bool Verification::sound() const {
  const auto holds = [](const auto& anchor) { return anchor.second == AnchorCheck::holds; };
  return file_problems.empty() && !wal_missing && std::ranges::all_of(anchors, holds) &&
         std::ranges::none_of(chains, [](const ChainVerification& chain) { return chain.problem.has_value(); });
}

Verification verify_chain(const std::string& path, const std::vector<Anchor>& anchors) {
  const std::string file = canonical_path(path);
  const auto has_wal = [&] { return std::filesystem::exists(file + "-wal"); };
  // SQLite makes the two together and removes the -shm first.
  const bool wal_missing = std::filesystem::exists(file + "-shm") && !has_wal();
  // A copy, or a database at rest: read it without leaving -wal and -shm beside it.
  const bool at_rest = !has_wal() && !run_of_live_writer(file);
  Verification result = verify_with(file, at_rest ? Snapshot::untouched : Snapshot::live, anchors);
  // A writer that began meanwhile may have changed pages under that reading.
  if (at_rest && has_wal()) result = verify_with(file, Snapshot::live, anchors);
  result.wal_missing = wal_missing;
  if (std::error_code none; std::filesystem::file_size(file + "-journal", none) > 0 && !none) {
    result.file_problems.push_back("There is a file " + file +
                                   "-journal, by which SQLite would change the record when it is opened next. "
                                   "Flashline makes none.");
  }
  return result;
}

}  // namespace db
