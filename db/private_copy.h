// A foreign file, as it was at one moment, where nobody else can change it: what is verified is what is taken over.
// Beside the database that takes it, because there it needs its room anyway. Inside db only. Errors: db::Error.
#pragma once

#include <string>

namespace db {

class PrivateCopy {
 public:
  // Refuses a file whose parts do not fit together: without its -wal, or with a journal that SQLite would apply.
  PrivateCopy(const std::string& source, const std::string& beside);
  ~PrivateCopy();  // removes it
  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;

  const std::string& path() const { return path_; }

 private:
  void remove() const;

  std::string path_;
};

}  // namespace db
