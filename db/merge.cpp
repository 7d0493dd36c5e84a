// Takes over other stations' rows, whole chains or excerpts of them: merge() and import_job() of db/care.h.
#include <algorithm>
#include <filesystem>
#include <limits>

#include "db/attached.h"
#include "db/care.h"
#include "db/chain_walk.h"
#include "db/connection.h"
#include "db/image_store.h"
#include "db/private_copy.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/stored_row.h"
#include "db/verify.h"
#include "db/writer_lock.h"

namespace db {

namespace {

struct OtherChain {
  std::int64_t number = 0;
  Uuid installation;
};

std::vector<OtherChain> chains_of_other(SQLite::Database& database) {
  std::vector<OtherChain> chains;
  SQLite::Statement query(database, "SELECT chain, installation FROM other.chain ORDER BY installation");
  while (query.executeStep()) {
    RowReader row(query);
    OtherChain chain;
    chain.number = row.integer();
    chain.installation = row.uuid();
    chains.push_back(chain);
  }
  return chains;
}

std::optional<std::int64_t> chain_here(SQLite::Database& database, const Uuid& installation) {
  SQLite::Statement query(database, "SELECT chain FROM main.chain WHERE installation = ?");
  query.bind(1, installation.bytes.data(), static_cast<int>(installation.bytes.size()));
  if (!query.executeStep()) return std::nullopt;
  return query.getColumn(0).getInt64();
}

std::int64_t new_chain(SQLite::Database& database, std::int64_t from) {
  const std::int64_t number =
      database.execAndGet("SELECT max(coalesce(max(chain), 0), " + std::to_string(kOwnChain) + ") + 1 FROM main.chain")
          .getInt64();
  take_over_chain(database, from, number);
  return number;
}

// One station's rows in the other file and, so far as there are any, here.
class StationMerge {
 public:
  StationMerge(SQLite::Database& database, const std::string& source, const OtherChain& other,
               const ChainVerification& theirs)
      : database_(database), source_(source), from_(other.number), theirs_(theirs) {
    const std::optional<std::int64_t> known = chain_here(database, other.installation);
    to_ = known ? *known : new_chain(database, other.number);
    if (theirs.start != start_of(database, to_, other.installation)) {
      throw Error(Trouble::refused,
                  source + " and what is here are two parts of the record of station " + theirs.station +
                      ", with an archiving between them. Merge each part into a database of its own.");
    }
  }

  MergedChain run() {
    const bool whole = theirs_.excerpts.empty() && excerpts_of(database_, to_).empty();
    MergedChain merged;
    merged.installation = theirs_.installation;
    merged.station = theirs_.station;
    merged.added = whole ? add_end() : add_between();
    refuse_own_rows(merged.added);
    for (const ExcerptVerification& excerpt : theirs_.excerpts) merged.orders.push_back(excerpt.says.order);
    return merged;
  }

 private:
  // A row of which there are two versions; `theirs` is nothing where only this file has it.
  struct Difference {
    std::int64_t seq = std::numeric_limits<std::int64_t>::max();
    Sha256 here{};
    std::optional<Sha256> theirs{};
  };

  Error another_history(const Difference& difference) const {
    return {Trouble::refused,
            source_ + " holds another history of station " + theirs_.station + " than is here: row " +
                std::to_string(difference.seq) + " is " + hex(difference.here) + " here, and " +
                (difference.theirs ? hex(*difference.theirs) + " there" : "missing there") +
                ". One of the two was started again from nothing, or restored from a backup. Nothing was taken over."};
  }

  // Anybody can compute rows with right hashes: a chain does not say who wrote it.
  void refuse_own_rows(std::int64_t added) const {
    if (to_ != kOwnChain || added == 0) return;
    throw Error(Trouble::refused,
                source_ + " holds " + std::to_string(added) + " rows of this station's own record that are not here" +
                    ", up to row " + std::to_string(theirs_.last.seq) + " " + hex(theirs_.last.hash) +
                    ". A merge takes over rows of other stations only; nothing was taken over. If the file is a " +
                    "backup of this station, use `flashline db restore`.");
  }

  // Both are chains from their start without gaps: where the shorter one ends, they must be the same.
  std::int64_t add_end() {
    const std::int64_t here = std::max(last_row(database_, to_).head.seq, theirs_.start.seq);
    const std::int64_t common = std::min(here, theirs_.last.seq);
    if (common > theirs_.start.seq && first_difference("AND here.seq = " + std::to_string(common), true)) {
      throw another_history(first_difference("AND here.seq <= " + std::to_string(common), true).value());
    }
    return copy_rows("AND theirs.seq > " + std::to_string(here));
  }

