// The one exception of db: a plain sentence for a person, and the kind of error. Nothing of SQLite leaves the
// folder. Thrown by constructors, Store::append and Reader; the code that opens the record catches it in one place.
#pragma once

#include <stdexcept>
#include <string>

namespace db {

enum class Trouble {
  in_use,         // another writer holds the database
  missing,        // no such file
  cannot_open,    // folder or file: permission, not a folder, not creatable
  not_flashline,  // not a database, or of another program
  newer_schema,   // written by a newer version of this program
  damaged,        // SQLite or the hash chain finds it broken
  exists,         // a file that would be made new is there
  cannot_create,  // a file that would be made new cannot be: no such folder, permission
  cannot_write,   // disk full, read-only, I/O error
  moved,          // the file that is written is no longer the file of that name
  refused,        // the rows break a rule of the schema: a second verdict, an attempt without its visit
};

class Error : public std::runtime_error {
 public:
  Error(Trouble trouble, const std::string& sentence) : std::runtime_error(sentence), trouble_(trouble) {}

  Trouble trouble() const { return trouble_; }

 private:
  Trouble trouble_;
};

}  // namespace db
