#include "db/care.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <SQLiteCpp/Backup.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "db/connection.h"
#include "db/image_store.h"
#include "db/reader.h"
#include "db/record_writer.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/signature.h"
#include "db/stored_row.h"
#include "db/verify.h"
#include "db/writer_lock.h"

namespace db {

namespace {

namespace fs = std::filesystem;

Error cannot(const std::string& what, const std::string& why) {
  return {Trouble::cannot_write, what + ": " + why};
}

// Also what SQLite would take for a part of the new file: the -wal of a database that was there once would be read into
// it.
void refuse_existing(const std::string& to) {
  for (const char* suffix : {"", "-wal", "-journal"}) {
    if (fs::exists(to + suffix)) throw cannot(to + suffix + " exists", "it is left alone. Name another file.");
  }
}

void sync_folder_of(const std::string& path) {
  const std::string folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

void take_name(const std::string& part, const std::string& to) {
  if (std::rename(part.c_str(), to.c_str()) != 0) throw cannot(to + " cannot be made", std::strerror(errno));
  sync_folder_of(to);
}

// ---- merge

// The other file, attached as `other` for as long as this lives.
class Attached {
 public:
  Attached(SQLite::Database& database, const std::string& path) : database_(database) {
    SQLite::Statement attach(database_, "ATTACH DATABASE ? AS other");
    attach.bind(1, path);
    attach.exec();
  }
  ~Attached() {
    try {
      database_.exec("DETACH DATABASE other");
    } catch (const SQLite::Exception&) {  // closed with the database
    }
  }

 private:
  SQLite::Database& database_;
};

std::string columns_of_other(SQLite::Database& database, std::string_view table) {
  SQLite::Statement query(database,
                          "SELECT name FROM pragma_table_info(?, 'other') WHERE name <> 'chain' ORDER BY cid");
  query.bind(1, std::string(table));
  std::string columns;
  while (query.executeStep()) columns += (columns.empty() ? "" : ", ") + query.getColumn(0).getString();
  return columns;
}

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

// With the start of the other, which is where an archived record ended.
std::int64_t new_chain(SQLite::Database& database, std::int64_t from, bool has_start) {
  const std::int64_t number =
      database.execAndGet("SELECT max(coalesce(max(chain), 0), " + std::to_string(kOwnChain) + ") + 1 FROM main.chain")
          .getInt64();
  SQLite::Statement insert(database, std::string("INSERT INTO main.chain SELECT ?1, installation, ") +
                                         (has_start ? "start_seq, start_hash" : "NULL, NULL") +
                                         " FROM other.chain WHERE chain = ?2");
  insert.bind(1, number);
  insert.bind(2, from);
  insert.exec();
  return number;
}

std::optional<Sha256> hash_at(SQLite::Database& database, const char* schema, std::int64_t chain, std::int64_t seq) {
  for (const std::string_view table : kChainedTables) {
    SQLite::Statement exists(database, std::string("SELECT 1 FROM ") + schema + ".sqlite_schema WHERE name = ?");
    exists.bind(1, std::string(table));
    if (!exists.executeStep()) continue;
    SQLite::Statement query(database, std::string("SELECT hash FROM ") + schema + "." + std::string(table) +
                                          " WHERE chain = ? AND seq = ?");
    query.bind(1, chain);
    query.bind(2, seq);
    if (query.executeStep()) return RowReader(query).sha256();
  }
  return std::nullopt;
}

std::int64_t copy_rows(SQLite::Database& database, const OtherChain& from, std::int64_t to, std::int64_t after) {
  std::int64_t added = 0;
  for (const std::string_view table : kChainedTables) {
    const std::string columns = columns_of_other(database, table);
    if (columns.empty()) continue;  // of an older schema
    const std::string name(table);
    SQLite::Statement copy(database, "INSERT INTO main." + name + " (chain, " + columns + ") SELECT ?1, " + columns +
                                         " FROM other." + name + " WHERE chain = ?2 AND seq > ?3 ORDER BY seq");
    copy.bind(1, to);
    copy.bind(2, from.number);
    copy.bind(3, after);
    added += copy.exec();
  }
  return added;
}

Head end_of(SQLite::Database& database, std::int64_t chain, const Uuid& installation) {
  const Head last = last_row(database, chain).head;
  return last.seq > 0 ? last : start_of(database, chain, installation);
}

MergedChain merge_chain(SQLite::Database& database, const std::string& source, const OtherChain& other,
                        const Verification& verified) {
  MergedChain merged;
  merged.installation = other.installation;
  Head began, end;
  for (const ChainVerification& chain : verified.chains) {
    if (chain.installation != other.installation) continue;
    merged.station = chain.station;
    began = chain.start;
    end = chain.last;
  }
  const bool has_start = columns_of_other(database, "chain").find("start_seq") != std::string::npos;
  const std::optional<std::int64_t> known = chain_here(database, other.installation);
  const std::int64_t chain = known ? *known : new_chain(database, other.number, has_start);
  const Head here = known ? end_of(database, chain, other.installation) : Head{};
  if (known) {
    if (began != start_of(database, chain, other.installation)) {
      throw Error(Trouble::refused,
                  source + " and what is here are two parts of the record of station " + merged.station +
                      ", with an archiving between them. Merge each part into a database of its own.");
    }
    const std::int64_t common = std::min(here.seq, end.seq);
    const bool rows = common > began.seq;
    const auto ours = rows ? hash_at(database, "main", chain, common) : began.hash;
    const auto theirs = rows ? hash_at(database, "other", other.number, common) : began.hash;
    if (ours != theirs) {
      throw Error(Trouble::refused, source + " holds another history of station " + merged.station +
                                        " than is here: row " + std::to_string(common) +
                                        " differs. One of the two was made anew or restored; nothing was taken over.");
    }
  }
  merged.added = copy_rows(database, other, chain, here.seq);
  return merged;
}

void merge_source(SQLite::Database& database, const std::string& source, std::vector<MergedChain>& merged) {
  const Verification verified = verify_chain(source);
  if (!verified.sound()) {
    throw Error(Trouble::damaged, source +
                                      " does not verify, so nothing of it was taken over. `flashline audit verify "
                                      "--db " +
                                      source + "` says why.");
  }
  translated(source, [&] {
    const Attached attached(database, source);
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec("PRAGMA defer_foreign_keys = ON");
    for (const OtherChain& other : chains_of_other(database)) {
      merged.push_back(merge_chain(database, source, other, verified));
    }
    transaction.commit();
  });
}

// ---- archive

void refuse_open_orders(const std::string& path) {
  for (const Job& job : Reader(path).jobs()) {
    if (job.closed) continue;
    throw Error(Trouble::refused, "Order " + job.opened.order +
                                      " is open, and would be cut in two. Close it with "
                                      "`flashline job close` first.");
  }
}

// Everything in the one file, and nobody else in it.
void settle(const std::string& path) {
  {
    SQLite::Database database = open_for_writing(path);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  if (fs::exists(path + "-wal")) {
    throw Error(Trouble::in_use, "Another program reads " + path + ". Close it and try again.");
  }
}

// A record that begins where another one ended.
void begin_after(const std::string& path, const Head& head, const Uuid& installation, const std::string& station,
                 const std::string& public_key, const Run& run, UuidGenerator& uuids) {
  fs::remove(path);
  translated(path, [&] {
    SQLite::Database database = open_for_writing(path);
    migrate(database, path);
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(database, "INSERT INTO chain VALUES (?, ?, ?, ?)");
    insert.bind(1, kOwnChain);
    insert.bind(2, installation.bytes.data(), static_cast<int>(installation.bytes.size()));
    insert.bind(3, head.seq);
    insert.bind(4, head.hash.data(), static_cast<int>(head.hash.size()));
    insert.exec();
    RecordWriter writer(database, kOwnChain, head, run.id, uuids);
    writer.write_station(run.at, installation, station);
    writer.write_key(run.at, public_key);
    writer.write_run(run);
    transaction.commit();
  });
  settle(path);
}

}  // namespace

void back_up(const std::string& path, const std::string& to) {
  refuse_existing(to);
  const std::string part = to + ".part";
  translated(path, [&] {
    SQLite::Database source = open_for_reading(canonical_path(path));
    fs::remove(part);
    SQLite::Database copy(part, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup(copy, source).executeStep();
  });
  settle(part);
  take_name(part, to);
}

std::vector<MergedChain> merge(const std::string& path, const std::vector<std::string>& sources, UuidGenerator& uuids) {
  const std::string file = canonical_path(path);
  for (const std::string& source : sources) {
    if (!fs::exists(source)) throw Error(Trouble::missing, "There is no database at " + source + ".");
    if (canonical_path(source) == file) throw Error(Trouble::refused, source + " cannot be merged into itself.");
  }
  prepare_folder(file);
  const WriterLock lock(file, uuids.next());
  SQLite::Database database = open_for_writing(file);
  translated(file, [&] { migrate(database, file); });
  std::vector<MergedChain> merged;
  for (const std::string& source : sources) {
    merge_source(database, source, merged);
    ImageStore(file).take_over(ImageStore(source));
  }
  return merged;
}

Head archive(const std::string& path, const std::string& to, const std::string& station, Run run,
             UuidGenerator& uuids) {
  const std::string file = canonical_path(path), next = file + ".next";
  if (!fs::exists(file)) throw Error(Trouble::missing, "There is no database at " + file + ".");
  refuse_existing(to);
  const WriterLock lock(file, run.id);
  translated(file, [&] {
    SQLite::Database database = open_for_writing(file);
    migrate(database, file);
  });
  refuse_open_orders(file);
  settle(file);
  const Verification verified = verify_chain(file);
  if (!verified.sound()) {
    throw Error(Trouble::damaged, file + " does not verify; it stays as it is. `flashline audit verify` says why.");
  }
  const ChainVerification& own = verified.chains.front();
  run.sqlite = sqlite3_libversion();
  begin_after(next, own.last, own.installation, station,
              to_string(StationKey::load_or_make(file + ".key").public_key()), run, uuids);
  ImageStore(to).take_over(ImageStore(file));
  // Until the new file takes the name, the old one has it: whenever the power goes, one of the two is the record.
  std::error_code failure;
  fs::create_hard_link(file, to, failure);
  if (failure) {
    fs::copy_file(file, to + ".part");
    take_name(to + ".part", to);
  }
  take_name(next, file);
  return own.last;
}

}  // namespace db
