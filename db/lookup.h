// Single questions before something is added to the record: which visit is meant, is this label free. Each is answered
// from an index, in well under a millisecond however long the record is, so that the recorder may ask. Sees what was
// committed when the call began; this station's own rows only. Read-only; one thread. Errors: db::Error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/values.h"

namespace db {

struct KnownVisit {
  VisitStarted visit;
  std::optional<Uuid> attempt;  // its last
  std::string unit;             // id that was read last; empty: none
  std::string label;            // that holds; empty: none
};

class Lookup {
 public:
  explicit Lookup(const std::string& path);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  std::optional<KnownVisit> visit(const Uuid& visit);
  std::optional<KnownVisit> visit_of(const Uuid& attempt);
  // Of the last unit there.
  std::optional<KnownVisit> last_in(const std::string& slot_or_port);
  // Of the unit with this chip or device id.
  std::optional<KnownVisit> last_of(const std::string& unit);
  // Every visit whose label this is; the last one first. More than one only for the same unit.
  std::vector<KnownVisit> labelled(const std::string& label);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace db