  // Either is an excerpt, or several: whatever is here twice must be the same, and what comes of it must be sound.
  std::int64_t add_between() {
    AnchorChecks none;
    const std::int64_t whole = std::max(walk_chain(database_, to_, theirs_.installation, none).whole, theirs_.whole);
    if (const auto difference = first_difference("", false)) throw another_history(*difference);
    const std::int64_t added = copy_rows("");
    if (to_ != kOwnChain) copy_excerpts(whole);
    const ChainVerification after = walk_chain(database_, to_, theirs_.installation, none);
    if (after.problem) {
      throw Error(Trouble::refused, source_ + " does not go together with what is here of station " + theirs_.station +
                                        ": " + after.problem->text + " Nothing was taken over.");
    }
    return added;
  }

  // Over all tables. `all`: also a row that is here only is a difference.
  std::optional<Difference> first_difference(const std::string& which, bool all) {
    Difference first;
    for (const std::string_view table : kChainedTables) {
      const std::string name(table);
      if (columns_of_other(database_, table).empty()) continue;
      SQLite::Statement query(database_, "SELECT here.seq, here.hash, theirs.hash FROM main." + name + " here " +
                                             (all ? "LEFT " : "") + "JOIN other." + name +
                                             " theirs ON theirs.chain = ?2 AND theirs.seq = here.seq"
                                             " WHERE here.chain = ?1 AND theirs.hash IS NOT here.hash " +
                                             which + " ORDER BY here.seq LIMIT 1");
      query.bind(1, to_);
      query.bind(2, from_);
      if (!query.executeStep() || query.getColumn(0).getInt64() >= first.seq) continue;
      RowReader row(query);
      first.seq = row.integer();
      first.here = row.sha256();
      first.theirs = row.maybe_sha256();
    }
    if (first.seq == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return first;
  }

  // Those that are not here yet.
  std::int64_t copy_rows(const std::string& which) {
    std::int64_t added = 0;
    for (const std::string_view table : kChainedTables) {
      const std::string columns = columns_of_other(database_, table);
      if (columns.empty()) continue;  // of an older schema
      const std::string name(table);
      SQLite::Statement copy(database_, "INSERT INTO main." + name + " (chain, " + columns + ") SELECT ?1, " + columns +
                                            " FROM other." + name + " theirs WHERE chain = ?2 " + which +
                                            " AND NOT EXISTS (SELECT 1 FROM main." + name +
                                            " here WHERE here.chain = ?1 AND here.seq = theirs.seq) ORDER BY seq");
      copy.bind(1, to_);
      copy.bind(2, from_);
      added += copy.exec();
    }
    return added;
  }

  void copy_excerpts(std::int64_t whole) {
    if (!columns_of_other(database_, "excerpt").empty()) {
      SQLite::Statement copy(database_,
                             "INSERT INTO main.excerpt SELECT ?1, statement, signature FROM other.excerpt WHERE chain "
                             "= ?2 AND statement NOT IN (SELECT statement FROM main.excerpt WHERE chain = ?1)");
      copy.bind(1, to_);
      copy.bind(2, from_);
      copy.exec();
    }
    const std::vector<SignedExcerpt> all = excerpts_of(database_, to_);
    for (const SignedExcerpt& excerpt : all) {
      const bool replaced = std::ranges::any_of(all, [&](const SignedExcerpt& one) { return replaces(one, excerpt); });
      if (!excerpt.says || (!replaced && excerpt.says->ranges.back().last.seq > whole)) continue;
      SQLite::Statement drop(database_, "DELETE FROM main.excerpt WHERE chain = ? AND statement = ?");
      drop.bind(1, to_);
      drop.bind(2, excerpt.statement);
      drop.exec();
    }
  }

  // A later excerpt of the same order, which has what the earlier one had.
  static bool replaces(const SignedExcerpt& later, const SignedExcerpt& earlier) {
    if (!later.says || !earlier.says || later.says->order != earlier.says->order) return false;
    const bool is_later =
        std::pair(later.says->head.seq, later.statement) > std::pair(earlier.says->head.seq, earlier.statement);
    return is_later && covers(*later.says, *earlier.says);
  }

  SQLite::Database& database_;
  const std::string& source_;
  std::int64_t from_;
  std::int64_t to_ = 0;
  const ChainVerification& theirs_;
};

// In words; REQUIRES: it is not sound.
std::string first_problem(const Verification& verified) {
  for (const ChainVerification& chain : verified.chains) {
    if (chain.problem) return chain.problem->text;
  }
  if (!verified.file_problems.empty()) return verified.file_problems.front();
  return "It was copied without its -wal.";
}

// `copy` is what was taken of it.
Verification verified_source(const std::string& source, const PrivateCopy& copy) {
  Verification verified = verify_chain(copy.path());
  if (verified.sound()) return verified;
  throw Error(Trouble::damaged, source + " does not verify, so nothing of it was taken over. " +
                                    first_problem(verified) + " `flashline audit verify --db " + source +
                                    "` says more.");
}

void merge_source(SQLite::Database& database, const std::string& source, const PrivateCopy& copy,
                  const Verification& verified, std::vector<MergedChain>& merged) {
  translated(source, [&] {
    const Attached attached(database, copy.path());
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    for (const OtherChain& other : chains_of_other(database)) {
      const auto theirs = std::ranges::find(verified.chains, other.installation, &ChainVerification::installation);
      if (theirs == verified.chains.end()) continue;  // came since it was verified
      merged.push_back(StationMerge(database, source, other, *theirs).run());
    }
    transaction.commit();
  });
}

// Rows of an excerpt may name rows that it leaves out; that all of a source belongs together says its chain.
SQLite::Database open_for_merging(const std::string& file) {
  SQLite::Database database = open_for_writing(file);
  translated(file, [&] {
    migrate(database, file);
    database.exec("PRAGMA foreign_keys = OFF");
  });
  return database;
}

// A database that this program makes is removed again where nothing came into it: an empty one would be taken for a
// record. REQUIRES: the writer's lock is held, and every connection to the file ends before this.
class NewUntilKept {
 public:
  explicit NewUntilKept(std::string file) : file_(std::move(file)), keep_(std::filesystem::exists(file_)) {}
  ~NewUntilKept() {
    if (keep_) return;
    std::error_code none;
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file_ + suffix, none);
  }
  NewUntilKept(const NewUntilKept&) = delete;
  NewUntilKept& operator=(const NewUntilKept&) = delete;

