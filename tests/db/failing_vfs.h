// SQLite's file system with a disk behind it that fails: SQLite's default one, and the n-th operation that would change
// the disk is refused. Registered as the default while it lives, so that every database opened here has it. One at a
// time in a process; any thread may use what is open.
#pragma once

#include <cstdint>
#include <memory>

namespace db {

class FailingVfs {
 public:
  FailingVfs();
  // The old default is the default again. REQUIRES: what was opened through this one is closed.
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  enum class Times { once, for_ever };
  // `code`: what SQLite is told, SQLITE_FULL for one. Counts again from 1; 0: nothing fails.
  void fail_at(std::uint64_t operation, int code, Times times);
  // Operations so far that change the disk: writes, syncs, truncations, deletions, new files, growing shared memory.
  std::uint64_t operations() const;
  bool has_failed() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace db
