// One writer per database: a lock on the file `<database>.lock`, which also says who holds it (process and run). The
// lock ends with the process, however it ends; the file stays. Linux open-file-description locks: a reader in the same
// process cannot drop them by accident.
//
// The file also says how far its writer got. SQLite reads a -wal up to the first frame that is damaged and is silent
// about what follows, so that after a crash a damaged -wal takes rows away and leaves a chain that holds. The next
// writer compares. The note is written after each commit and not synced: after a loss of power it may be behind the
// record, and is never ahead of one whose disk keeps what it has synced. Inside db only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "db/chain.h"
#include "db/uuid.h"

namespace db {

class WriterLock {
 public:
  // Throws Error when another writer holds it, with its process number.
  WriterLock(const std::string& database_path, const Uuid& run);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  // The end of this station's chain, as the writer before this one noted it; nothing: it did not.
  struct Noted {
    std::int64_t seq = 0;
    std::string hash;  // in hexadecimal digits
  };
  const std::optional<Noted>& earlier() const { return earlier_; }
  // For the next one. What cannot be written is left out: the rows are committed all the same.
  void note(const Head& head) const;

 private:
  int file_ = -1;
  std::int64_t note_at_ = 0;
  std::optional<Noted> earlier_;
};

// What the last writer noted. While one writes, it may be ahead of what a reader sees.
std::optional<WriterLock::Noted> noted_by_last_writer(const std::string& database_path);

// The run whose program holds the database for writing now, if any does. Takes no lock itself.
std::optional<Uuid> run_of_live_writer(const std::string& database_path);

}  // namespace db