  void keep() { keep_ = true; }

 private:
  const std::string file_;
  bool keep_;
};

void refuse_unfit(const std::string& source, const std::string& file) {
  if (!std::filesystem::exists(source)) throw Error(Trouble::missing, "There is no database at " + source + ".");
  if (canonical_path(source) == file) throw Error(Trouble::refused, source + " cannot be merged into itself.");
}

}  // namespace

std::vector<MergedChain> merge(const std::string& path, const std::vector<std::string>& sources, UuidGenerator& uuids) {
  const std::string file = canonical_path(path);
  for (const std::string& source : sources) refuse_unfit(source, file);
  prepare_folder(file);
  std::optional<WriterLock> lock;
  if (std::filesystem::exists(file)) lock.emplace(file, uuids.next());
  std::vector<MergedChain> merged;
  for (const std::string& source : sources) {
    const PrivateCopy copy(source, file);
    const Verification verified = verified_source(source, copy);
    if (!lock) lock.emplace(file, uuids.next());
    NewUntilKept target(file);
    SQLite::Database database = open_for_merging(file);
    merge_source(database, source, copy, verified, merged);
    target.keep();
    ImageStore(file).take_over(ImageStore(source));
  }
  return merged;
}

std::vector<MergedChain> import_job(const std::string& path, const std::string& source, UuidGenerator& uuids) {
  return std::get<std::vector<MergedChain>>(
      import_job(path, source, uuids, [](const Verification&) { return std::string(); }));
}

std::variant<std::vector<MergedChain>, std::string> import_job(const std::string& path, const std::string& source,
                                                               UuidGenerator& uuids, const ProblemOf& problem_of) {
  const std::string file = canonical_path(path);
  refuse_unfit(source, file);
  prepare_folder(file);
  const PrivateCopy copy(source, file);
  const Verification verified = verified_source(source, copy);
  for (const ChainVerification& chain : verified.chains) {
    if (chain.excerpts.empty()) {
      throw Error(Trouble::refused,
                  source + " is not an export of an order. Whole databases are taken over by `db merge`.");
    }
    if (chain.whole > 0) {
      throw Error(Trouble::refused, source + " was changed since it was exported: row " + std::to_string(chain.whole) +
                                        " is none of those that the station signed. Nothing was taken over.");
    }
  }
  if (std::string problem = problem_of(verified); !problem.empty()) return problem;
  const WriterLock lock(file, uuids.next());
  NewUntilKept target(file);
  SQLite::Database database = open_for_merging(file);
  std::vector<MergedChain> merged;
  merge_source(database, source, copy, verified, merged);
  target.keep();
  return merged;
}

}  // namespace db
